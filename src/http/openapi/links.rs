//! What an answer is good for next, as OpenAPI links: a program that follows them comes from a
//! registration to a token, an account and a new password. `scripts/schemathesis` tests by them.

use serde_json::{Value, json};
use utoipa::Modify;
use utoipa::openapi::link::Link;
use utoipa::openapi::{OpenApi, RefOr};

/// Puts the links at the answers.
pub struct Links;

const TOKEN: &str = "Bearer {$response.body#/token}";
const SAME_EMAIL: &str = "$request.body#/email";

impl Modify for Links {
    fn modify(&self, openapi: &mut OpenApi) {
        let change = |current: &str| {
            json!({
                "email": SAME_EMAIL, "password": format!("$request.body#/{current}"),
                "new_password": "xyz789", "new_password_confirm": "xyz789",
            })
        };
        let login = |password: &str| json!({ "email": SAME_EMAIL, "password": format!("$request.body#/{password}") });
        let email = json!({ "email": SAME_EMAIL });
        let links = [
            ("/user/create", "201", "login", Some(login("password"))),
            ("/user/create", "201", "me", None),
            (
                "/user/create",
                "201",
                "change_password",
                Some(change("password")),
            ),
            ("/user/create", "201", "forgot", Some(email.clone())),
            ("/user/create", "201", "resend_confirmation", Some(email)),
            ("/user/login", "200", "me", None),
            (
                "/user/login",
                "200",
                "change_password",
                Some(change("password")),
            ),
            ("/user/change_password", "200", "me", None),
            (
                "/user/change_password",
                "200",
                "login",
                Some(login("new_password")),
            ),
            (
                "/user/reset_password",
                "200",
                "login",
                Some(login("new_password")),
            ),
        ];
        for (path, status, target, body) in links {
            add(openapi, path, status, target, body);
        }
    }
}

fn add(openapi: &mut OpenApi, path: &str, status: &str, target: &str, body: Option<Value>) {
    let operation = openapi.paths.paths.get_mut(path);
    let operation = operation.and_then(|item| item.post.as_mut());
    let responses = operation.map(|operation| &mut operation.responses.responses);
    if let Some(RefOr::T(response)) = responses.and_then(|responses| responses.get_mut(status)) {
        let mut link = Link::builder().operation_id(target);
        if ["me", "change_password"].contains(&target) {
            link = link.parameter("header.Authorization", TOKEN);
        }
        let link = link.request_body(body).build();
        response.links.insert(target.to_owned(), RefOr::T(link));
    }
}
