//! The templates that are in the binary.

use std::collections::BTreeMap;

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../texts/", $name)))),*]
    };
}

/// Each with its name, which is its path in an operator's folder as well.
pub const FILES: [(&str, &str); 20] = files![
    "layout.html",
    "layout.txt",
    "de/account_locked.jinja",
    "de/account_was_locked.jinja",
    "de/already_registered.jinja",
    "de/common.jinja",
    "de/confirm.jinja",
    "de/duration.jinja",
    "de/password_changed.jinja",
    "de/reset.jinja",
    "de/welcome.jinja",
    "en/account_locked.jinja",
    "en/account_was_locked.jinja",
    "en/already_registered.jinja",
    "en/common.jinja",
    "en/confirm.jinja",
    "en/duration.jinja",
    "en/password_changed.jinja",
    "en/reset.jinja",
    "en/welcome.jinja",
];

pub(super) fn sources() -> BTreeMap<String, String> {
    let owned = |(name, source): &(&str, &str)| ((*name).to_owned(), (*source).to_owned());
    FILES.iter().map(owned).collect()
}
