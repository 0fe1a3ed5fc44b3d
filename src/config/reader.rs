//! Turns the text of settings into values, and collects every error on the way.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use super::sources::{SECRETS, Setting, Sources, known_keys};

/// Everything that is wrong with the settings, a sentence each, never a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigErrors(pub Vec<String>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the configuration has {} error(s):", self.0.len())?;
        for error in &self.0 {
            writeln!(f, "  {error}")?;
        }
        f.write_str("config/default.toml explains every setting; nothing was started")
    }
}

/// A number, or the word that leaves the choice to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Given {
    Number(usize),
    Word,
}

impl Given {
    /// The number, or our choice.
    pub(super) fn or(self, own: usize) -> usize {
        match self {
            Self::Number(number) => number,
            Self::Word => own,
        }
    }
}

/// Reads settings one by one; a wrong one is noted and is `None`.
pub(super) struct Reader {
    settings: BTreeMap<String, Setting>,
    /// Keys that nobody has asked for yet; what is left in the end does not exist.
    unknown: BTreeMap<String, String>,
    errors: Vec<String>,
}

impl Reader {
    pub(super) fn new(sources: &Sources) -> Self {
        let (settings, errors) = sources.merge();
        let unknown = settings
            .iter()
            .map(|(key, setting)| (key.clone(), setting.origin.clone()))
            .collect();
        Self {
            settings,
            unknown,
            errors,
        }
    }

    pub(super) fn finish<T>(mut self, read: Option<T>) -> Result<T, ConfigErrors> {
        for (key, origin) in &self.unknown {
            self.errors
                .push(format!("{key} (from {origin}): there is no such setting"));
        }
        match read {
            Some(read) if self.errors.is_empty() => Ok(read),
            _ => Err(ConfigErrors(self.errors)),
        }
    }

    /// Notes an error about a setting.
    pub(super) fn reject<T>(&mut self, key: &str, why: &str) -> Option<T> {
        let origin = self
            .settings
            .get(key)
            .map_or("nowhere", |setting| setting.origin.as_str());
        self.errors.push(format!("{key} (from {origin}): {why}"));
        None
    }

    /// The text of a setting. Every one has a default, so it is there.
    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        self.unknown.remove(key);
        self.settings.get(key).map(|setting| setting.text.clone())
    }

    pub(super) fn is_empty(&self, key: &str) -> bool {
        self.settings
            .get(key)
            .is_none_or(|setting| setting.text.is_empty())
    }

    /// A setting that `check` turns into a value.
    pub(super) fn checked<T>(
        &mut self,
        key: &str,
        allowed: &str,
        check: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let value = check(&self.text(key)?);
        value.or_else(|| self.reject(key, &format!("allowed: {allowed}")))
    }

    pub(super) fn parse<T: FromStr>(&mut self, key: &str, allowed: &str) -> Option<T> {
        self.checked(key, allowed, |text| text.parse().ok())
    }

    pub(super) fn range<T>(&mut self, key: &str, range: RangeInclusive<T>) -> Option<T>
    where
        T: FromStr + PartialOrd + fmt::Display,
    {
        let allowed = format!("a number from {} to {}", range.start(), range.end());
        self.checked(key, &allowed, |text| {
            text.parse().ok().filter(|n| range.contains(n))
        })
    }

    /// A number, or the word that leaves the choice to us.
    pub(super) fn range_or(
        &mut self,
        key: &str,
        word: &str,
        range: RangeInclusive<usize>,
    ) -> Option<Given> {
        let allowed = format!(
            "\"{word}\" or a number from {} to {}",
            range.start(),
            range.end()
        );
        self.checked(key, &allowed, |text| {
            if text == word {
                return Some(Given::Word);
            }
            text.parse()
                .ok()
                .filter(|n| range.contains(n))
                .map(Given::Number)
        })
    }

    pub(super) fn choice<T: Copy>(&mut self, key: &str, choices: &[(&str, T)]) -> Option<T> {
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        self.checked(key, &words.join(", "), |text| {
            choices
                .iter()
                .find(|(word, _)| *word == text)
                .map(|(_, value)| *value)
        })
    }

    /// A duration within bounds that are written as a person would.
    pub(super) fn duration(&mut self, key: &str, least: &str, most: &str) -> Option<Duration> {
        let allowed = format!("a duration from {least} to {most}, as 30s, 2m, 24h or 90d");
        let bound = |text: &str| humantime::parse_duration(text).ok();
        let (least, most) = (bound(least)?, bound(most)?);
        self.checked(key, &allowed, |text| {
            bound(text).filter(|duration| (least..=most).contains(duration))
        })
    }

    /// Items separated by commas; empty for none.
    pub(super) fn list<T>(
        &mut self,
        key: &str,
        allowed: &str,
        item: impl Fn(&str) -> Option<T>,
    ) -> Option<Vec<T>> {
        self.checked(key, &format!("{allowed}, separated by commas"), |text| {
            text.split(',')
                .map(str::trim)
                .filter(|text| !text.is_empty())
                .map(&item)
                .collect()
        })
    }
}

/// The settings in force, for `check-config`: key, text with secrets hidden, origin.
pub(super) fn in_force(sources: &Sources) -> Vec<(String, String, String)> {
    let (settings, _) = sources.merge();
    let known = known_keys();
    let shown = |(key, setting): (String, Setting)| {
        // What does not exist may be a misspelled secret.
        let secret = SECRETS.contains(&key.as_str()) || !known.contains(&key);
        let hidden = secret && !setting.text.is_empty();
        let text = if hidden {
            "[hidden]".to_owned()
        } else {
            setting.text
        };
        (key, text, setting.origin)
    };
    settings.into_iter().map(shown).collect()
}
