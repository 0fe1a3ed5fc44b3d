//! The service layer: what can be done with accounts, without a word about HTTP.

mod admin;
mod admin_lists;
mod authenticate;
mod change_password;
mod confirm;
mod count_password;
mod error;
mod forgot_password;
mod login;
mod prove_password;
mod register;
mod request_mail;
mod reset_password;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::Notify;

pub use admin::{AdminError, LONGEST_LOCK, Which};
pub use admin_lists::AccountReport;
pub use authenticate::AuthenticateError;
pub use change_password::ChangePasswordError;
pub use confirm::ConfirmError;
pub use error::Failure;
pub use login::{LoggedIn, LoginError};
pub use register::{RegisterError, Registered};
pub use reset_password::ResetPasswordError;

use crate::clock::Clock;
use crate::domain::confirmation::ConfirmationRule;
use crate::domain::device::Device;
use crate::domain::email::EmailKey;
use crate::domain::language::Language;
use crate::domain::lockout::LockoutPolicy;
use crate::domain::password::PasswordPolicy;
use crate::metrics::UserMetrics;
use crate::security::access_token::AccessTokens;
use crate::security::device_token::DeviceTokens;
use crate::security::hash_pool::HashPool;
use crate::store::Store;
use crate::store::account_loader::AccountLoader;

/// Registers, logs in, authenticates, changes and recovers; cheap to clone.
#[derive(Debug, Clone)]
pub struct UserManager(Arc<Parts>);

/// What a [`UserManager`] is made of.
pub struct Parts {
    pub store: Store,
    pub loader: AccountLoader,
    pub hashes: HashPool,
    pub tokens: AccessTokens,
    pub devices: DeviceTokens,
    pub clock: Arc<dyn Clock>,
    /// Told when a mail was put into the outbox.
    pub outbox: Arc<Notify>,
    pub metrics: UserMetrics,
    pub rules: Rules,
    /// The languages that mails are written in.
    pub languages: Vec<Language>,
}

/// The rules in force.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    pub password: PasswordPolicy,
    pub lockout: LockoutPolicy,
    pub confirmation: ConfirmationRule,
    /// Mails of one kind to one address in an hour; `None` for any number.
    pub mails_per_hour: Option<i32>,
}

impl UserManager {
    /// Puts the parts together.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// The password policy in force.
    #[must_use]
    pub fn password_policy(&self) -> &PasswordPolicy {
        &self.0.rules.password
    }

    /// The language of mails that an `Accept-Language` header prefers; `None` for the default one.
    #[must_use]
    pub fn preferred_language(&self, header: &str) -> Option<Language> {
        Language::preferred(header, &self.0.languages).cloned()
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// [`Failure`] when it does not.
    pub async fn check_database(&self) -> Result<(), Failure> {
        Ok(self.0.store.ping().await?)
    }

    /// The device that shows this token, if it is one of ours for this address. Asks nobody.
    #[must_use]
    pub fn recognize(&self, device_token: &str, account: &EmailKey) -> Option<Device> {
        self.0.devices.recognize(device_token, account, self.now())
    }

    /// How long a device token is valid.
    #[must_use]
    pub fn device_lifetime(&self) -> Duration {
        self.0.devices.lifetime()
    }

    fn now(&self) -> DateTime<Utc> {
        self.0.clock.now()
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts")
            .field("rules", &self.rules)
            .finish_non_exhaustive()
    }
}
