//! The one path on which a password is proven; whatever takes a password goes through here, so
//! the lockout cannot be walked around (SECURITY 12).

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::error::fails;
use super::{Failure, UserManager};
use crate::domain::account::Account;
use crate::domain::account_event::Source;
use crate::domain::device::{Device, DeviceId};
use crate::domain::email::EmailKey;
use crate::domain::lockout;
use crate::domain::password::{PasswordHash, PresentedPassword};
use crate::security::hash_pool::{HashFor, Slot};
use crate::security::password_hash::Verdict;
use crate::store::{Conn, LoginFailures, StoreError, read};
use crate::telemetry::carried;

/// What the password is to be proven for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aim {
    Login,
    /// Has an event of its own, when it is done.
    ChangePassword,
}

/// A password that somebody presents; `None` is one that is too long to be one.
#[derive(Clone)]
pub(super) struct Attempt {
    pub(super) aim: Aim,
    pub(super) key: EmailKey,
    pub(super) password: Option<PresentedPassword>,
    pub(super) device: Option<Device>,
    pub(super) source: Source,
}

/// The password was right.
pub(super) struct Proven {
    /// The account with the token version that goes with the password.
    pub(super) account: Account,
    pub(super) stored: PasswordHash,
    /// The stored hash should be replaced.
    pub(super) outdated: bool,
    /// The device that it was proven from, if it is a known one.
    pub(super) device: Option<DeviceId>,
    /// For another hash, so that nobody queues twice.
    pub(super) slot: Slot,
}

/// Why the password is not proven.
pub(super) enum Unproven {
    /// Wrong password, or no such account.
    Wrong,
    /// Not even looked at.
    Locked(Duration),
    Failed(Failure),
}
fails!(Unproven);

/// A device that is known, with its wrong passwords so far.
#[derive(Clone, Copy)]
pub(super) struct Known {
    pub(super) device: Device,
    pub(super) failures: i32,
}

impl UserManager {
    /// Compares the password with that of the account behind the address, unless it is locked;
    /// the lock does not touch a known device. A device that is not known any more goes back and
    /// queues as everybody does, since what it gets wrong counts as everybody's.
    pub(super) async fn prove_password(&self, mut attempt: Attempt) -> Result<Proven, Unproven> {
        loop {
            let as_stranger = Attempt {
                device: None,
                ..attempt.clone()
            };
            if let Some(proven) = self.prove_from_device(attempt).await? {
                return Ok(proven);
            }
            attempt = as_stranger;
        }
    }

    /// `None` when there is a device, and it is not known.
    async fn prove_from_device(&self, attempt: Attempt) -> Result<Option<Proven>, Unproven> {
        let (key, device) = (&attempt.key, attempt.device);
        let proof = device.map_or(HashFor::Proof, |device| HashFor::KnownDevice(device.id));
        // First of all: who is refused costs no statement.
        let ticket = self.0.hashes.enter(proof, key).await?;
        // Whoever has a slot already is looked at there. In a box, so that thousands who wait
        // are small.
        if ticket.waits() || attempt.password.is_none() {
            let failures = async {
                read!(self.0.store, conn => {
                    let known = self.known(conn, device).await?;
                    Ok((conn.login_failures(key).await?, known))
                })
            };
            let (failures, known) = Box::pin(failures).await?;
            if device.is_some() && known.is_none() {
                return Ok(None);
            }
            refuse_locked(failures, known, self.now())?;
        }
        // Longer than any password that can be stored: wrong, and not worth a hash.
        let Some(password) = attempt.password.clone() else {
            return Err(Unproven::Wrong);
        };
        let slot = ticket.slot().await?;
        // From here on it is counted, even if the client goes away: otherwise hanging up would
        // be a way to guess without being counted.
        let users = self.clone();
        let proof = async move { users.prove_in_slot(&attempt, &password, slot).await };
        tokio::spawn(carried(proof)).await?
    }

    async fn prove_in_slot(
        &self,
        attempt: &Attempt,
        password: &PresentedPassword,
        slot: Slot,
    ) -> Result<Option<Proven>, Unproven> {
        // Read again: others may have failed while this one waited for its slot.
        let (key, now) = (&attempt.key, self.now());
        let (known, read) = read!(self.0.store, conn => {
            let known = self.known(conn, attempt.device).await?;
            let lock_at = known.is_none().then_some(now);
            Ok((known, conn.credentials(key, lock_at).await?))
        })?;
        if attempt.device.is_some() && known.is_none() {
            return Ok(None);
        }
        // As of the same moment: the account of an address that was locked then was not read.
        refuse_locked(read.failures, known, now)?;
        let stored = read.account.as_ref().map(|(_, hash)| hash);
        let verdict = slot.verify(password, stored).await?;
        let (Verdict::Match { outdated }, Some((account, stored))) = (verdict, read.account) else {
            // The slot is kept until the failure is counted.
            self.count_failure(attempt, known).await?;
            return Err(Unproven::Wrong);
        };
        self.note_success(attempt, &account, known, read.failures)
            .await?;
        Ok(Some(Proven {
            account,
            stored,
            outdated,
            device: known.map(|known| known.device.id),
            slot,
        }))
    }

    /// The device, unless too many wrong passwords came from it.
    async fn known(
        &self,
        conn: &mut Conn<'_>,
        device: Option<Device>,
    ) -> Result<Option<Known>, StoreError> {
        let Some(device) = device else {
            return Ok(None);
        };
        let failures = conn.device_failures(&device).await?;
        let known = failures.filter(|failures| *failures < self.0.rules.lockout.failures);
        Ok(known.map(|failures| Known { device, failures }))
    }
}

/// A known device is kept out by an operator alone.
fn refuse_locked(
    failures: Option<LoginFailures>,
    known: Option<Known>,
    now: DateTime<Utc>,
) -> Result<(), Unproven> {
    let binding = failures.filter(|lock| known.is_none() || lock.failures == 0);
    let until = binding.and_then(|failures| failures.locked_until);
    match lockout::remaining(until, now) {
        Some(left) => Err(Unproven::Locked(left)),
        None => Ok(()),
    }
}
