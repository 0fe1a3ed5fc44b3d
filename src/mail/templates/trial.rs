//! Tries every template with sample values, so that what is wrong shows at the start.

use std::collections::BTreeSet;
use std::time::Duration;

use super::Templates;
use crate::domain::mail_kind::MailKind;
use crate::mail::colour::Colour;
use crate::mail::letter::{Letter, LetterWriter, OneTimeLink};

/// What somebody could type, or worse.
const HOSTILE: &str = "<i>\"&'{{</i>";
const EMAIL: &str = "<i>\"&'{{</i>@example.com";
const TOKEN: &str = "SAMPLE-sample_0123456789-SAMPLE-sample_01234";
/// Every unit, in the singular and in the plural.
const LIFETIMES: [Duration; 2] = [
    Duration::from_secs(86_400 + 3_600 + 60 + 1),
    Duration::from_secs(2 * (86_400 + 3_600 + 60 + 1)),
];

/// Everything that is wrong, a sentence each.
pub(super) fn errors(templates: &Templates) -> Vec<String> {
    let mut errors = BTreeSet::new();
    for language in templates.languages() {
        let writer = LetterWriter {
            templates: templates.clone(),
            default_language: language.clone(),
            product_name: HOSTILE.to_owned(),
            colour: Colour::BLACK,
            base_url: "https://example.com".to_owned(),
            freeze: LIFETIMES[0],
        };
        for (kind, lifetime) in MailKind::ALL
            .into_iter()
            .flat_map(|kind| LIFETIMES.map(|lifetime| (kind, lifetime)))
        {
            let link = OneTimeLink {
                token: TOKEN,
                lifetime,
            };
            let link = kind.purpose().map(|_| link);
            match writer.write(kind, EMAIL, None, link.as_ref()) {
                Ok(letter) => {
                    let name = format!("{language}/{}.jinja", kind.as_str());
                    let wrong = wrong_with(&letter, link.is_some());
                    errors.extend(wrong.into_iter().map(|wrong| format!("{name}: {wrong}")));
                }
                Err(error) => drop(errors.insert(error.to_string())),
            }
        }
    }
    errors.into_iter().collect()
}

/// What a letter has to be, whoever wrote its template.
fn wrong_with(letter: &Letter, has_token: bool) -> Vec<&'static str> {
    let line = format!("Token: {TOKEN}");
    let in_link = format!("token={TOKEN}");
    let lines = letter.text.lines().filter(|text| *text == line).count();
    let wrong = [
        (
            letter.subject.is_empty() || letter.subject.chars().count() > 300,
            "the block subject has to have 1 to 300 characters",
        ),
        (
            has_token && lines != 1,
            "the text part needs the line `Token: {{ token }}`, alone and once",
        ),
        (
            has_token && !letter.text.lines().any(|text| text.ends_with(&in_link)),
            "the text part needs a line that ends with `{{ link }}`",
        ),
        (
            has_token && !letter.html.contains(&in_link),
            "the HTML part needs `{{ link }}`",
        ),
        (
            letter.html.contains(HOSTILE),
            "the HTML part has a value that is not escaped; take `autoescape` away",
        ),
    ];
    let wrong = wrong.into_iter().filter(|(is_wrong, _)| *is_wrong);
    wrong.map(|(_, why)| why).collect()
}
