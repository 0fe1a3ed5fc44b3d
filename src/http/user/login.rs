//! `POST /user/login`

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use super::response::TokenResponse;
use crate::http::fields::Fields;
use crate::http::json::{Json, Text};
use crate::http::limits::Action;
use crate::http::openapi::LoginProblems;
use crate::http::problem::Problem;
use crate::http::problem_kind as kind;
use crate::http::visitor::{DeviceTokenCookie, DeviceTokenHeader, SetDevice, Visitor};
use crate::user_manager::{LoginError, UserManager};

#[derive(Debug, Deserialize, ToSchema)]
pub struct LoginRequest {
    #[serde(default)]
    #[schema(value_type = String, required = true, format = Email, max_length = 254, example = "ann@example.com")]
    email: Text,
    #[serde(default)]
    #[schema(value_type = String, required = true, format = Password, example = "abc123")]
    password: Text,
}

/// Log in.
///
/// Gives a token for `Authorization: Bearer …`, valid for 24 hours unless configured otherwise, or
/// until the password is changed.
///
/// A wrong password and an address without an account get the same answer. The fifth wrong
/// password in a row locks the address for 15 minutes: `account_locked`, with the seconds to wait
/// in `Retry-After`. Tokens that were given before go on working, and a reset by mail unlocks.
///
/// The answer also has a device token as an `HttpOnly` cookie. Who shows it at the next login is
/// not touched by a lock that others caused. A client without cookies keeps the cookie's value and
/// sends it as `Device-Token`.
#[utoipa::path(post, path = "/user/login", tag = "user", request_body = LoginRequest,
    params(DeviceTokenHeader, DeviceTokenCookie),
    responses(
        (status = 200, description = "Logged in", body = TokenResponse, headers(
            ("Set-Cookie" = String, description = "The device token, for the next login"))),
        LoginProblems))]
pub async fn login(
    State(users): State<UserManager>,
    visitor: Visitor,
    Json(body): Json<LoginRequest>,
) -> Result<(SetDevice, axum::Json<TokenResponse>), Problem> {
    let mut fields = Fields::new(users.password_policy());
    let email = fields.email(&body.email);
    let password = fields.required("password", &body.password, &kind::WRONG_CREDENTIALS);
    let (Some(email), Some(password)) = (email, password) else {
        return Err(fields.into_problem());
    };
    let device = visitor.enter(Action::Login, email.key())?;
    let password = users.password_policy().present(password);
    let logged_in = users
        .login(&email, password, device, visitor.source())
        .await;
    let logged_in = logged_in.inspect_err(|error| {
        if matches!(error, LoginError::WrongCredentials) {
            visitor.was_wrong(device.as_ref());
        }
    })?;
    let set_device = visitor.remember(&logged_in.device_token, email.key());
    Ok((set_device, axum::Json(logged_in.token.into())))
}
