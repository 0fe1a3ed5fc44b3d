//! The answers that several endpoints give.

use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use utoipa::ToSchema;

/// An access token, for `Authorization: Bearer <token>`.
#[derive(Serialize, ToSchema)]
pub struct TokenResponse {
    /// A JWT.
    #[schema(example = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJpc3MiOi….kq3vX2Zl…")]
    token: String,
}

/// A sentence for a person.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageResponse {
    #[schema(example = "Check your email")]
    message: &'static str,
}

pub const CHECK_MAIL: MessageResponse = MessageResponse {
    message: "Check your email",
};
pub const DONE: MessageResponse = MessageResponse { message: "Done" };

impl From<SecretString> for TokenResponse {
    fn from(token: SecretString) -> Self {
        Self {
            token: token.expose_secret().to_owned(),
        }
    }
}
