//! The pages: where the links in mails land, an account page that shows each call it makes, and
//! the description of the API.
//!
//! They are a front end like any other and know nothing but the API. Each is written once, at
//! start: what differs from one service to another is in the settings, and what differs from one
//! visitor to another is put in by the scripts, as text and never as HTML.

mod docs;

use askama::Template;
use axum::Router;

use super::embedded::{self, File};
use crate::domain::confirmation::ConfirmationRule;
use crate::domain::password::{PasswordPolicy, Preset};

/// No script but ours, no style but ours, nothing from elsewhere, and a form that no script has
/// taken over is not sent at all: its fields would end up where logs are kept. Scripts cannot turn
/// text into HTML (Trusted Types).
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'";

/// The files that the pages load.
const FILES: [File; 12] = [
    File::css("/pages/docs.css", include_str!("docs/docs.css")),
    File::css("/pages/style.css", include_str!("style.css")),
    File::svg("/pages/icon.svg", include_str!("icon.svg")),
    File::script("/pages/account.js", include_str!("account.js")),
    File::script("/pages/call.js", include_str!("call.js")),
    File::script("/pages/confirm.js", include_str!("confirm.js")),
    File::script("/pages/form.js", include_str!("form.js")),
    File::script("/pages/mailed_link.js", include_str!("mailed_link.js")),
    File::script("/pages/reset.js", include_str!("reset.js")),
    File::script("/pages/session.js", include_str!("session.js")),
    File::script("/pages/shown_calls.js", include_str!("shown_calls.js")),
    File::script("/pages/words.js", include_str!("words.js")),
];

/// The pages of one service, as they are sent.
#[derive(Debug, Clone)]
pub struct Pages {
    account: String,
    reset: String,
    confirm: String,
    docs: String,
}

#[derive(Template)]
#[template(path = "account.html")]
struct Account<'a> {
    product: &'a str,
    password: &'a PasswordHints,
    /// Whether there are mails that ask for a confirmation.
    confirms: bool,
    /// Whether nobody logs in before that.
    must_confirm: bool,
}

#[derive(Template)]
#[template(path = "reset.html")]
struct Reset<'a> {
    product: &'a str,
    password: &'a PasswordHints,
}

#[derive(Template)]
#[template(path = "confirm.html")]
struct Confirm<'a> {
    product: &'a str,
}

/// The policy in force, for people and for their password managers.
struct PasswordHints {
    rule: String,
    /// The attribute `passwordrules`. Not `maxlength`: that cuts what a manager pastes without a
    /// word, and then the manager keeps another password than we do.
    for_managers: String,
}

impl PasswordHints {
    fn of(policy: &PasswordPolicy) -> Self {
        let (required, also) = match policy.preset {
            Preset::Classic => ("; required: lower; required: digit", ""),
            Preset::Nist => ("", ", nothing easy to guess"),
        };
        Self {
            rule: format!("{}{also}", policy.shape()),
            for_managers: format!(
                "minlength: {}; maxlength: {}{required};",
                policy.min_length, policy.max_length
            ),
        }
    }
}

impl Pages {
    /// Writes the pages.
    ///
    /// # Errors
    /// When a template cannot be rendered; it is checked at compile time, so never in practice.
    pub fn new(
        product: &str,
        policy: &PasswordPolicy,
        confirmation: ConfirmationRule,
    ) -> Result<Self, askama::Error> {
        let password = &PasswordHints::of(policy);
        let account = Account {
            product,
            password,
            confirms: confirmation != ConfirmationRule::Off,
            must_confirm: confirmation == ConfirmationRule::Required,
        };
        Ok(Self {
            account: account.render()?,
            reset: Reset { product, password }.render()?,
            confirm: Confirm { product }.render()?,
            docs: docs::page()?,
        })
    }
}

/// The routes of the pages.
pub fn routes<S: Clone + Send + Sync + 'static>(pages: &Pages) -> Router<S> {
    let router = Router::new()
        .route("/", embedded::page(pages.account.clone(), POLICY))
        .route("/reset", embedded::page(pages.reset.clone(), POLICY))
        .route("/confirm", embedded::page(pages.confirm.clone(), POLICY))
        .route("/docs", embedded::page(pages.docs.clone(), docs::POLICY));
    FILES.iter().fold(router, |router, file| {
        router.route(file.path, embedded::file(file))
    })
}
