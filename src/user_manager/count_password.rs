//! What a right or a wrong password leaves behind: the counts, and the audit trail.

use super::prove_password::{Aim, Attempt, Known};
use super::{Failure, UserManager};
use crate::domain::account::Account;
use crate::domain::account_event::EventKind;
use crate::domain::mail_kind::MailKind;
use crate::store::{LoginFailures, transaction, write_once};

impl UserManager {
    /// Ends the count after a right password. What others tried does not end with the success of
    /// a known device: they would have new guesses after each login of the owner.
    ///
    /// Something is always written before the answer. So while the database can be read and not
    /// written, a right password is answered as a wrong one is, which cannot be counted then.
    pub(super) async fn note_success(
        &self,
        attempt: &Attempt,
        account: &Account,
        known: Option<Known>,
        counted: Option<LoginFailures>,
    ) -> Result<(), Failure> {
        let (now, most) = (self.now(), self.0.rules.lockout.failures);
        let event = match attempt.aim {
            Aim::Login if self.refuses(account).is_some() => Some(EventKind::LoginRefused),
            Aim::Login => Some(EventKind::Login),
            Aim::ChangePassword => None,
        };
        let is_counted = match known {
            Some(known) => known.failures > 0,
            None => counted.is_some(),
        };
        let (id, source) = (account.id, &attempt.source);
        match event {
            Some(kind) if !is_counted => {
                write_once!(self.0.store, conn => conn.record_event(kind, id, source, now).await)?;
            }
            event => transaction!(self.0.store, conn => {
                match known {
                    Some(known) => conn.clear_device_failures(known.device.id, most).await?,
                    None => conn.clear_login_failures(&attempt.key, now).await?,
                }
                match event {
                    Some(kind) => conn.record_event(kind, id, source, now).await,
                    None => Ok(()),
                }
            })?,
        }
        Ok(())
    }

    /// Counts a wrong password, and tells the owner when it was the one that locks. All of it
    /// happens whether or not there is an account. That of a known device is counted on its own,
    /// unless it has ceased to be known meanwhile.
    pub(super) async fn count_failure(
        &self,
        attempt: &Attempt,
        known: Option<Known>,
    ) -> Result<(), Failure> {
        let (now, policy) = (self.now(), &self.0.rules.lockout);
        let (key, source) = (&attempt.key, &attempt.source);
        let failed = match attempt.aim {
            Aim::Login => EventKind::LoginFailed,
            Aim::ChangePassword => EventKind::PasswordChangeFailed,
        };
        // No token of the device that there is by now is valid longer.
        let forgotten_at = now + self.0.devices.lifetime();
        let (locks, estranged) = transaction!(self.0.store, conn => {
            if let Some(Known { device, .. }) = known {
                let counted = conn.count_device_failure(device.id, forgotten_at, policy.failures);
                if let Some(failures) = counted.await? {
                    conn.record_event_for(failed, key, source, now).await?;
                    let estranged = failures >= policy.failures;
                    if estranged {
                        let kind = EventKind::DeviceRevoked;
                        conn.record_event_for(kind, key, source, now).await?;
                    }
                    return Ok((false, estranged));
                }
            }
            let counted = conn.count_login_failure(key, policy, now).await?;
            let locks = counted.is_some_and(|counted| counted.locked_until.is_some());
            conn.record_event_for(failed, key, source, now).await?;
            if locks {
                conn.record_event_for(EventKind::Locked, key, source, now).await?;
                self.request_mail(conn, MailKind::AccountLocked, key, now).await?;
            }
            Ok((locks, false))
        })?;
        if estranged {
            tracing::warn!("a device is no longer known after too many wrong passwords");
        }
        if locks {
            self.0.metrics.lockouts.inc();
            tracing::warn!("an address was locked after too many wrong passwords");
            self.0.outbox.notify_one();
        }
        Ok(())
    }
}
