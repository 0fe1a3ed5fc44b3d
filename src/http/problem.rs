//! Error answers: RFC 9457 problem details with the old API's `err_msg`. The only file that
//! knows which failure of the service layer has which status.

use std::borrow::Cow;
use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::problem_kind::{self as kind, ProblemKind};
use crate::domain::password::{PasswordPolicy, PolicyViolation};
use crate::user_manager::{
    AuthenticateError, ChangePasswordError, ConfirmError, Failure, LoginError, RegisterError,
    ResetPasswordError,
};

/// What a client is told to wait when nothing better is known.
const A_MOMENT: Duration = Duration::from_secs(1);

/// Marks an answer that the log has only in a sum.
#[derive(Debug, Clone, Copy)]
pub struct Summed;

/// An error answer.
#[derive(Debug)]
pub struct Problem {
    kind: &'static ProblemKind,
    /// Differs from the kind's only for tokens.
    status: StatusCode,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    retry_after: Option<Duration>,
    /// The `WWW-Authenticate` header.
    challenge: Option<&'static str>,
}

/// Problem details (RFC 9457). `err_msg` says the same as `detail`, for clients of the old API.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// Always `about:blank`: `code` tells the kinds apart.
    #[schema(example = "about:blank")]
    pub r#type: &'static str,
    /// The status in words.
    #[schema(value_type = String, example = "Bad Request")]
    pub title: Cow<'static, str>,
    #[schema(example = 400)]
    pub status: u16,
    /// What went wrong, for a person.
    #[schema(value_type = String, example = "Invalid email")]
    pub detail: Cow<'static, str>,
    /// What went wrong, for a program; never changes.
    #[schema(example = "invalid_email")]
    pub code: &'static str,
    /// The same as `detail`.
    #[schema(value_type = String, example = "Invalid email")]
    pub err_msg: Cow<'static, str>,
    /// Every wrong field, when there are several; `code` and `detail` are the first one's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    #[schema(example = "email")]
    pub field: &'static str,
    #[schema(example = "invalid_email")]
    pub code: &'static str,
    #[schema(value_type = String, example = "Invalid email")]
    pub detail: Cow<'static, str>,
    #[serde(skip)]
    pub kind: &'static ProblemKind,
}

impl Problem {
    pub fn of(kind: &'static ProblemKind) -> Self {
        Self {
            kind,
            status: kind.status,
            detail: kind.detail.into(),
            errors: Vec::new(),
            retry_after: kind.retry.then_some(A_MOMENT),
            challenge: None,
        }
    }

    /// The first wrong field speaks for all; the list is there when there are more.
    pub fn of_fields(errors: Vec<FieldError>) -> Self {
        let Some(first) = errors.first() else {
            return Self::of(&kind::INTERNAL);
        };
        let detail = first.detail.clone();
        let problem = Self {
            detail,
            ..Self::of(first.kind)
        };
        if errors.len() > 1 {
            Self { errors, ..problem }
        } else {
            problem
        }
    }

    /// For a bearer token: RFC 6750 section 3, with the status that is configured.
    pub fn of_token(kind: &'static ProblemKind, status: StatusCode) -> Self {
        let challenge = if *kind == kind::MISSING_AUTHORIZATION {
            "Bearer realm=\"doorward\""
        } else {
            "Bearer realm=\"doorward\", error=\"invalid_token\""
        };
        Self {
            status,
            challenge: Some(challenge),
            ..Self::of(kind)
        }
    }

    /// There is another one after this time.
    pub fn rate_limited(wait: Duration) -> Self {
        Self {
            retry_after: Some(wait),
            ..Self::of(&kind::RATE_LIMITED)
        }
    }

    fn locked(left: Duration) -> Self {
        Self {
            retry_after: Some(left),
            ..Self::of(&kind::ACCOUNT_LOCKED)
        }
    }
}

impl FieldError {
    pub fn new(field: &'static str, kind: &'static ProblemKind) -> Self {
        Self {
            field,
            code: kind.code,
            detail: kind.detail.into(),
            kind,
        }
    }

    pub fn policy(
        field: &'static str,
        violation: PolicyViolation,
        policy: &PasswordPolicy,
    ) -> Self {
        match violation {
            PolicyViolation::Shape => Self {
                detail: policy.message().into(),
                ..Self::new(field, &kind::PASSWORD_POLICY)
            },
            PolicyViolation::Guessable => Self::new(field, &kind::PASSWORD_GUESSABLE),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = ProblemBody {
            r#type: "about:blank",
            title: self.status.canonical_reason().unwrap_or_default().into(),
            status: self.status.as_u16(),
            detail: self.detail.clone(),
            code: self.kind.code,
            err_msg: self.detail,
            errors: self.errors,
        };
        let mut response = (self.status, axum::Json(body)).into_response();
        if *self.kind == kind::OVERLOADED {
            response.extensions_mut().insert(Summed);
        }
        let headers = response.headers_mut();
        let json = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, json);
        if let Some(after) = self.retry_after {
            let seconds = after.as_millis().div_ceil(1_000).max(1);
            headers.insert(
                header::RETRY_AFTER,
                HeaderValue::from(u64::try_from(seconds).unwrap_or(1)),
            );
        }
        if let Some(challenge) = self.challenge {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static(challenge),
            );
        }
        response
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unavailable(error) => {
                tracing::warn!(%error, "the database is not available");
                Self::of(&kind::UNAVAILABLE)
            }
            Failure::Overloaded(retry_after) => Self {
                retry_after: Some(retry_after),
                ..Self::of(&kind::OVERLOADED)
            },
            Failure::Internal(error) => {
                tracing::error!(error, "internal error");
                Self::of(&kind::INTERNAL)
            }
        }
    }
}

impl From<RegisterError> for Problem {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::EmailTaken => Self::of(&kind::EMAIL_TAKEN),
            RegisterError::Failed(failure) => failure.into(),
        }
    }
}

impl From<LoginError> for Problem {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::WrongCredentials => Self::of(&kind::WRONG_CREDENTIALS),
            LoginError::Locked(left) => Self::locked(left),
            LoginError::Disabled => Self::of(&kind::ACCOUNT_DISABLED),
            LoginError::NotConfirmed => Self::of(&kind::EMAIL_NOT_CONFIRMED),
            LoginError::Failed(failure) => failure.into(),
        }
    }
}

impl ChangePasswordError {
    /// A token that died meanwhile has the status of dead tokens.
    pub(super) fn into_problem(self, token_error_status: StatusCode) -> Problem {
        match self {
            Self::EmailNotFound => Problem::of(&kind::EMAIL_NOT_FOUND),
            Self::WrongPassword => Problem::of(&kind::WRONG_PASSWORD),
            Self::Locked(left) => Problem::locked(left),
            Self::InvalidToken => Problem::of_token(&kind::INVALID_TOKEN, token_error_status),
            Self::Failed(failure) => failure.into(),
        }
    }
}

impl AuthenticateError {
    pub(super) fn into_problem(self, token_error_status: StatusCode) -> Problem {
        match self {
            Self::InvalidToken => Problem::of_token(&kind::INVALID_TOKEN, token_error_status),
            Self::Failed(failure) => failure.into(),
        }
    }
}

impl From<ResetPasswordError> for Problem {
    fn from(error: ResetPasswordError) -> Self {
        match error {
            ResetPasswordError::InvalidToken => Self::of(&kind::INVALID_ONE_TIME_TOKEN),
            ResetPasswordError::Failed(failure) => failure.into(),
        }
    }
}

impl From<ConfirmError> for Problem {
    fn from(error: ConfirmError) -> Self {
        match error {
            ConfirmError::InvalidToken => Self::of(&kind::INVALID_ONE_TIME_TOKEN),
            ConfirmError::Failed(failure) => failure.into(),
        }
    }
}
