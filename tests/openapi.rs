//! The OpenAPI description says what the service does: no more and no less.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::Value;

use crate::support::endpoints::POSTS;
use crate::support::*;

async fn description() -> (TestApp, Value) {
    let app = TestApp::start(Sqlite).await;
    let body = app.get("/openapi.json").await.expect(200).body;
    (app, body)
}

/// Every operation as method, path and description.
fn operations(description: &Value) -> Vec<(String, &str, &Value)> {
    let paths = description["paths"].as_object().expect("paths");
    let all = paths.iter().flat_map(|(path, operations)| {
        let operations = operations.as_object().expect("operations");
        operations
            .iter()
            .map(|(method, what)| (method.to_uppercase(), path.as_str(), what))
    });
    all.collect()
}

/// The routes as they stand in the route table's source.
fn routes() -> BTreeSet<String> {
    let source = include_str!("../src/http/mod.rs");
    let lines = source.split(".route(\"").skip(1).map(|rest| {
        let (path, rest) = rest.split_once("\", ").expect("a path");
        let (method, _) = rest.split_once('(').expect("a method");
        format!("{} {path}", method.to_uppercase())
    });
    lines.collect()
}

#[tokio::test]
async fn it_lists_exactly_the_routes_that_exist() {
    let (app, description) = description().await;
    let listed: BTreeSet<String> = operations(&description)
        .iter()
        .map(|(method, path, _)| format!("{method} {path}"))
        .collect();
    assert_eq!(listed, routes());
    for (method, path, _) in operations(&description) {
        let method: Method = method.parse().expect("a method");
        let answer = app.send(method.clone(), path, None, None).await;
        assert!(
            ![404, 405].contains(&answer.status),
            "{method} {path}: {}",
            answer.status
        );
    }
}

#[tokio::test]
async fn every_operation_has_a_success_and_its_problems_with_examples() {
    let (_app, description) = description().await;
    assert!(
        description["openapi"]
            .as_str()
            .expect("a version")
            .starts_with("3.1")
    );
    for (method, path, operation) in operations(&description) {
        let context = format!("{method} {path}");
        assert!(operation["summary"].is_string(), "{context} has no summary");
        let responses = operation["responses"].as_object().expect("responses");
        let successes = responses
            .iter()
            .filter(|(status, _)| status.starts_with('2'));
        let success = successes.map(|(_, response)| response).collect::<Vec<_>>();
        assert_eq!(success.len(), 1, "{context}");
        assert!(
            success[0]["content"]["application/json"].is_object(),
            "{context}"
        );
        for (status, response) in responses
            .iter()
            .filter(|(status, _)| status.as_str() >= "4")
        {
            let problem = &response["content"]["application/problem+json"];
            assert_eq!(
                problem["schema"]["$ref"], "#/components/schemas/Problem",
                "{context}"
            );
            let examples = problem["examples"].as_object().expect("examples");
            assert!(!examples.is_empty(), "{context} {status}");
            for (code, example) in examples {
                let example = &example["value"];
                assert_eq!(example["code"], *code, "{context}");
                assert_eq!(example["status"].to_string(), *status, "{context} {code}");
                assert_eq!(example["detail"], example["err_msg"], "{context} {code}");
                assert!(example["title"].is_string(), "{context} {code}");
                let waits = ["503", "429"].contains(&status.as_str()) || code == "account_locked";
                let told = response["headers"]["Retry-After"].is_object();
                assert!(told || !waits, "{context} {code} does not say Retry-After");
            }
        }
    }
}

/// Whatever the service can say went wrong is in the description, but for what belongs to no
/// operation.
#[tokio::test]
async fn every_problem_appears_in_it() {
    let source = include_str!("../src/http/problem_kind.rs");
    let is_code = |text: &&str| {
        text.len() > 3
            && text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    let known: BTreeSet<&str> = source
        .split('"')
        .skip(1)
        .step_by(2)
        .filter(is_code)
        .collect();
    assert!(
        known.contains("invalid_email") && known.len() > 20,
        "{known:?}"
    );
    let (_app, description) = description().await;
    let mut described = BTreeSet::new();
    for (_, _, operation) in operations(&description) {
        for response in operation["responses"]
            .as_object()
            .expect("responses")
            .values()
        {
            let examples = &response["content"]["application/problem+json"]["examples"];
            let codes = examples
                .as_object()
                .into_iter()
                .flatten()
                .map(|(code, _)| code.as_str());
            described.extend(codes);
        }
    }
    let missing: Vec<&&str> = known.difference(&described).collect();
    assert_eq!(missing, [&"malformed_request", &"not_found"]);
    assert_eq!(described.difference(&known).count(), 0);
}

#[tokio::test]
async fn every_field_of_a_request_is_described_and_required() {
    let (_app, description) = description().await;
    let mut with_body = BTreeSet::new();
    for (method, path, operation) in operations(&description) {
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
        let Some(name) = schema.as_str() else {
            assert_eq!(method, "GET", "{path} has no body");
            continue;
        };
        assert_eq!(operation["requestBody"]["required"], true, "{path}");
        with_body.insert(path);
        let name = name.rsplit('/').next().expect("a name");
        let schema = &description["components"]["schemas"][name];
        let described = schema["properties"].as_object().expect("properties");
        let required = schema["required"].as_array().expect("required");
        let required: BTreeSet<&str> = required.iter().filter_map(Value::as_str).collect();
        let endpoint = POSTS
            .iter()
            .find(|endpoint| endpoint.path == path)
            .expect("an endpoint");
        let fields: BTreeSet<&str> = endpoint.fields.iter().map(|field| field.name).collect();
        assert_eq!(required, fields, "{path}");
        assert_eq!(
            described
                .keys()
                .map(String::as_str)
                .collect::<BTreeSet<_>>(),
            fields
        );
        for (name, field) in described {
            assert_eq!(field["type"], "string", "{path} {name}");
            assert!(field["example"].is_string(), "{path} {name}");
        }
        let secured = operation["security"][0]["bearer"].is_array();
        assert_eq!(secured, endpoint.bearer, "{path}");
    }
    assert_eq!(
        with_body,
        POSTS.iter().map(|endpoint| endpoint.path).collect()
    );
}

#[tokio::test]
async fn these_are_the_operations_and_their_statuses() {
    let (_app, description) = description().await;
    let lines = operations(&description)
        .into_iter()
        .map(|(method, path, operation)| {
            let statuses = operation["responses"]
                .as_object()
                .expect("responses")
                .keys();
            let statuses: Vec<&str> = statuses.map(String::as_str).collect();
            format!("{method} {path} -> {}", statuses.join(" "))
        });
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @r"
    GET /health/live -> 200 405 500
    GET /health/ready -> 200 405 500 503
    GET /openapi.json -> 200 405 500
    GET /user -> 200 400 401 405 500 503
    POST /user/change_password -> 200 400 401 403 405 408 413 415 429 500 503
    POST /user/confirm -> 200 400 405 408 413 415 429 500 503
    POST /user/confirm/resend -> 200 400 405 408 413 415 429 500 503
    POST /user/create -> 201 400 405 408 413 415 429 500 503
    POST /user/forgot -> 200 400 405 408 413 415 429 500 503
    POST /user/login -> 200 400 403 405 408 413 415 429 500 503
    POST /user/reset_password -> 200 400 405 408 413 415 429 500 503
    ");
}

/// Every operation that takes a body asks who the visitor is, by the device token too. Which answers
/// set it is checked with each of them, see `Answer`.
#[tokio::test]
async fn every_operation_that_looks_at_the_device_token_says_so() {
    let (_app, description) = description().await;
    for (method, path, operation) in operations(&description) {
        let parameters = operation["parameters"].as_array().cloned();
        let parameters = parameters.unwrap_or_default();
        let named: BTreeSet<(&str, &str)> = parameters
            .iter()
            .filter_map(|parameter| parameter["in"].as_str().zip(parameter["name"].as_str()))
            .filter(|(_, name)| *name != "Accept-Language")
            .collect();
        let expected = [
            ("header", "Device-Token"),
            ("cookie", "__Host-doorward_device"),
            ("cookie", "doorward_device"),
        ];
        let expected = expected.into_iter().filter(|_| method == "POST").collect();
        assert_eq!(named, expected, "{method} {path}");
        let never = parameters
            .iter()
            .all(|parameter| parameter["required"] == false);
        assert!(never, "{method} {path}: nobody has to have one");
    }
}

/// Whoever follows the links meets operations that exist, with the fields that they want.
#[tokio::test]
async fn every_link_leads_to_an_operation_with_all_that_it_requires() {
    let (_app, description) = description().await;
    let all = operations(&description);
    let mut links = 0;
    for (_, path, operation) in &all {
        let responses = operation["responses"].as_object().expect("responses");
        let of_response = |response: &Value| response["links"].as_object().cloned();
        for (name, link) in responses.values().filter_map(of_response).flatten() {
            let target = all
                .iter()
                .find(|(_, _, to)| to["operationId"] == link["operationId"]);
            let (_, target_path, target) = target.expect("an operation");
            let token = link["parameters"]["header.Authorization"].is_string();
            assert_eq!(token, target["security"].is_array(), "{path} {name}");
            let endpoint = POSTS.iter().find(|endpoint| endpoint.path == *target_path);
            let fields = endpoint.map(|endpoint| endpoint.fields.iter().map(|field| field.name));
            let fields: Option<BTreeSet<&str>> = fields.map(Iterator::collect);
            let body = link["requestBody"].as_object();
            let body = body.map(|body| body.keys().map(String::as_str).collect());
            assert_eq!(body, fields, "{path} {name}");
            links += 1;
        }
    }
    assert_eq!(links, 10);
}
