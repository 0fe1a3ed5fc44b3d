//! `POST /user/create`

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use utoipa::ToSchema;

use super::response::{CHECK_MAIL, MessageResponse, TokenResponse};
use crate::http::accept_language::{AcceptLanguage, AcceptLanguageHeader};
use crate::http::fields::Fields;
use crate::http::json::{Json, Text};
use crate::http::limits::Action;
use crate::http::openapi::CreateProblems;
use crate::http::problem::Problem;
use crate::http::visitor::{DeviceTokenCookie, DeviceTokenHeader, Visitor};
use crate::user_manager::{Registered, UserManager};

#[derive(Debug, Deserialize, ToSchema)]
pub struct CreateRequest {
    #[serde(default)]
    #[schema(value_type = String, required = true, format = Email, max_length = 254, example = "ann@example.com")]
    email: Text,
    #[serde(default)]
    #[schema(value_type = String, required = true, format = Password, example = "abc123")]
    password: Text,
    #[serde(default)]
    #[schema(value_type = String, required = true, format = Password, example = "abc123")]
    password_confirm: Text,
}

/// The two answers to a registration, for the description.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "a schema, never a value")]
pub enum CreateResponse {
    Token(TokenResponse),
    CheckMail(MessageResponse),
}

/// Register.
///
/// Gives a token, and sends a mail with a link to confirm the address. Where confirmation is
/// required there is no token yet: the answer is `{"message": "Check your email"}`, the same whether
/// or not the address has an account.
///
/// Capital letters and other spellings of an address are one account. The password has to fit the
/// policy in force, which the error's `detail` tells.
#[utoipa::path(post, path = "/user/create", tag = "user", request_body = CreateRequest,
    params(DeviceTokenHeader, DeviceTokenCookie, AcceptLanguageHeader),
    responses(
        (status = 201, description = "Registered", body = CreateResponse, headers(
            ("Set-Cookie" = String, description = "With a token: the device token, for the next login"))),
        CreateProblems))]
pub async fn create(
    State(users): State<UserManager>,
    visitor: Visitor,
    accept_language: AcceptLanguage,
    Json(body): Json<CreateRequest>,
) -> Result<Response, Problem> {
    let mut fields = Fields::new(users.password_policy());
    let email = fields.email(&body.email);
    let password = fields.new_password("password", &body.password, &body.password_confirm);
    let (Some(email), Some(password)) = (email, password) else {
        return Err(fields.into_problem());
    };
    visitor.enter(Action::Create, email.key())?;
    let password = fields.hard_to_guess("password", password, &email)?;
    let language = users.preferred_language(&accept_language.0);
    let source = visitor.source();
    let registered = users.register(&email, &password, language, &source).await?;
    Ok(match registered {
        Registered::Token(new) => {
            let set_device = visitor.remember(&new.device_token, email.key());
            let token = axum::Json(TokenResponse::from(new.token));
            (StatusCode::CREATED, set_device, token).into_response()
        }
        Registered::CheckMail => (StatusCode::CREATED, axum::Json(CHECK_MAIL)).into_response(),
    })
}
