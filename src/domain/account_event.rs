//! What happens to accounts, for the audit trail: what, by whom, and where from.

use std::net::IpAddr;

/// What happened; its word is what the database stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// The account was made.
    Registered,
    /// The account was taken over from elsewhere, with its password hash.
    Imported,
    /// Somebody tried to register the address once more, and its owner was told by mail.
    RegisteredAgain,
    /// A right password, and a token for it.
    Login,
    /// A right password, and no token: the account is disabled, or its address not confirmed.
    LoginRefused,
    /// A wrong password.
    LoginFailed,
    /// A wrong current password where a new one was to be set.
    PasswordChangeFailed,
    /// The address takes no password for a while: after too many wrong ones, or by an operator.
    Locked,
    /// The address takes passwords again.
    Unlocked,
    /// Too many wrong passwords came from a known device; it is a stranger from now on.
    DeviceRevoked,
    /// A new password by who knew the old one; every token is dead.
    PasswordChanged,
    /// A new password by who has the mailbox; every token is dead, the address unlocked.
    PasswordReset,
    /// Somebody asked for a mail to choose a new password, and it was granted.
    ResetRequested,
    /// Somebody asked for the confirmation mail again, and it was granted.
    ConfirmationRequested,
    /// The mailbox was proven.
    Confirmed,
    /// Closed; every token is dead.
    Disabled,
    /// Opened again.
    Enabled,
    /// Every token is dead.
    TokensRevoked,
    /// The account is gone.
    Deleted,
}

/// Who did it, as far as that is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// Whoever knows the password or has the mailbox.
    Owner,
    /// Somebody with the command line.
    Operator,
    /// Nobody knows.
    Anonymous,
}

/// Where something that is done to an account comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A request over HTTP.
    Request {
        /// The peer, or whom a trusted proxy names. Personal data.
        address: IpAddr,
        /// The same as in the log and in the answer.
        id: String,
    },
    /// The command line.
    Operator,
}

impl EventKind {
    /// All of them, for the tests.
    pub const ALL: [Self; 19] = [
        Self::Registered,
        Self::Imported,
        Self::RegisteredAgain,
        Self::Login,
        Self::LoginRefused,
        Self::LoginFailed,
        Self::PasswordChangeFailed,
        Self::Locked,
        Self::Unlocked,
        Self::DeviceRevoked,
        Self::PasswordChanged,
        Self::PasswordReset,
        Self::ResetRequested,
        Self::ConfirmationRequested,
        Self::Confirmed,
        Self::Disabled,
        Self::Enabled,
        Self::TokensRevoked,
        Self::Deleted,
    ];

    /// The word in the database and in the export.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Imported => "imported",
            Self::RegisteredAgain => "registered_again",
            Self::Login => "login",
            Self::LoginRefused => "login_refused",
            Self::LoginFailed => "login_failed",
            Self::PasswordChangeFailed => "password_change_failed",
            Self::Locked => "locked",
            Self::Unlocked => "unlocked",
            Self::DeviceRevoked => "device_revoked",
            Self::PasswordChanged => "password_changed",
            Self::PasswordReset => "password_reset",
            Self::ResetRequested => "reset_requested",
            Self::ConfirmationRequested => "confirmation_requested",
            Self::Confirmed => "confirmed",
            Self::Disabled => "disabled",
            Self::Enabled => "enabled",
            Self::TokensRevoked => "tokens_revoked",
            Self::Deleted => "deleted",
        }
    }

    /// Who it was, when it comes from there.
    #[must_use]
    pub fn actor(self, source: &Source) -> Actor {
        match (source, self) {
            (Source::Operator, _) => Actor::Operator,
            (
                Source::Request { .. },
                Self::Login
                | Self::LoginRefused
                | Self::PasswordChanged
                | Self::PasswordReset
                | Self::Confirmed,
            ) => Actor::Owner,
            (Source::Request { .. }, _) => Actor::Anonymous,
        }
    }
}

impl Actor {
    /// The word in the database and in the export.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Operator => "operator",
            Self::Anonymous => "anonymous",
        }
    }
}

impl Source {
    /// The network address, where there is one.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Request { address, .. } => Some(*address),
            Self::Operator => None,
        }
    }

    /// The request's id, where there is one.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Request { id, .. } => Some(id),
            Self::Operator => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_kind_has_a_word_of_its_own() {
        let words: BTreeSet<_> = EventKind::ALL.iter().map(|kind| kind.as_str()).collect();
        assert_eq!(words.len(), EventKind::ALL.len());
    }

    #[test]
    fn nobody_is_taken_for_the_owner_without_a_proof() {
        let request = Source::Request {
            address: [127, 0, 0, 1].into(),
            id: "1".to_owned(),
        };
        for kind in EventKind::ALL {
            assert_eq!(kind.actor(&Source::Operator), Actor::Operator);
        }
        assert_eq!(EventKind::Login.actor(&request), Actor::Owner);
        assert_eq!(EventKind::LoginFailed.actor(&request), Actor::Anonymous);
        assert_eq!(EventKind::ResetRequested.actor(&request), Actor::Anonymous);
    }
}
