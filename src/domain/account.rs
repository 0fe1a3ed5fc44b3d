//! An account, as the rest of the service sees it.

use chrono::{DateTime, Utc};

/// The number of an account; positive, never used again.
pub type AccountId = i64;

/// What a token check needs to know of an account.
#[derive(Clone)]
pub struct Account {
    pub id: AccountId,
    /// The address as it was typed at registration.
    pub email: String,
    /// The canonical address.
    pub email_key: String,
    /// Raised by every password change, reset, revocation and disabling; tokens with an older
    /// version are dead.
    pub token_version: i64,
    /// When the mailbox was proven.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// When an operator closed the account.
    pub disabled_at: Option<DateTime<Utc>>,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account")
            .field("id", &self.id)
            .field("token_version", &self.token_version)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_shows_its_number_and_version_and_no_address() {
        let account = Account {
            id: 7,
            email: "canary@example.com".to_owned(),
            email_key: "canary@example.com".to_owned(),
            token_version: 3,
            confirmed_at: None,
            disabled_at: None,
        };
        let shown = format!("{account:?}");
        assert_eq!(shown, "Account { id: 7, token_version: 3, .. }");
    }
}
