//! Why a line cannot be used. Never with what is in it: lines hold hashes and addresses.

/// Why a line cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
pub enum Reason {
    #[error("longer than 64 KiB")]
    TooLong,
    #[error("not UTF-8")]
    NotUtf8,
    #[error("not a JSON object")]
    NotJson,
    #[error("the row has more or fewer columns than the header")]
    WrongColumns,
    #[error("{0} is there twice")]
    Twice(&'static str),
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("{0} has a value that cannot be understood")]
    WrongValue(&'static str),
    #[error("email is not an address that this service accepts")]
    InvalidEmail,
    #[error("password_hash is of no kind that is known")]
    UnknownHash,
    #[error("password_hash asks for more memory or time than is allowed")]
    ExpensiveHash,
    #[error("the address has an account already, maybe from an earlier line")]
    EmailTaken,
}

impl Reason {
    /// A word for programs; it never changes.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::NotUtf8 => "not_utf8",
            Self::NotJson => "not_json",
            Self::WrongColumns => "wrong_columns",
            Self::Twice(_) => "field_twice",
            Self::Missing(_) => "field_missing",
            Self::WrongValue(_) => "wrong_value",
            Self::InvalidEmail => "invalid_email",
            Self::UnknownHash => "unknown_hash",
            Self::ExpensiveHash => "expensive_hash",
            Self::EmailTaken => "email_taken",
        }
    }
}
