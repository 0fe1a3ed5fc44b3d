//! The settings of the limits.

use crate::config::reader::Reader;
use crate::domain::rate::Rate;
use crate::http::limits::{LimitSettings, Rates};

pub(super) struct Limits {
    /// Mails of one kind to one address in an hour; `None` for any number.
    pub(super) mails_per_hour: Option<i32>,
    pub(super) requests: LimitSettings,
}

pub(super) fn read(r: &mut Reader) -> Option<Limits> {
    let enabled: Option<bool> = r.parse("limits.enabled", "true or false");
    let mails_per_hour = r.range("limits.mails_per_hour", 1..=1_000);
    let remembered = r.range("limits.remembered", 1..=10_000_000);
    let (login, create) = (rates(r, "login"), rates(r, "create"));
    let (forgot, resend) = (rates(r, "forgot"), rates(r, "resend"));
    let (confirm, reset) = (rates(r, "confirm"), rates(r, "reset"));
    let wrong_passwords = rate(r, "limits.wrong_passwords_per_source");
    let requests = LimitSettings {
        login: login?,
        create: create?,
        forgot: forgot?,
        resend: resend?,
        confirm: confirm?,
        reset: reset?,
        wrong_passwords: wrong_passwords?.0,
        remembered: remembered?,
    };
    let mails_per_hour = Some(mails_per_hour?);
    Some(if enabled? {
        Limits {
            mails_per_hour,
            requests,
        }
    } else {
        Limits {
            mails_per_hour: None,
            requests: LimitSettings::default(),
        }
    })
}

fn rates(r: &mut Reader, action: &str) -> Option<Rates> {
    let per_source = rate(r, &format!("limits.{action}_per_source"));
    let per_account = rate(r, &format!("limits.{action}_per_account"));
    Some(Rates {
        per_source: per_source?.0,
        per_account: per_account?.0,
    })
}

/// A rate, or none at all.
struct Limit(Option<Rate>);

fn rate(r: &mut Reader, key: &str) -> Option<Limit> {
    let allowed = "\"off\", or a number and a duration from 1s to 24h, as 60/1m";
    r.checked(key, allowed, |text| {
        if text == "off" {
            return Some(Limit(None));
        }
        text.parse().ok().map(|rate| Limit(Some(rate)))
    })
}
