//! The mails that the service sends.

use super::one_time_token::Purpose;

/// Which mail; its word is what the outbox stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailKind {
    /// After a registration, with nothing to do.
    Welcome,
    /// After a registration, or asked for again: the link that proves the mailbox.
    Confirm,
    /// The link to choose a new password.
    Reset,
    /// The password was changed or reset.
    PasswordChanged,
    /// Too many wrong passwords: the account is locked for a while.
    AccountLocked,
    /// The same without a link, told after the password was changed.
    AccountWasLocked,
    /// Somebody tried to register an address that already has an account.
    AlreadyRegistered,
}

impl MailKind {
    /// All of them, for the outbox and the tests.
    pub const ALL: [Self; 7] = [
        Self::Welcome,
        Self::Confirm,
        Self::Reset,
        Self::PasswordChanged,
        Self::AccountLocked,
        Self::AccountWasLocked,
        Self::AlreadyRegistered,
    ];

    /// The word in the database and in the logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Welcome => "welcome",
            Self::Confirm => "confirm",
            Self::Reset => "reset",
            Self::PasswordChanged => "password_changed",
            Self::AccountLocked => "account_locked",
            Self::AccountWasLocked => "account_was_locked",
            Self::AlreadyRegistered => "already_registered",
        }
    }

    /// The kind with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// The one-time token that the mail carries.
    #[must_use]
    pub fn purpose(self) -> Option<Purpose> {
        match self {
            Self::Confirm => Some(Purpose::Confirm),
            // Who is locked out can get in again at once.
            Self::Reset | Self::AccountLocked => Some(Purpose::Reset),
            Self::Welcome
            | Self::PasswordChanged
            | Self::AccountWasLocked
            | Self::AlreadyRegistered => None,
        }
    }
}
