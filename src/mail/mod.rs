//! Mail: what the letters say, and how they leave.

mod colour;
mod file;
mod letter;
mod message;
pub mod smtp;
pub mod templates;

pub use colour::Colour;
pub use letter::{Letter, LetterWriter, OneTimeLink};
pub use message::Envelope;

use std::io::Write as _;
use std::path::PathBuf;

use secrecy::SecretString;

/// How letters leave.
#[derive(Debug)]
pub enum Mailer {
    /// A mail server.
    Smtp(Box<smtp::Smtp>, Envelope),
    /// A folder that gets one `.eml` each.
    File(PathBuf, Envelope),
    /// Standard output, for development.
    Console,
    /// Nowhere.
    Off,
}

/// A letter did not leave; the text may name the recipient, so it is for the database alone.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct MailError(pub(crate) String);

impl Mailer {
    /// Sends through the mail server at `url`.
    ///
    /// # Errors
    /// When the URL or the certificate file cannot be used.
    pub fn smtp(
        url: &SecretString,
        ca_file: Option<&std::path::Path>,
        from: Envelope,
    ) -> Result<Self, MailError> {
        Ok(Self::Smtp(Box::new(smtp::Smtp::new(url, ca_file)?), from))
    }

    /// Whether letters could be handed over now; none is.
    ///
    /// # Errors
    /// [`MailError`] when the mail server does not let us in.
    pub async fn test(&self) -> Result<(), MailError> {
        match self {
            Self::Smtp(smtp, _) => smtp.test().await,
            Self::File(..) | Self::Console | Self::Off => Ok(()),
        }
    }

    /// Hands a letter over; when this returns, the other side has it.
    ///
    /// # Errors
    /// [`MailError`] when it was not taken, or when that is not known.
    pub async fn send(&self, letter: &Letter) -> Result<(), MailError> {
        match self {
            Self::Smtp(smtp, from) => smtp.send(from.message(letter)?).await,
            Self::File(directory, from) => {
                file::write(directory, &from.message(letter)?.formatted()).await
            }
            Self::Console => {
                // Not a log line: it holds a token, and it is all a developer has.
                let Letter {
                    to, subject, text, ..
                } = letter;
                let shown = format!("\n--- mail to {to} ---\nSubject: {subject}\n\n{text}\n---\n");
                let written = std::io::stdout().write_all(shown.as_bytes());
                written.map_err(|error| MailError(format!("standard output: {error}")))
            }
            Self::Off => Ok(()),
        }
    }
}
