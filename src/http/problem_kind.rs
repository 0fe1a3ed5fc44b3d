//! Everything that an answer can say went wrong: status, stable code, and words.
//!
//! Old clients compare the words, new ones branch on the codes; the OpenAPI description is made
//! from this table.

use axum::http::StatusCode;

/// One thing that can go wrong.
#[derive(Debug, PartialEq, Eq)]
pub struct ProblemKind {
    pub status: StatusCode,
    /// What clients branch on.
    pub code: &'static str,
    /// What people read; some are made from the settings in force instead.
    pub detail: &'static str,
    /// Answered with `Retry-After`.
    pub retry: bool,
}

const fn kind(status: StatusCode, code: &'static str, detail: &'static str) -> ProblemKind {
    ProblemKind {
        status,
        code,
        detail,
        retry: false,
    }
}

const fn later(status: StatusCode, code: &'static str, detail: &'static str) -> ProblemKind {
    ProblemKind {
        status,
        code,
        detail,
        retry: true,
    }
}

const BAD: StatusCode = StatusCode::BAD_REQUEST;

pub const INVALID_EMAIL: ProblemKind = kind(BAD, "invalid_email", "Invalid email");
pub const PASSWORD_MISMATCH: ProblemKind =
    kind(BAD, "password_mismatch", "Password does not match");
pub const PASSWORD_POLICY: ProblemKind = kind(
    BAD,
    "password_policy",
    "Password must be 6-24 characters, including letters and digits",
);
pub const PASSWORD_GUESSABLE: ProblemKind =
    kind(BAD, "password_guessable", "Password is too easy to guess");
pub const EMAIL_TAKEN: ProblemKind = kind(BAD, "email_taken", "This email is already in use");
pub const WRONG_CREDENTIALS: ProblemKind =
    kind(BAD, "wrong_credentials", "Invalid email or password");
pub const RESET_TOKEN_REQUIRED: ProblemKind =
    kind(BAD, "reset_token_required", "Reset token is required");
pub const CONFIRM_TOKEN_REQUIRED: ProblemKind =
    kind(BAD, "confirm_token_required", "Confirm token is required");
pub const CURRENT_PASSWORD_REQUIRED: ProblemKind = kind(
    BAD,
    "current_password_required",
    "Current password is required",
);
pub const WRONG_PASSWORD: ProblemKind = kind(BAD, "wrong_password", "Invalid password");
pub const EMAIL_NOT_FOUND: ProblemKind = kind(BAD, "email_not_found", "Email not found");
pub const INVALID_ONE_TIME_TOKEN: ProblemKind =
    kind(BAD, "invalid_one_time_token", "Invalid token");
pub const MALFORMED_BODY: ProblemKind =
    kind(BAD, "malformed_body", "The body must be one JSON object");

/// The three that `http.token_error_status` can turn into 401.
pub const INVALID_TOKEN: ProblemKind = kind(BAD, "invalid_token", "Invalid token");
pub const MISSING_AUTHORIZATION: ProblemKind = kind(
    BAD,
    "missing_authorization",
    "No Authorization header was found",
);
pub const MALFORMED_AUTHORIZATION: ProblemKind = kind(
    BAD,
    "malformed_authorization",
    "Format is \"Authorization: Bearer [token]\"",
);

pub const ACCOUNT_LOCKED: ProblemKind =
    later(StatusCode::FORBIDDEN, "account_locked", "Account locked");
pub const ACCOUNT_DISABLED: ProblemKind = kind(
    StatusCode::FORBIDDEN,
    "account_disabled",
    "Account disabled",
);
pub const EMAIL_NOT_CONFIRMED: ProblemKind = kind(
    StatusCode::FORBIDDEN,
    "email_not_confirmed",
    "Email not confirmed",
);

/// Refused before it is known what the request is for.
pub const MALFORMED_REQUEST: ProblemKind = kind(
    BAD,
    "malformed_request",
    "The request can be read in more than one way",
);
pub const NOT_FOUND: ProblemKind =
    kind(StatusCode::NOT_FOUND, "not_found", "There is nothing here");
pub const METHOD_NOT_ALLOWED: ProblemKind = kind(
    StatusCode::METHOD_NOT_ALLOWED,
    "method_not_allowed",
    "This method is not allowed here",
);
pub const REQUEST_TIMEOUT: ProblemKind = kind(
    StatusCode::REQUEST_TIMEOUT,
    "request_timeout",
    "The body did not arrive in time",
);
pub const BODY_TOO_LARGE: ProblemKind = kind(
    StatusCode::PAYLOAD_TOO_LARGE,
    "body_too_large",
    "The body is too large",
);
pub const UNSUPPORTED_MEDIA_TYPE: ProblemKind = kind(
    StatusCode::UNSUPPORTED_MEDIA_TYPE,
    "unsupported_media_type",
    "The body must be sent as application/json",
);

pub const RATE_LIMITED: ProblemKind = later(
    StatusCode::TOO_MANY_REQUESTS,
    "rate_limited",
    "Too many requests, try again later",
);

pub const INTERNAL: ProblemKind = kind(
    StatusCode::INTERNAL_SERVER_ERROR,
    "internal",
    "Something went wrong on our side",
);
pub const OVERLOADED: ProblemKind = later(
    StatusCode::SERVICE_UNAVAILABLE,
    "overloaded",
    "Too many requests at once, try again in a moment",
);
pub const UNAVAILABLE: ProblemKind = later(
    StatusCode::SERVICE_UNAVAILABLE,
    "unavailable",
    "The service is not available, try again in a moment",
);
