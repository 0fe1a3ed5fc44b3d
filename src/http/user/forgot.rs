//! `POST /user/forgot`

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use super::response::{CHECK_MAIL, MessageResponse};
use crate::http::fields::Fields;
use crate::http::json::{Json, Text};
use crate::http::limits::Action;
use crate::http::openapi::ForgotProblems;
use crate::http::problem::Problem;
use crate::http::visitor::{DeviceTokenCookie, DeviceTokenHeader, Visitor};
use crate::user_manager::UserManager;

/// An address alone.
#[derive(Debug, Deserialize, ToSchema)]
pub struct EmailRequest {
    #[serde(default)]
    #[schema(value_type = String, required = true, format = Email, max_length = 254, example = "ann@example.com")]
    pub email: Text,
}

/// Ask for a mail to choose a new password.
///
/// The answer is the same for any address, and takes the same time. The mail has a link to the page
/// `/reset` of your front end with `email` and `token` in the fragment, and on a line of its own the
/// bare token. It works once, for 30 minutes. An address gets three such mails in an hour.
#[utoipa::path(post, path = "/user/forgot", tag = "user", request_body = EmailRequest,
    params(DeviceTokenHeader, DeviceTokenCookie),
    responses((status = 200, description = "Perhaps there is mail", body = MessageResponse), ForgotProblems))]
pub async fn forgot(
    State(users): State<UserManager>,
    visitor: Visitor,
    Json(body): Json<EmailRequest>,
) -> Result<axum::Json<MessageResponse>, Problem> {
    let mut fields = Fields::new(users.password_policy());
    let Some(email) = fields.email(&body.email) else {
        return Err(fields.into_problem());
    };
    visitor.enter(Action::Forgot, email.key())?;
    users.forgot_password(&email, &visitor.source()).await?;
    Ok(axum::Json(CHECK_MAIL))
}
