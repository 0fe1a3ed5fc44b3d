//! The OpenAPI description, made from the handlers and the table of problems.

mod links;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::body::Bytes;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use serde_json::json;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{Object, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, RefOr};
use utoipa::{IntoResponses, Modify, OpenApi};

use links::Links;

use super::problem::{FieldError, ProblemBody};
use super::problem_kind::{self as kind, ProblemKind};
use super::{health, user};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "doorward",
        description = "Accounts: register, log in, recover and change a password.\n\nErrors are \
            problem details (RFC 9457); branch on `code`. With `http.token_error_status = 401` a \
            missing or dead token is answered 401 instead of 400."
    ),
    paths(
        user::create, user::login, user::me, user::change_password, user::forgot,
        user::reset_password, user::confirm, user::resend_confirmation, health::live,
        health::ready, serve
    ),
    components(schemas(ProblemBody, FieldError)),
    modifiers(&BearerScheme, &Links)
)]
struct Description;

struct BearerScheme;

impl Modify for BearerScheme {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_default();
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        components.add_security_scheme("bearer", scheme);
    }
}

/// The whole description.
#[must_use]
pub fn description() -> utoipa::openapi::OpenApi {
    Description::openapi()
}

/// This description.
///
/// Import it into Postman or any other client; `/docs` shows it to people.
#[utoipa::path(get, path = "/openapi.json", tag = "meta",
    responses((status = 200, description = "OpenAPI 3.1", content_type = "application/json"), NoProblems))]
pub async fn serve() -> impl IntoResponse {
    // Made once: it is a thousand times the work of any other answer, and anybody can ask for it.
    static TEXT: LazyLock<Bytes> =
        LazyLock::new(|| description().to_json().unwrap_or_default().into());
    let json = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, json)], TEXT.clone())
}

/// What every operation that takes a body can answer.
const BODY: [&ProblemKind; 8] = [
    &kind::MALFORMED_BODY,
    &kind::REQUEST_TIMEOUT,
    &kind::BODY_TOO_LARGE,
    &kind::UNSUPPORTED_MEDIA_TYPE,
    &kind::INTERNAL,
    &kind::UNAVAILABLE,
    &kind::METHOD_NOT_ALLOWED,
    &kind::RATE_LIMITED,
];

/// What every operation with a bearer token can answer.
const TOKEN: [&ProblemKind; 3] = [
    &kind::MISSING_AUTHORIZATION,
    &kind::MALFORMED_AUTHORIZATION,
    &kind::INVALID_TOKEN,
];

/// Names the problems of an operation, for its `responses(…)`.
macro_rules! problems {
    ($name:ident: $($list:expr),+ $(,)?) => {
        pub struct $name;
        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                let mut kinds: Vec<&'static ProblemKind> = Vec::new();
                $(kinds.extend($list);)+
                document(&kinds)
            }
        }
    };
}

problems!(NoProblems: [&kind::METHOD_NOT_ALLOWED, &kind::INTERNAL]);
problems!(HealthProblems: [&kind::METHOD_NOT_ALLOWED, &kind::INTERNAL, &kind::UNAVAILABLE]);
problems!(CreateProblems: BODY, [
    &kind::INVALID_EMAIL, &kind::PASSWORD_MISMATCH, &kind::PASSWORD_POLICY,
    &kind::PASSWORD_GUESSABLE, &kind::EMAIL_TAKEN, &kind::OVERLOADED,
]);
problems!(LoginProblems: BODY, [
    &kind::INVALID_EMAIL, &kind::WRONG_CREDENTIALS, &kind::ACCOUNT_LOCKED,
    &kind::ACCOUNT_DISABLED, &kind::EMAIL_NOT_CONFIRMED, &kind::OVERLOADED,
]);
problems!(MeProblems: TOKEN, [&kind::INTERNAL, &kind::UNAVAILABLE, &kind::METHOD_NOT_ALLOWED]);
problems!(ChangePasswordProblems: BODY, TOKEN, [
    &kind::INVALID_EMAIL, &kind::CURRENT_PASSWORD_REQUIRED, &kind::PASSWORD_MISMATCH,
    &kind::PASSWORD_POLICY, &kind::PASSWORD_GUESSABLE, &kind::EMAIL_NOT_FOUND,
    &kind::WRONG_PASSWORD, &kind::ACCOUNT_LOCKED, &kind::OVERLOADED,
]);
problems!(ForgotProblems: BODY, [&kind::INVALID_EMAIL]);
problems!(ResetProblems: BODY, [
    &kind::INVALID_EMAIL, &kind::RESET_TOKEN_REQUIRED, &kind::PASSWORD_MISMATCH,
    &kind::PASSWORD_POLICY, &kind::PASSWORD_GUESSABLE, &kind::INVALID_ONE_TIME_TOKEN,
    &kind::OVERLOADED,
]);
problems!(ConfirmProblems: BODY, [
    &kind::INVALID_EMAIL, &kind::CONFIRM_TOKEN_REQUIRED, &kind::INVALID_ONE_TIME_TOKEN,
]);

/// One response for each status, with an example for each problem; tokens also as 401.
fn document(kinds: &[&'static ProblemKind]) -> BTreeMap<String, RefOr<Response>> {
    let mut by_status: BTreeMap<u16, Vec<&ProblemKind>> = BTreeMap::new();
    for kind in kinds {
        by_status
            .entry(kind.status.as_u16())
            .or_default()
            .push(kind);
        if TOKEN.contains(kind) {
            by_status.entry(401).or_default().push(kind);
        }
    }
    by_status
        .into_iter()
        .map(|(status, kinds)| (status.to_string(), RefOr::T(response(status, &kinds))))
        .collect()
}

fn response(status: u16, kinds: &[&ProblemKind]) -> Response {
    let examples = kinds.iter().map(|kind| {
        let body = json!({
            "type": "about:blank",
            "title": axum::http::StatusCode::from_u16(status)
                .ok().and_then(|status| status.canonical_reason()),
            "status": status,
            "detail": kind.detail,
            "code": kind.code,
            "err_msg": kind.detail,
        });
        (
            kind.code,
            ExampleBuilder::new()
                .summary(kind.detail)
                .value(Some(body))
                .build(),
        )
    });
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .examples_from_iter(examples)
        .build();
    let codes: Vec<&str> = kinds.iter().map(|kind| kind.code).collect();
    let mut response = ResponseBuilder::new()
        .description(codes.join(", "))
        .content("application/problem+json", content);
    if kinds.iter().any(|kind| kind.retry) {
        let seconds = HeaderBuilder::new()
            .schema(Some(Object::with_type(Type::Integer)))
            .description(Some("Seconds to wait"))
            .build();
        response = response.header("Retry-After", seconds);
    }
    if kinds.iter().any(|kind| TOKEN.contains(kind)) {
        let challenge = HeaderBuilder::new()
            .description(Some("RFC 6750 section 3"))
            .build();
        response = response.header("WWW-Authenticate", challenge);
    }
    response.build()
}
