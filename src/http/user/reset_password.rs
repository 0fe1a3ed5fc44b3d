//! `POST /user/reset_password`

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use super::response::{DONE, MessageResponse};
use crate::http::fields::Fields;
use crate::http::json::{Json, Text};
use crate::http::limits::Action;
use crate::http::openapi::ResetProblems;
use crate::http::problem::Problem;
use crate::http::problem_kind as kind;
use crate::http::visitor::{DeviceTokenCookie, DeviceTokenHeader, SetDevice, Visitor};
use crate::user_manager::{ResetPasswordError, UserManager};

#[derive(Debug, Deserialize, ToSchema)]
pub struct ResetPasswordRequest {
    #[serde(default)]
    #[schema(value_type = String, required = true, format = Email, max_length = 254, example = "ann@example.com")]
    email: Text,
    /// From the mail.
    #[serde(default)]
    #[schema(value_type = String, required = true, example = "8c4vT1yVZbqY0sZC6cGm9g1kBf3vTn7Qe5rXhUu2dLw")]
    reset_token: Text,
    #[serde(default)]
    #[schema(value_type = String, required = true, format = Password, example = "xyz789")]
    new_password: Text,
    #[serde(default)]
    #[schema(value_type = String, required = true, format = Password, example = "xyz789")]
    new_password_confirm: Text,
}

/// Choose a new password with the token from the mail.
///
/// Every older access token is dead at once, the account is unlocked, and the address counts as
/// confirmed, since its mailbox was proven. There is no new token in the answer: log in with the
/// new password. A token that was used, has expired or belongs to somebody else is answered
/// `invalid_one_time_token`, all alike.
#[utoipa::path(post, path = "/user/reset_password", tag = "user", request_body = ResetPasswordRequest,
    params(DeviceTokenHeader, DeviceTokenCookie),
    responses(
        (status = 200, description = "Changed", body = MessageResponse, headers(
            ("Set-Cookie" = String, description = "The device token, for the next login"))),
        ResetProblems))]
pub async fn reset_password(
    State(users): State<UserManager>,
    visitor: Visitor,
    Json(body): Json<ResetPasswordRequest>,
) -> Result<(SetDevice, axum::Json<MessageResponse>), Problem> {
    let mut fields = Fields::new(users.password_policy());
    let email = fields.email(&body.email);
    let token = fields.required(
        "reset_token",
        &body.reset_token,
        &kind::RESET_TOKEN_REQUIRED,
    );
    let (new, confirm) = (&body.new_password, &body.new_password_confirm);
    let new = fields.new_password("new_password", new, confirm);
    let (Some(email), Some(token), Some(new)) = (email, token, new) else {
        return Err(fields.into_problem());
    };
    visitor.enter(Action::Reset, email.key())?;
    let new = fields.hard_to_guess("new_password", new, &email)?;
    let reset = users
        .reset_password(&email, token, &new, &visitor.source())
        .await;
    if let Err(ResetPasswordError::InvalidToken) = reset {
        visitor.had_wrong_token(Action::Reset, email.key())?;
    }
    Ok((visitor.remember(&reset?, email.key()), axum::Json(DONE)))
}
