//! `Accept-Language`: what a browser says of its reader (RFC 9110 section 12.5.4).

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use utoipa::IntoParams;

/// All headers of the name as one; empty when there is none.
pub struct AcceptLanguage(pub(super) String);

/// The same for the description.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "a schema, never a value")]
pub struct AcceptLanguageHeader {
    /// The account's mails are written in the language that this prefers, of those that there are.
    #[param(
        rename = "Accept-Language",
        required = false,
        example = "de-CH, de;q=0.9, en;q=0.5"
    )]
    accept_language: Option<String>,
}

impl<S: Sync> FromRequestParts<S> for AcceptLanguage {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let values = parts.headers.get_all(header::ACCEPT_LANGUAGE).into_iter();
        let values: Vec<&str> = values.filter_map(|value| value.to_str().ok()).collect();
        Ok(Self(values.join(",")))
    }
}
