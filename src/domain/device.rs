//! A device that its owner logged in from before (OWASP, "Slow Down Online Guessing Attacks with
//! Device Cookies").

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// The number of a device; not a secret.
pub type DeviceId = Uuid;

/// A device that showed a token of ours for the address that it wants to use.
///
/// Whether it is still known is for the store to say: too many wrong passwords end that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device {
    pub id: DeviceId,
    /// The token that it showed is not valid from this moment on.
    pub expires_at: DateTime<Utc>,
}
