//! What each mail says.

use std::time::Duration;

use askama::Template;
use url::form_urlencoded;

use crate::domain::account::Account;
use crate::domain::mail_kind::MailKind;

/// A mail before it is a message.
pub struct Letter {
    pub to: String,
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
    pub product_name: String,
    /// Without a slash at the end. Links are built from this alone (CVE-2025-64101).
    pub base_url: String,
    /// How long a locked account stays locked.
    pub freeze: Duration,
}

/// The parts of a letter; both templates lay them out.
#[derive(Template)]
#[template(path = "letter.html")]
struct Html<'a>(&'a Parts<'a>);

#[derive(Template)]
#[template(path = "letter.txt")]
struct Text<'a>(&'a Parts<'a>);

struct Parts<'a> {
    product: &'a str,
    heading: &'a str,
    paragraphs: Vec<String>,
    /// What the button says, where it leads, and the bare token for clients without our pages.
    link: Option<(&'a str, String, &'a str)>,
    closing: &'a str,
}

impl LetterWriter {
    /// The letter of this kind to this account.
    ///
    /// # Errors
    /// When a template cannot be rendered; it is checked at compile time, so never in practice.
    pub fn write(
        &self,
        kind: MailKind,
        account: &Account,
        link: Option<&OneTimeLink<'_>>,
    ) -> Result<Letter, askama::Error> {
        let product = self.product_name.as_str();
        let within = link.map(|link| humantime::format_duration(link.lifetime).to_string());
        let within = within.unwrap_or_default();
        let freeze = humantime::format_duration(self.freeze);
        let ignore = "If it was not you, you need not do anything.";
        let guessed = "If it was not you, somebody tried to guess your password; you need not do \
                       anything.";
        let (subject, paragraphs, button, closing) = match kind {
            MailKind::Welcome => (
                format!("Welcome to {product}"),
                vec![format!("Your account at {product} is ready.")],
                None,
                "If you did not register, somebody else used your address; choose a new password \
                 with \"forgot password\" and the account is yours.",
            ),
            MailKind::Confirm => (
                format!("Confirm your address for {product}"),
                vec![format!(
                    "Please confirm that this is your address. The link works once, within {within}."
                )],
                Some(("Confirm my address", "confirm")),
                "If you did not register, do not confirm: somebody else used your address.",
            ),
            MailKind::Reset => (
                format!("Choose a new password for {product}"),
                vec![format!(
                    "Somebody, probably you, asked for a new password. The link works once, within \
                     {within}."
                )],
                Some(("Choose a new password", "reset")),
                ignore,
            ),
            MailKind::PasswordChanged => (
                format!("Your password for {product} was changed"),
                vec![
                    "Your password was changed just now, and every device was logged out."
                        .to_owned(),
                ],
                None,
                "If it was not you, choose a new password with \"forgot password\" at once.",
            ),
            MailKind::AccountLocked => (
                format!("Your account at {product} is locked for a while"),
                vec![
                    format!("There were too many wrong passwords, so none is taken for {freeze}."),
                    format!(
                        "Where you are logged in you stay logged in. If you want to log in now, \
                         choose a new password, which unlocks the account. The link works once, \
                         within {within}."
                    ),
                ],
                Some(("Choose a new password", "reset")),
                guessed,
            ),
            MailKind::AccountWasLocked => (
                format!("Your account at {product} was locked for a while"),
                vec![
                    format!("There were too many wrong passwords, so none was taken for {freeze}."),
                    "Your password was changed after that.".to_owned(),
                ],
                None,
                guessed,
            ),
            MailKind::AlreadyRegistered => (
                format!("You have an account at {product} already"),
                vec![
                    "Somebody, probably you, tried to register with your address, which has an \
                     account already."
                        .to_owned(),
                    "Log in with your password, or choose a new one with \"forgot password\"."
                        .to_owned(),
                ],
                None,
                ignore,
            ),
        };
        let link = button
            .zip(link)
            .map(|((label, page), link)| (label, self.link(page, account, link.token), link.token));
        let heading = subject.as_str();
        let parts = Parts {
            product,
            heading,
            paragraphs,
            link,
            closing,
        };
        let (text, html) = (Text(&parts).render()?, Html(&parts).render()?);
        Ok(Letter {
            to: account.email.clone(),
            subject,
            text,
            html,
        })
    }

    /// The token travels in the fragment, which browsers send to no server.
    fn link(&self, page: &str, account: &Account, token: &str) -> String {
        let fragment = form_urlencoded::Serializer::new(String::new())
            .append_pair("email", &account.email)
            .append_pair("token", token)
            .finish();
        format!("{}/{page}#{fragment}", self.base_url)
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
