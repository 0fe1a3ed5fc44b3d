//! From a letter to a MIME message.

use lettre::Message;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use unicode_normalization::UnicodeNormalization as _;
use uuid::Uuid;

use super::{Letter, MailError};
use crate::domain::email::Email;

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
    ///
    /// # Errors
    /// When the recipient is nobody that can be mailed to; no [`Email`] is.
    pub fn message(&self, letter: &Letter) -> Result<Message, MailError> {
        let refused = || MailError("the recipient's address cannot be mailed to".to_owned());
        let to = recipient(&letter.to).ok_or_else(refused)?;
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
        // RFC 3834: no vacation notice is an answer to this. RFC 3282: the language.
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        let language = HeaderName::new_from_ascii_str("Content-Language");
        let headers = message.headers_mut();
        headers.insert_raw(HeaderValue::new(automatic, "auto-generated".to_owned()));
        headers.insert_raw(HeaderValue::new(language, letter.language.to_string()));
        Ok(message)
    }
}

/// The recipient: domain in ASCII, as mail servers without SMTPUTF8 need it, and the local part as
/// it was typed, but composed (RFC 6532 section 3.1). Where a capital letter does not compose with
/// its mark, the canonical form does.
fn recipient(typed: &str) -> Option<Mailbox> {
    let email = Email::parse(typed).ok()?;
    let key = email.key().as_str();
    let (_, domain) = key.rsplit_once('@')?;
    let (local, as_typed) = typed.rsplit_once('@')?;
    let domain = if as_typed.is_ascii() {
        as_typed
    } else {
        domain
    };
    let composed = format!("{}@{domain}", local.nfc());
    composed.parse().or_else(|_| key.parse()).ok()
}
