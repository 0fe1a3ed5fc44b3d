//! A device that its owner logged in from before (OWASP, "Slow Down Online Guessing Attacks with
//! Device Cookies").

use uuid::Uuid;

use super::account::AccountId;

/// The number of a device; not a secret.
pub type DeviceId = Uuid;

/// A device that showed a token of ours for the address that it wants to use.
///
/// Whether it is still known is for the store to say: too many wrong passwords end that, and so
/// does whatever kills the account's access tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device {
    pub id: DeviceId,
    /// Whose the address was when the token was made.
    pub account: AccountId,
    /// The account's token version then.
    pub version: i64,
}
