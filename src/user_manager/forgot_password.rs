//! A mail with a link to choose a new password.

use super::{Failure, UserManager};
use crate::domain::account_event::{EventKind, Source};
use crate::domain::email::Email;
use crate::domain::mail_kind::MailKind;

impl UserManager {
    /// Asks for the mail. Whether there is an account is found out while sending, so neither the
    /// answer nor its time tells (SECURITY 34).
    pub async fn forgot_password(&self, email: &Email, source: &Source) -> Result<(), Failure> {
        let event = EventKind::ResetRequested;
        self.request_one_mail(MailKind::Reset, email.key(), event, source)
            .await
    }
}
