//! How often somebody may ask: by where the request comes from, and by whose account it is about.
//!
//! A device that shows its token for the account has an allowance of its own instead: whatever
//! others do from the same network or to the same account, it is not kept waiting. Neither do
//! others who have a token for the account, such as one from before its owner chose a new password.

mod buckets;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use prometheus::IntCounter;

use self::buckets::{Buckets, Limiter};
use super::problem::Problem;
use crate::clock::Clock;
use crate::domain::device::{Device, DeviceId};
use crate::domain::email::EmailKey;
use crate::domain::rate::Rate;
use crate::metrics::LimitMetrics;

/// How much wider the limit of a source is for those who show a device token.
const KNOWN_SHARE: u32 = 10;

/// What can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// A password is to be proven: login, and the change of a password.
    Login,
    Create,
    Forgot,
    Resend,
    Confirm,
    Reset,
}

/// The rates of one action; `None` for no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rates {
    /// Of one source: an IPv4 address, or an IPv6 network of 64 bits, which is what one customer
    /// gets at least.
    pub per_source: Option<Rate>,
    /// Of one canonical address, whether or not it has an account. Where a mailed token is
    /// needed, only wrong ones count: otherwise anybody could keep the owner from a reset.
    pub per_account: Option<Rate>,
}

/// All limits in force.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LimitSettings {
    pub login: Rates,
    pub create: Rates,
    pub forgot: Rates,
    pub resend: Rates,
    pub confirm: Rates,
    pub reset: Rates,
    /// Wrong passwords from one source, whatever the accounts: one password tried on many.
    pub wrong_passwords: Option<Rate>,
    /// Sources, accounts and devices that are remembered at most.
    pub remembered: usize,
}

/// Counts and refuses; shared by all requests of an instance.
#[derive(Debug)]
pub struct Limits {
    login: Limiters,
    create: Limiters,
    forgot: Limiters,
    resend: Limiters,
    confirm: Limiters,
    reset: Limiters,
    wrong_passwords: Option<Limit>,
}

#[derive(Debug)]
struct Limiters {
    source: Option<Limit>,
    account: Option<Limit>,
    /// Instead, of those who show a device token. Anybody has one, for an account of their own,
    /// so sources have a limit here too; a wider one, since others behind it are known as well.
    known_source: Option<Limit>,
    device: Option<Limit>,
}

/// A limit, and the number of those whom it refused.
#[derive(Debug)]
struct Limit {
    limiter: Limiter,
    refused: IntCounter,
}

impl Limit {
    /// Turns a wait into an answer.
    fn answer(&self, taken: Result<(), Duration>) -> Result<(), Problem> {
        taken.map_err(|wait| {
            self.refused.inc();
            Problem::rate_limited(wait)
        })
    }
}

/// Whom a limit counts.
#[derive(Debug, Clone, Copy, Hash)]
enum Caller<'a> {
    Source(Source),
    Account(&'a EmailKey),
    Device(DeviceId),
}

/// Where a request comes from, as far as one customer of a network provider can choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Source {
    V4(u32),
    /// The upper 64 bits.
    V6(u64),
}

impl From<IpAddr> for Source {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address.to_bits()),
            // Half of the bits always fits.
            IpAddr::V6(address) => {
                Self::V6(u64::try_from(address.to_bits() >> 64).unwrap_or_default())
            }
        }
    }
}

impl Limits {
    /// Limits with nothing counted yet.
    #[must_use]
    pub fn new(settings: &LimitSettings, clock: &Arc<dyn Clock>, metrics: &LimitMetrics) -> Self {
        let buckets = Buckets::new(settings.remembered, clock);
        let limit = |rate: Option<Rate>, action, by| {
            rate.map(|rate| Limit {
                limiter: buckets.limiter(rate),
                refused: metrics.of(action, by),
            })
        };
        let limiters = |rates: Rates, action| {
            let known = rates.per_source.map(|rate| rate.times(KNOWN_SHARE));
            Limiters {
                source: limit(rates.per_source, action, "source"),
                account: limit(rates.per_account, action, "account"),
                known_source: limit(known, action, "source"),
                device: limit(rates.per_account, action, "device"),
            }
        };
        Self {
            login: limiters(settings.login, "login"),
            create: limiters(settings.create, "create"),
            forgot: limiters(settings.forgot, "forgot"),
            resend: limiters(settings.resend, "resend"),
            confirm: limiters(settings.confirm, "confirm"),
            reset: limiters(settings.reset, "reset"),
            wrong_passwords: limit(settings.wrong_passwords, "login", "wrong_passwords"),
        }
    }

    /// Takes one of the caller's allowance.
    ///
    /// # Errors
    /// The problem for the caller when there is none left; nothing was done then.
    pub fn take(
        &self,
        action: Action,
        source: IpAddr,
        account: &EmailKey,
        device: Option<&Device>,
    ) -> Result<(), Problem> {
        let limiters = self.of(action);
        let source = Caller::Source(source.into());
        if let Some(device) = device {
            take(limiters.known_source.as_ref(), source)?;
            return take(limiters.device.as_ref(), Caller::Device(device.id));
        }
        if action == Action::Login
            && let Some(limit) = &self.wrong_passwords
        {
            limit.answer(limit.limiter.look(&source))?;
        }
        take(limiters.source.as_ref(), source)?;
        match action {
            Action::Login | Action::Create | Action::Forgot | Action::Resend => {
                take(limiters.account.as_ref(), Caller::Account(account))
            }
            Action::Confirm | Action::Reset => Ok(()),
        }
    }

    /// Counts a wrong password. The one that uses the allowance up is still answered as wrong, and
    /// so are those that were let in together with it; the source waits for each of them.
    pub fn wrong_password(&self, source: IpAddr) {
        if let Some(limit) = &self.wrong_passwords {
            limit.limiter.owe(&Caller::Source(source.into()));
        }
    }

    /// Counts a wrong mailed token.
    ///
    /// # Errors
    /// The problem for the caller when there were too many for this account.
    pub fn wrong_token(&self, action: Action, account: &EmailKey) -> Result<(), Problem> {
        take(self.of(action).account.as_ref(), Caller::Account(account))
    }

    fn of(&self, action: Action) -> &Limiters {
        match action {
            Action::Login => &self.login,
            Action::Create => &self.create,
            Action::Forgot => &self.forgot,
            Action::Resend => &self.resend,
            Action::Confirm => &self.confirm,
            Action::Reset => &self.reset,
        }
    }
}

fn take(limit: Option<&Limit>, caller: Caller<'_>) -> Result<(), Problem> {
    limit.map_or(Ok(()), |limit| limit.answer(limit.limiter.take(&caller)))
}

#[cfg(test)]
mod tests;
