//! `doorward mail preview` and `doorward mail templates`.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::CliError;
use super::output::print;
use crate::app;
use crate::config::Config;
use crate::domain::language::Language;
use crate::domain::mail_kind::MailKind;
use crate::domain::one_time_token::Purpose;
use crate::mail::templates::FILES;
use crate::mail::{Letter, OneTimeLink};

/// Whom the sample mails are for, and what they carry; it opens nothing.
const EMAIL: &str = "ann@example.com";
const TOKEN: &str = "Sample-token-that-opens-nothing-0123456789-";

#[derive(Debug, Subcommand)]
pub(super) enum TemplateCommand {
    /// Write the built-in templates into a folder, to begin your own with
    Templates {
        /// The folder; files that are there already are an error
        #[arg(long, value_name = "FOLDER")]
        out: PathBuf,
    },
    /// Show the mails as they are sent, to a sample account
    Preview {
        /// Which mail [default: each]
        #[arg(long, value_parser = parse_kind)]
        kind: Option<MailKind>,
        /// In which language, as de [default: each]
        #[arg(long)]
        language: Option<String>,
        /// Write the text and the HTML of each into this folder, instead of printing the text
        #[arg(long, value_name = "FOLDER")]
        out: Option<PathBuf>,
    },
}

fn parse_kind(word: &str) -> Result<MailKind, String> {
    let words = MailKind::ALL.map(MailKind::as_str).join(", ");
    MailKind::from_word(word).ok_or_else(|| format!("allowed: {words}"))
}

pub(super) fn run(command: TemplateCommand, config: &Config) -> Result<(), CliError> {
    match command {
        TemplateCommand::Templates { out } => write_templates(&out),
        TemplateCommand::Preview {
            kind,
            language,
            out,
        } => preview(config, kind, language.as_deref(), out.as_deref()),
    }
}

/// Needs no settings: it comes before those of one's own.
pub(super) fn write_templates(out: &Path) -> Result<(), CliError> {
    let there = FILES.iter().map(|(name, _)| out.join(name));
    if let Some(path) = there.into_iter().find(|path| path.exists()) {
        let path = path.display();
        return Err(CliError::Failed(format!(
            "{path} is there already; nothing was written"
        )));
    }
    for (name, source) in FILES {
        write(&out.join(name), source)?;
    }
    print(&format!(
        "{} templates are in {}. Change some and remove the others: what is missing stays as it is \
         built in. Then set mail.templates to the folder, and look with `doorward mail preview`.\n",
        FILES.len(),
        out.display()
    ))
    .map(drop)
}

fn preview(
    config: &Config,
    kind: Option<MailKind>,
    language: Option<&str>,
    out: Option<&Path>,
) -> Result<(), CliError> {
    let languages = config.mail.templates.languages();
    let wanted = |name: &str| language.is_none_or(|language| language == name);
    if !languages.iter().any(|there| wanted(there.as_str())) {
        let names: Vec<&str> = languages.iter().map(Language::as_str).collect();
        let names = names.join(", ");
        return Err(CliError::Usage(format!("--language: allowed: {names}")));
    }
    let writer = app::letter_writer(config);
    let kinds = kind.map_or(MailKind::ALL.to_vec(), |kind| vec![kind]);
    for language in languages.iter().filter(|there| wanted(there.as_str())) {
        for kind in &kinds {
            let link = kind.purpose().map(|purpose| OneTimeLink {
                token: TOKEN,
                lifetime: match purpose {
                    Purpose::Reset => config.reset_lifetime,
                    Purpose::Confirm => config.confirm_lifetime,
                },
            });
            let letter = writer.write(*kind, EMAIL, Some(language.as_str()), link.as_ref());
            let letter = letter.map_err(|error| CliError::Failed(error.to_string()))?;
            let Letter {
                subject,
                text,
                html,
                ..
            } = &letter;
            let name = kind.as_str();
            match out {
                Some(out) => {
                    let path = out.join(language.as_str()).join(name);
                    write(&path.with_extension("html"), html)?;
                    write(&path.with_extension("txt"), text)?;
                }
                None => print(&format!(
                    "--- {name}, {language} ---\nSubject: {subject}\n\n{text}\n"
                ))
                .map(drop)?,
            }
        }
    }
    match out {
        Some(out) => print(&format!("The mails are in {}.\n", out.display())).map(drop),
        None => Ok(()),
    }
}

fn write(path: &Path, text: &str) -> Result<(), CliError> {
    let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
    let written = folder.and_then(|()| fs::write(path, text));
    written.map_err(|error| CliError::Failed(format!("{}: {error}", path.display())))
}
