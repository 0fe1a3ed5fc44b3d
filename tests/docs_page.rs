//! `/docs` shows everything that `/openapi.json` says, and runs nothing.

use rstest::rstest;
use serde_json::Value;

use crate::support::*;

async fn page(app: &TestApp) -> (reqwest::header::HeaderMap, String) {
    let answer = app.http.get(format!("{}/docs", app.url)).send().await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.status(), 200);
    (
        answer.headers().clone(),
        answer.text().await.expect("a page"),
    )
}

fn escaped(text: &str) -> String {
    let text = text
        .replace('&', "&#38;")
        .replace('<', "&#60;")
        .replace('>', "&#62;");
    text.replace('"', "&#34;").replace('\'', "&#39;")
}

#[tokio::test]
async fn every_operation_field_and_error_is_on_the_page() {
    let app = TestApp::start(Sqlite).await;
    let description = app.get("/openapi.json").await.expect(200).body;
    let (_, page) = page(&app).await;
    let object = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let mut operations = 0;
    for (path, methods) in object(&description["paths"]) {
        for operation in object(&methods).values() {
            operations += 1;
            let id = operation["operationId"].as_str().expect("an id");
            let section = page
                .split_once(&format!("<section id=\"{id}\""))
                .expect(id)
                .1;
            let section = section.split_once("</section>").expect("its end").0;
            assert!(section.contains(&format!("<code>{path}</code>")), "{id}");
            assert!(
                operation["description"]
                    .as_str()
                    .is_some_and(|text| text.len() > 20),
                "{id}"
            );
            for (status, response) in object(&operation["responses"]) {
                assert!(
                    section.contains(&format!(">{status}</span>")),
                    "{id} {status}"
                );
                let problems = &response["content"]["application/problem+json"]["examples"];
                for (code, problem) in object(problems) {
                    let detail = problem["value"]["detail"].as_str().expect("a detail");
                    assert!(
                        section.contains(&format!("<code>{code}</code>: {}", escaped(detail))),
                        "{id} {code}"
                    );
                }
                if status.starts_with('2') && id != "serve" {
                    // An example of the answer, with nothing left empty.
                    let success = section
                        .split_once(&format!(">{status}</span>"))
                        .expect("it")
                        .1;
                    let example = success.split_once("<code>{\n").expect("an example").1;
                    let example = example.split_once("</code>").expect("its end").0;
                    assert!(
                        example.contains(": ") && !example.contains("null"),
                        "{id}: {example}"
                    );
                }
            }
        }
    }
    assert_eq!(operations, 11);
}

#[tokio::test]
async fn it_loads_nothing_but_its_style_sheet() {
    let app = TestApp::start(Sqlite).await;
    let (headers, page) = page(&app).await;
    let policy = headers["content-security-policy"].to_str().expect("ASCII");
    assert!(
        policy.contains("default-src 'none'") && !policy.contains("script-src"),
        "{policy}"
    );
    for forbidden in ["<script", " style=", "onclick", "src=", "url("] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    let sheet = app
        .http
        .get(format!("{}/pages/docs.css", app.url))
        .send()
        .await;
    let sheet = sheet.expect("an answer");
    assert_eq!(sheet.headers()["content-type"], "text/css; charset=utf-8");
    assert!(!sheet.text().await.expect("text").contains("url("));
}

#[rstest]
#[case("true", 200)]
#[case("false", 404)]
#[tokio::test]
async fn it_goes_with_the_pages(#[case] pages: &str, #[case] status: u16) {
    let app = TestApp::with(Sqlite, &[("http.pages", pages)]).await;
    let answer = app.http.get(format!("{}/docs", app.url)).send().await;
    assert_eq!(answer.expect("an answer").status(), status);
    app.get("/openapi.json").await.expect(200);
}
