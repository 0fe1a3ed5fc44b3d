//! What can fail in every operation, beside what each can be refused for.

use std::time::Duration;

use crate::security::hash_pool::HashPoolError;
use crate::store::StoreError;

/// The operation could not be done; nobody is to blame who asked for it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Failure {
    /// The database is away or did not answer in time.
    #[error("{0}")]
    Unavailable(StoreError),
    /// Too many passwords wait to be hashed; it is worth another try after this time.
    #[error("too many passwords are waiting to be hashed")]
    Overloaded(Duration),
    /// A fault of ours.
    #[error("{0}")]
    Internal(String),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) | StoreError::TimedOut | StoreError::Contended(_) => {
                Self::Unavailable(error)
            }
            StoreError::Internal(_) => Self::Internal(error.to_string()),
        }
    }
}

impl From<HashPoolError> for Failure {
    fn from(error: HashPoolError) -> Self {
        match error {
            HashPoolError::Overloaded(retry_after) => Self::Overloaded(retry_after),
            HashPoolError::Hash(_) | HashPoolError::Worker => Self::Internal(error.to_string()),
        }
    }
}

impl From<jsonwebtoken::errors::Error> for Failure {
    fn from(error: jsonwebtoken::errors::Error) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<tokio::task::JoinError> for Failure {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::Internal(error.to_string())
    }
}

/// Lets `?` turn what can fail into an operation's own error.
macro_rules! fails {
    ($error:ty) => {
        impl<E: Into<$crate::user_manager::Failure>> From<E> for $error {
            fn from(failed: E) -> Self {
                Self::Failed(failed.into())
            }
        }
    };
}
pub(super) use fails;
