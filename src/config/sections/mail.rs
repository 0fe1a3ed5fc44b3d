//! The settings of mail.

use std::path::{Path, PathBuf};

use secrecy::SecretString;

use crate::config::reader::Reader;
use crate::config::{MailConfig, MailTransport};
use crate::domain::language::Language;
use crate::mail::Colour;
use crate::mail::templates::Templates;

pub(super) fn read(r: &mut Reader, data_directory: &Path) -> Option<MailConfig> {
    let kind = r.choice(
        "mail.transport",
        &[
            ("smtp", "smtp"),
            ("file", "file"),
            ("console", "console"),
            ("off", "off"),
        ],
    );
    let directory: Option<PathBuf> = r.parse("mail.directory", "a folder");
    let ca_file: Option<PathBuf> = r.parse("mail.smtp_ca_file", "a PEM file");
    let smtp_url = r.text("mail.smtp_url").map(SecretString::from);
    let from = r.checked("mail.from", "Name <address@domain>", |text| {
        text.parse::<lettre::message::Mailbox>()
            .ok()
            .map(|_| text.to_owned())
    });
    let product_name = r.checked(
        "mail.product_name",
        "1 to 100 characters on one line",
        |text| {
            let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
            let fits = (1..=100).contains(&text.chars().count()) && !text.chars().any(breaks);
            fits.then(|| text.to_owned())
        },
    );
    let colour = r.checked("mail.colour", "a colour as #1f5fbf", Colour::parse);
    let templates = templates(r);
    let default_language = default_language(r, templates.as_ref());
    let given = |path: PathBuf| (!path.as_os_str().is_empty()).then_some(path);
    let transport = match kind? {
        "smtp" => {
            let usable = !r.is_empty("mail.smtp_url")
                && smtp_url
                    .as_ref()
                    .is_some_and(crate::mail::smtp::is_usable_url);
            if usable {
                Some(MailTransport::Smtp {
                    url: smtp_url?,
                    ca_file: given(ca_file?),
                })
            } else {
                r.reject(
                    "mail.smtp_url",
                    "has to be a URL when mail.transport is smtp; allowed: \
                     smtp://user:password@host:587?tls=required, smtps://user:password@host:465",
                )
            }
        }
        "file" => Some(MailTransport::File {
            directory: given(directory?).unwrap_or_else(|| data_directory.join("mails")),
        }),
        "console" => Some(MailTransport::Console),
        _ => Some(MailTransport::Off),
    };
    Some(MailConfig {
        transport: transport?,
        from: from?,
        product_name: product_name?,
        colour: colour?,
        templates: templates?,
        default_language: default_language?,
    })
}

/// All templates are tried here: a mail must not fail because of one.
fn templates(r: &mut Reader) -> Option<Templates> {
    let key = "mail.templates";
    let folder: PathBuf = r.parse(key, "a folder")?;
    let is_given = !folder.as_os_str().is_empty();
    match Templates::load(is_given.then_some(folder.as_path())) {
        Ok(templates) => Some(templates),
        Err(errors) => {
            for error in errors {
                r.reject::<()>(key, &error);
            }
            None
        }
    }
}

fn default_language(r: &mut Reader, templates: Option<&Templates>) -> Option<Language> {
    let key = "mail.default_language";
    let Some(templates) = templates else {
        // What there is is not known; one error at a time.
        return r.text(key).as_deref().and_then(Language::parse);
    };
    let names = templates.languages().iter().map(Language::as_str);
    let allowed = names.collect::<Vec<_>>().join(", ");
    r.checked(key, &allowed, |text| templates.language(text).cloned())
}
