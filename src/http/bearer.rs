//! The account behind `Authorization: Bearer <token>` (RFC 6750 section 2.1).

use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

use super::HttpSettings;
use super::problem::Problem;
use super::problem_kind::{self as kind, ProblemKind};
use crate::domain::account::Account;
use crate::user_manager::UserManager;

/// Whoever sent the request, checked against the database after it arrived.
#[derive(Debug)]
pub struct Bearer(pub(super) Arc<Account>);

impl<S> FromRequestParts<S> for Bearer
where
    S: Send + Sync,
    UserManager: FromRef<S>,
    Arc<HttpSettings>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let status = Arc::<HttpSettings>::from_ref(state).token_error_status;
        let token = token(&parts.headers).map_err(|wrong| Problem::of_token(wrong, status))?;
        let account = UserManager::from_ref(state).authenticate(token).await;
        account
            .map(Bearer)
            .map_err(|error| error.into_problem(status))
    }
}

/// The token of the one `Authorization` header, with the scheme in any letter case.
fn token(headers: &HeaderMap) -> Result<&str, &'static ProblemKind> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().ok_or(&kind::MISSING_AUTHORIZATION)?;
    let value = value.to_str().unwrap_or_default().trim_ascii();
    let words = value.split_once(|c: char| c.is_ascii_whitespace());
    let (scheme, token) = words.ok_or(&kind::MALFORMED_AUTHORIZATION)?;
    let token = token.trim_ascii_start();
    let is_one_word = !token.bytes().any(|byte| byte.is_ascii_whitespace());
    if values.next().is_none() && scheme.eq_ignore_ascii_case("bearer") && is_one_word {
        Ok(token)
    } else {
        Err(&kind::MALFORMED_AUTHORIZATION)
    }
}
