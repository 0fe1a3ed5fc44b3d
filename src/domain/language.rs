//! Languages: their names, and which of those that there are somebody prefers.

use std::cmp::Reverse;
use std::fmt;

/// The longest name (RFC 5646 section 4.4.1).
const LONGEST: usize = 35;

/// The most language ranges that are looked at; browsers send fewer than ten.
const MOST_RANGES: usize = 32;

/// The name of a language (BCP 47) in lower case, as `de` or `pt-br`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Language(String);

impl Language {
    /// The language with this name; `None` when it is no name, or not in lower case.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let mut subtags = name.split('-');
        let primary = subtags.next().unwrap_or_default();
        let is_primary =
            (2..=3).contains(&primary.len()) && primary.bytes().all(|b| b.is_ascii_lowercase());
        let is_subtag = |subtag: &str| {
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
            (2..=8).contains(&subtag.len()) && subtag.bytes().all(plain)
        };
        (is_primary && name.len() <= LONGEST && subtags.all(is_subtag))
            .then(|| Self(name.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The language that an `Accept-Language` header (RFC 9110 section 12.5.4) prefers among
    /// those that are there; `None` when it names none of them, or any (`*`) before them.
    ///
    /// The ranges are looked up as RFC 4647 section 3.4 says: `de-CH` finds `de`. Beyond that `pt`
    /// finds `pt-br`. What is malformed is passed over.
    #[must_use]
    pub fn preferred<'l>(header: &str, there: &'l [Self]) -> Option<&'l Self> {
        let ranges = header.split(',').take(MOST_RANGES);
        let mut ranges: Vec<(u16, String)> = ranges.filter_map(range).collect();
        ranges.sort_by_key(|(quality, _)| Reverse(*quality));
        let refused = |language: &Self| {
            let mut ranges = ranges.iter();
            ranges.any(|(quality, range)| *quality == 0 && *range == language.0)
        };
        for (quality, range) in &ranges {
            if *quality == 0 || range == "*" {
                return None;
            }
            let found = look_up(range, there).filter(|language| !refused(language));
            if found.is_some() {
                return found;
            }
        }
        None
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A range in lower case, and its quality in thousandths.
fn range(text: &str) -> Option<(u16, String)> {
    let (range, weight) = match text.split_once(';') {
        Some((range, weight)) => (range, Some(weight.trim())),
        None => (text, None),
    };
    let quality = match weight {
        Some(weight) => quality(weight.strip_prefix(['q', 'Q'])?.strip_prefix('=')?)?,
        None => 1_000,
    };
    let range = range.trim().to_ascii_lowercase();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let is_name = (1..=LONGEST).contains(&range.len()) && range.bytes().all(plain);
    (is_name || range == "*").then_some((quality, range))
}

/// A `qvalue`: 0 to 1 with at most three decimals.
fn quality(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{decimals:0<3}").parse().ok()?;
    match (whole, thousandths) {
        ("0", _) => Some(thousandths),
        ("1", 0) => Some(1_000),
        _ => None,
    }
}

/// The language of this range, with ever fewer of its subtags; or one that begins as the range.
fn look_up<'l>(range: &str, there: &'l [Language]) -> Option<&'l Language> {
    let mut shorter = Some(range);
    while let Some(name) = shorter {
        if let Some(found) = there.iter().find(|language| language.0 == name) {
            return Some(found);
        }
        shorter = name.rsplit_once('-').map(|(name, _)| name);
    }
    there.iter().find(|language| {
        let rest = language.0.strip_prefix(range);
        rest.is_some_and(|rest| rest.starts_with('-'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn languages(names: &[&str]) -> Vec<Language> {
        let parsed = names.iter().map(|name| Language::parse(name));
        parsed.collect::<Option<_>>().expect("names")
    }

    #[rstest]
    #[case("de", Some("de"))]
    #[case("DE", Some("de"))]
    #[case("de-CH", Some("de"))]
    #[case("de-Latn-CH-1996", Some("de"))]
    #[case("pt", Some("pt-br"))]
    #[case("pt-PT", None)]
    #[case("fr, de;q=0.5, en;q=0.7", Some("en"))]
    #[case("en;q=0.5, de;q=0.501", Some("de"))]
    #[case("de-AT , en", Some("de"))]
    #[case("fr;q=1.000;q=0, de", Some("de"))]
    #[case("de;q=0, de-CH, en;q=0.1", Some("en"))]
    #[case("en;q=0", None)]
    #[case("*, de;q=0.9", None)]
    #[case("*;q=0.1, de;q=0.9", Some("de"))]
    #[case("de ; q=0.3 , en ; Q=0.2", Some("de"))]
    #[case("de;q=2, en;q=0.2", Some("en"))]
    #[case("de;q=0.1234, en;q=0.2", Some("en"))]
    #[case("de;q=, de;q, de;level=1, de_DE, d\u{e9}", None)]
    #[case("de-!, en", Some("en"))]
    #[case("en;q=0.9, de;q=1.0", Some("de"))]
    #[case("", None)]
    #[case(",,;,-,--,de-,", Some("de"))]
    #[case("x-klingon", None)]
    fn the_best_of_those_that_are_there_is_preferred(
        #[case] header: &str,
        #[case] preferred: Option<&str>,
    ) {
        let there = languages(&["en", "de", "pt-br"]);
        let found = Language::preferred(header, &there);
        assert_eq!(found.map(Language::as_str), preferred, "{header:?}");
    }

    #[test]
    fn no_more_than_some_ranges_are_looked_at() {
        let there = languages(&["de"]);
        let header = |before: usize| "fr,".repeat(before) + "de";
        assert!(Language::preferred(&header(MOST_RANGES - 1), &there).is_some());
        assert!(Language::preferred(&header(MOST_RANGES), &there).is_none());
    }

    #[rstest]
    #[case("de", true)]
    #[case("gsw", true)]
    #[case("pt-br", true)]
    #[case("zh-hant-tw", true)]
    #[case("", false)]
    #[case("d", false)]
    #[case("deutsch", false)]
    #[case("pt-BR", false)]
    #[case("pt_br", false)]
    #[case("de-", false)]
    #[case("../de", false)]
    #[case("de-abcdefgh-abcdefgh-abcdefgh-abcdefgh", false)]
    fn a_language_has_a_plain_name(#[case] name: &str, #[case] is_one: bool) {
        assert_eq!(Language::parse(name).is_some(), is_one, "{name:?}");
    }

    proptest! {
        #[test]
        fn whatever_is_sent_the_answer_is_one_that_is_there(
            header in "([a-zA-Z*-]{0,9}(;? ?q=[0-9.]{0,5})?[, ]{0,2}){0,9}|.*",
        ) {
            let there = languages(&["en", "de", "pt-br"]);
            let found = Language::preferred(&header, &there);
            prop_assert!(found.is_none_or(|found| there.contains(found)));
        }
    }
}
