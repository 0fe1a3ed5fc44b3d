//! Reads the mails that the file transport wrote.

use std::fs;
use std::path::Path;

use mail_parser::MessageParser;

#[derive(Debug, Clone)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    pub language: String,
    pub text: String,
    pub html: String,
}

impl Mail {
    /// The bare token on a line of its own.
    #[track_caller]
    pub fn token(&self) -> String {
        let line = self
            .text
            .lines()
            .find_map(|line| line.strip_prefix("Token: "));
        line.unwrap_or_else(|| panic!("no token in {:?}", self.subject))
            .trim()
            .to_owned()
    }

    /// The first link.
    #[track_caller]
    pub fn link(&self) -> &str {
        let line = self.text.lines().find(|line| line.starts_with("http"));
        line.unwrap_or_else(|| panic!("no link in {:?}", self.subject))
            .trim()
    }

    pub fn parse(message: &[u8]) -> Self {
        let message = MessageParser::default().parse(message).expect("a mail");
        let to = message
            .to()
            .and_then(|to| to.first())
            .and_then(|to| to.address());
        let language = message.header_raw("Content-Language");
        Self {
            language: language.expect("a language").trim().to_owned(),
            to: to.expect("a recipient").to_owned(),
            subject: message.subject().expect("a subject").to_owned(),
            text: message
                .body_text(0)
                .expect("a text part")
                .replace("\r\n", "\n"),
            html: message.body_html(0).expect("an HTML part").into_owned(),
        }
    }
}

/// All mails in the folder, oldest first.
pub fn read(folder: &Path) -> Vec<Mail> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "eml"));
    paths.sort();
    paths
        .iter()
        .map(|path| Mail::parse(&fs::read(path).expect("readable")))
        .collect()
}
