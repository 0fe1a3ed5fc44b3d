//! `POST /user/change_password`

use std::sync::Arc;

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use super::response::TokenResponse;
use crate::http::HttpSettings;
use crate::http::bearer::Bearer;
use crate::http::fields::Fields;
use crate::http::json::{Json, Text};
use crate::http::limits::Action;
use crate::http::openapi::ChangePasswordProblems;
use crate::http::problem::Problem;
use crate::http::problem_kind as kind;
use crate::http::visitor::{DeviceTokenCookie, DeviceTokenHeader, SetDevice, Visitor};
use crate::user_manager::{ChangePasswordError, UserManager};

#[derive(Debug, Deserialize, ToSchema)]
pub struct ChangePasswordRequest {
    /// The token's own account.
    #[serde(default)]
    #[schema(value_type = String, required = true, format = Email, max_length = 254, example = "ann@example.com")]
    email: Text,
    /// The current password.
    #[serde(default)]
    #[schema(value_type = String, required = true, format = Password, example = "abc123")]
    password: Text,
    #[serde(default)]
    #[schema(value_type = String, required = true, format = Password, example = "xyz789")]
    new_password: Text,
    #[serde(default)]
    #[schema(value_type = String, required = true, format = Password, example = "xyz789")]
    new_password_confirm: Text,
}

/// Change the password.
///
/// `email` is the account's own address and `password` the current password. Every older token is
/// dead at once, on every device; the answer has a new one. Links in reset mails that were sent
/// before are useless from now on. A mail tells the owner.
///
/// Wrong passwords count together with those of the login and lock the address in the same way.
#[utoipa::path(post, path = "/user/change_password", tag = "user", security(("bearer" = [])),
    request_body = ChangePasswordRequest, params(DeviceTokenHeader, DeviceTokenCookie),
    responses(
        (status = 200, description = "Changed", body = TokenResponse, headers(
            ("Set-Cookie" = String, description = "The device token, for the next login"))),
        ChangePasswordProblems))]
pub async fn change_password(
    State(users): State<UserManager>,
    State(settings): State<Arc<HttpSettings>>,
    visitor: Visitor,
    Bearer(account): Bearer,
    Json(body): Json<ChangePasswordRequest>,
) -> Result<(SetDevice, axum::Json<TokenResponse>), Problem> {
    let mut fields = Fields::new(users.password_policy());
    let email = fields.email(&body.email);
    let missing = &kind::CURRENT_PASSWORD_REQUIRED;
    let current = fields.required("password", &body.password, missing);
    let (new, confirm) = (&body.new_password, &body.new_password_confirm);
    let new = fields.new_password("new_password", new, confirm);
    let (Some(email), Some(current), Some(new)) = (email, current, new) else {
        return Err(fields.into_problem());
    };
    let device = visitor.enter(Action::Login, email.key())?;
    let new = fields.hard_to_guess("new_password", new, &email)?;
    let current = users.password_policy().present(current);
    let source = visitor.source();
    let changed = users.change_password(&account, &email, current, &new, device, source);
    let changed = changed.await.map_err(|error| {
        if matches!(error, ChangePasswordError::WrongPassword) {
            visitor.was_wrong(device.as_ref());
        }
        error.into_problem(settings.token_error_status)
    })?;
    let set_device = visitor.remember(&changed.device_token, email.key());
    Ok((set_device, axum::Json(changed.token.into())))
}
