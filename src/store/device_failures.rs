//! Wrong passwords from known devices; they leave the address's own count alone.

use chrono::{DateTime, Utc};

use super::{Conn, StoreError, execute, fetch};
use crate::domain::device::{Device, DeviceId};

/// $1 device, $2 account. The token version tells whether the account is as it was.
const READ: &str = "SELECT (SELECT failures FROM device_failures WHERE device_id = $1),
        (SELECT token_version FROM users WHERE id = $2)";
/// $1 device, $2 when its newest token expires at the latest, $3 failures with which a device is no longer known. One
/// that is not known any more stays as it is.
const COUNT: &str = "INSERT INTO device_failures (device_id, failures, expires_at)
    VALUES ($1, 1, $2)
    ON CONFLICT (device_id) DO UPDATE SET
        failures = device_failures.failures + 1,
        expires_at = CASE WHEN device_failures.expires_at > excluded.expires_at
            THEN device_failures.expires_at ELSE excluded.expires_at END
    WHERE device_failures.failures < $3
    RETURNING failures";
const CLEAR: &str = "DELETE FROM device_failures WHERE device_id = $1 AND failures < $2";
/// The condition stands twice: a failure may have been counted since the look.
const FORGET: &str = "DELETE FROM device_failures WHERE device_id IN (
        SELECT device_id FROM device_failures WHERE expires_at <= $1 LIMIT $2)
    AND expires_at <= $1";

impl Conn<'_> {
    /// Wrong passwords of a device since its last right one; `None` when what its token says
    /// of the account holds no more.
    pub async fn device_failures(&mut self, device: &Device) -> Result<Option<i32>, StoreError> {
        let row: (Option<i32>, Option<i64>) =
            fetch!(self, fetch_one, READ, device.id, device.account)?;
        let (failures, version) = row;
        Ok((version == Some(device.version)).then_some(failures.unwrap_or(0)))
    }

    /// Counts one wrong password; how many there are now, or `None` when the device is no longer
    /// known, because it has `most`.
    pub async fn count_device_failure(
        &mut self,
        id: DeviceId,
        expires_at: DateTime<Utc>,
        most: i32,
    ) -> Result<Option<i32>, StoreError> {
        let row: Option<(i32,)> = fetch!(self, fetch_optional, COUNT, id, expires_at, most)?;
        Ok(row.map(|(failures,)| failures))
    }

    /// Ends the count after a right password, unless there were `most` failures meanwhile.
    pub async fn clear_device_failures(
        &mut self,
        id: DeviceId,
        most: i32,
    ) -> Result<(), StoreError> {
        execute!(self, CLEAR, id, most).map(drop)
    }

    /// Removes at most `limit` counts of devices whose token has expired; how many there were.
    pub async fn forget_device_failures(
        &mut self,
        now: DateTime<Utc>,
        limit: i64,
    ) -> Result<u64, StoreError> {
        execute!(self, FORGET, now, limit)
    }
}
