//! Mails that anybody can cause, and so only a few in an hour.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Failure, UserManager};
use crate::domain::account_event::{EventKind, Source};
use crate::domain::email::EmailKey;
use crate::domain::mail_kind::MailKind;
use crate::store::{Conn, StoreError, transaction};

/// The length of the window in which mails are counted.
pub(crate) const QUOTA_WINDOW: TimeDelta = TimeDelta::hours(1);

impl UserManager {
    /// Puts a mail into the outbox unless the address got enough of its kind, then it is false.
    /// What happens does not depend on whether the address has an account.
    pub(super) async fn request_mail(
        &self,
        conn: &mut Conn<'_>,
        kind: MailKind,
        key: &EmailKey,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let allowed = self.count_mail(conn, kind, key, now).await?;
        if allowed {
            conn.enqueue_mail(kind, key.as_str(), now).await?;
        }
        Ok(allowed)
    }

    /// Counts a mail of this kind; false when the address got enough.
    pub(super) async fn count_mail(
        &self,
        conn: &mut Conn<'_>,
        kind: MailKind,
        key: &EmailKey,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let Some(most) = self.0.rules.mails_per_hour else {
            return Ok(true);
        };
        let window_start = now - QUOTA_WINDOW;
        conn.take_mail_quota(key, kind, most, window_start, now)
            .await
    }

    /// The same in a transaction of its own, with an event for each mail.
    pub(super) async fn request_one_mail(
        &self,
        kind: MailKind,
        key: &EmailKey,
        event: EventKind,
        source: &Source,
    ) -> Result<(), Failure> {
        let now = self.now();
        transaction!(self.0.store, conn => {
            if self.request_mail(conn, kind, key, now).await? {
                conn.record_event_for(event, key, source, now).await?;
            }
            Ok(())
        })?;
        self.0.outbox.notify_one();
        Ok(())
    }
}
