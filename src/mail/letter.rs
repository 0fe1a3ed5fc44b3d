//! What goes into a letter: whom it is for, the one-time link, the product's name and colour. The
//! words are in the templates.

use std::time::Duration;

use minijinja::context;
use url::form_urlencoded;

use super::colour::Colour;
use super::templates::{TemplateError, Templates, Written};
use crate::domain::language::Language;
use crate::domain::mail_kind::MailKind;
use crate::domain::one_time_token::Purpose;

/// A mail before it is a message.
pub struct Letter {
    pub to: String,
    pub language: Language,
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// A one-time token on its way into a mail, and how long it works.
pub struct OneTimeLink<'a> {
    pub token: &'a str,
    pub lifetime: Duration,
}

/// Writes letters; knows the product's name and where its front end is.
#[derive(Debug, Clone)]
pub struct LetterWriter {
    pub templates: Templates,
    /// For whom no language is known, or one that there is no more.
    pub default_language: Language,
    pub product_name: String,
    pub colour: Colour,
    /// Without a slash at the end. Links are built from this alone (CVE-2025-64101).
    pub base_url: String,
    /// How long a locked account stays locked.
    pub freeze: Duration,
}

/// The cards of the layout; a button of nearly the same colour gets a line around it.
const CARD: Colour = Colour::WHITE;
const CARD_DARK: Colour = Colour::of_bytes([0x1d, 0x1f, 0x23]);
const LINE: Colour = Colour::of_bytes([0x8a, 0x8f, 0x98]);
/// Below this contrast a line is drawn.
const DISTINCT: f64 = 1.5;

impl LetterWriter {
    /// The letter of this kind to this address, in the language of its account.
    ///
    /// # Errors
    /// When a template cannot be rendered; all were tried at the start, so hardly ever.
    pub fn write(
        &self,
        kind: MailKind,
        to: &str,
        language: Option<&str>,
        link: Option<&OneTimeLink<'_>>,
    ) -> Result<Letter, TemplateError> {
        let language = language.and_then(|name| self.templates.language(name));
        let language = language.unwrap_or(&self.default_language);
        let words = |duration| self.templates.duration(language, duration);
        let page = kind.purpose().map(|purpose| match purpose {
            Purpose::Reset => "reset",
            Purpose::Confirm => "confirm",
        });
        let url = page
            .zip(link)
            .map(|(page, link)| self.link(page, to, link.token));
        let values = context! {
            product_name => self.product_name.as_str(),
            email => to,
            language => language.as_str(),
            link => url,
            token => link.map(|link| link.token),
            lifetime => link.map(|link| words(link.lifetime)).transpose()?,
            freeze => words(self.freeze)?,
            colour => self.colour.to_string(),
            colour_text => self.colour.text().to_string(),
            colour_border => self.border_on(CARD).to_string(),
            colour_border_dark => self.border_on(CARD_DARK).to_string(),
        };
        let Written {
            subject,
            text,
            html,
        } = self.templates.write(kind, language, &values)?;
        Ok(Letter {
            to: to.to_owned(),
            language: language.clone(),
            subject,
            text,
            html,
        })
    }

    /// The token travels in the fragment, which browsers send to no server.
    fn link(&self, page: &str, to: &str, token: &str) -> String {
        let fragment = form_urlencoded::Serializer::new(String::new())
            .append_pair("email", to)
            .append_pair("token", token)
            .finish();
        format!("{}/{page}#{fragment}", self.base_url)
    }

    fn border_on(&self, card: Colour) -> Colour {
        if self.colour.contrast(card) < DISTINCT {
            LINE
        } else {
            self.colour
        }
    }
}

/// A letter may hold a token.
impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Letter")
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for OneTimeLink<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OneTimeLink")
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}
