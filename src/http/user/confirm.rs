//! `POST /user/confirm` and `POST /user/confirm/resend`

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use super::forgot::EmailRequest;
use super::response::{CHECK_MAIL, DONE, MessageResponse};
use crate::http::fields::Fields;
use crate::http::json::{Json, Text};
use crate::http::limits::Action;
use crate::http::openapi::{ConfirmProblems, ForgotProblems};
use crate::http::problem::Problem;
use crate::http::problem_kind as kind;
use crate::http::visitor::{DeviceTokenCookie, DeviceTokenHeader, Visitor};
use crate::user_manager::{ConfirmError, UserManager};

#[derive(Debug, Deserialize, ToSchema)]
pub struct ConfirmRequest {
    #[serde(default)]
    #[schema(value_type = String, required = true, format = Email, max_length = 254, example = "ann@example.com")]
    email: Text,
    /// From the mail.
    #[serde(default)]
    #[schema(value_type = String, required = true, example = "8c4vT1yVZbqY0sZC6cGm9g1kBf3vTn7Qe5rXhUu2dLw")]
    confirm_token: Text,
}

/// Prove the mailbox with the token from the mail.
///
/// The mail of the registration links to the page `/confirm` of your front end with `email` and
/// `token` in the fragment. The page posts them here when a person presses a button: mail scanners
/// open links, and a GET must not use a token up.
#[utoipa::path(post, path = "/user/confirm", tag = "user", request_body = ConfirmRequest,
    params(DeviceTokenHeader, DeviceTokenCookie),
    responses((status = 200, description = "Confirmed", body = MessageResponse), ConfirmProblems))]
pub async fn confirm(
    State(users): State<UserManager>,
    visitor: Visitor,
    Json(body): Json<ConfirmRequest>,
) -> Result<axum::Json<MessageResponse>, Problem> {
    let mut fields = Fields::new(users.password_policy());
    let email = fields.email(&body.email);
    let missing = &kind::CONFIRM_TOKEN_REQUIRED;
    let token = fields.required("confirm_token", &body.confirm_token, missing);
    let (Some(email), Some(token)) = (email, token) else {
        return Err(fields.into_problem());
    };
    visitor.enter(Action::Confirm, email.key())?;
    let confirmed = users.confirm(&email, token, &visitor.source()).await;
    if let Err(ConfirmError::InvalidToken) = confirmed {
        visitor.had_wrong_token(Action::Confirm, email.key())?;
    }
    confirmed?;
    Ok(axum::Json(DONE))
}

/// Ask for the confirmation mail again.
///
/// The answer is the same for any address. Nothing is sent where the address is confirmed already,
/// and at most three mails in an hour.
#[utoipa::path(post, path = "/user/confirm/resend", tag = "user", request_body = EmailRequest,
    params(DeviceTokenHeader, DeviceTokenCookie),
    responses((status = 200, description = "Perhaps there is mail", body = MessageResponse), ForgotProblems))]
pub async fn resend_confirmation(
    State(users): State<UserManager>,
    visitor: Visitor,
    Json(body): Json<EmailRequest>,
) -> Result<axum::Json<MessageResponse>, Problem> {
    let mut fields = Fields::new(users.password_policy());
    let Some(email) = fields.email(&body.email) else {
        return Err(fields.into_problem());
    };
    visitor.enter(Action::Resend, email.key())?;
    let source = visitor.source();
    users.resend_confirmation(&email, &source).await?;
    Ok(axum::Json(CHECK_MAIL))
}
