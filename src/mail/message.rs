//! From a letter to a MIME message.

use lettre::Message;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use uuid::Uuid;

use super::{Letter, MailError};

/// The sender that every message has.
#[derive(Debug, Clone)]
pub struct Envelope(Mailbox);

impl Envelope {
    /// Parses "Name <address>".
    ///
    /// # Errors
    /// When it is not that.
    pub fn parse(from: &str) -> Result<Self, MailError> {
        from.parse()
            .map(Self)
            .map_err(|_| MailError("mail.from is not an address".to_owned()))
    }

    /// The letter as a message with a text and an HTML part.
    pub(super) fn message(&self, letter: &Letter) -> Result<Message, MailError> {
        let refused = |_| MailError("the recipient's address cannot be mailed to".to_owned());
        let to = Mailbox::new(None, deliverable(&letter.to).parse().map_err(refused)?);
        let id = format!("<{}@{}>", Uuid::new_v4(), self.0.email.domain());
        let mut message = Message::builder()
            .from(self.0.clone())
            .to(to)
            .subject(letter.subject.clone())
            .message_id(Some(id))
            .multipart(MultiPart::alternative_plain_html(
                letter.text.clone(),
                letter.html.clone(),
            ))
            .map_err(|error| MailError(error.to_string()))?;
        // RFC 3834: no vacation notice is an answer to this.
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        message
            .headers_mut()
            .insert_raw(HeaderValue::new(automatic, "auto-generated".to_owned()));
        Ok(message)
    }
}

/// The address with its domain in ASCII, as mail servers without SMTPUTF8 need it; the local part
/// stays as it was typed.
fn deliverable(typed: &str) -> String {
    let Some((local, domain)) = typed.rsplit_once('@') else {
        return typed.to_owned();
    };
    match idna::domain_to_ascii_strict(domain) {
        Ok(ascii) if !domain.is_ascii() => format!("{local}@{ascii}"),
        Ok(_) | Err(_) => typed.to_owned(),
    }
}
