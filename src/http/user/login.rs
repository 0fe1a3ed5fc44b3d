//! `POST /user/login`

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use super::response::TokenResponse;
use crate::http::fields::Fields;
use crate::http::json::{Json, Text};
use crate::http::openapi::LoginProblems;
use crate::http::problem::Problem;
use crate::http::problem_kind as kind;
use crate::user_manager::UserManager;

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
#[utoipa::path(post, path = "/user/login", tag = "user", request_body = LoginRequest,
    responses((status = 200, description = "Logged in", body = TokenResponse), LoginProblems))]
pub async fn login(
    State(users): State<UserManager>,
    Json(body): Json<LoginRequest>,
) -> Result<axum::Json<TokenResponse>, Problem> {
    let mut fields = Fields::new(users.password_policy());
    let email = fields.email(&body.email);
    let password = fields.required("password", &body.password, &kind::WRONG_CREDENTIALS);
    let (Some(email), Some(password)) = (email, password) else {
        return Err(fields.into_problem());
    };
    let password = users.password_policy().present(password);
    Ok(axum::Json(users.login(&email, password).await?.into()))
}
