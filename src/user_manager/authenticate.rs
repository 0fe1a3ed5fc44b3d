//! The token check, which every other request of a product pays.

use std::sync::Arc;

use super::error::fails;
use super::{Failure, UserManager};
use crate::domain::account::Account;

/// Why a request is nobody's.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticateError {
    /// Malformed, forged, expired, or dead: the account is gone, closed, or has moved on.
    #[error("the token is not valid")]
    InvalidToken,
    /// The database could not say; never taken for a yes.
    #[error(transparent)]
    Failed(Failure),
}
fails!(AuthenticateError);

impl UserManager {
    /// The account that the token speaks for, as it is now.
    pub async fn authenticate(&self, token: &str) -> Result<Arc<Account>, AuthenticateError> {
        let counted = &self.0.metrics.token_checks;
        let Ok(subject) = self.0.tokens.verify(token, self.now()) else {
            counted.invalid.inc();
            return Err(AuthenticateError::InvalidToken);
        };
        let account = self.0.loader.load(subject.account).await;
        let account = account.inspect_err(|_| counted.failed.inc())?;
        let account = account.filter(|account| {
            account.token_version == subject.version && account.disabled_at.is_none()
        });
        let result = if account.is_some() {
            &counted.valid
        } else {
            &counted.dead
        };
        result.inc();
        account.ok_or(AuthenticateError::InvalidToken)
    }
}
