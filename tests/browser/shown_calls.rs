//! The calls that the account page shows: they do what they say, and hide what is secret.

use std::process::Command;

use serde_json::{Value, json};

use crate::browser::{Browser, DESKTOP, app};
use crate::support::*;

/// With everything that a shell or a script could take for its own.
const ODD: (&str, &str) = ("o'neil+$x`y`@example.com", r#"a1'b"c\d$e`f!&<g>"#);

const REQUEST: &str = "document.querySelector('.request code').textContent";
const ANSWER: &str = "document.querySelector('.answer code').textContent";

async fn text(browser: &Browser, what: &str) -> String {
    browser
        .eval(what)
        .await
        .as_str()
        .expect("a text")
        .to_owned()
}

async fn log_in(browser: &Browser, app: &TestApp) {
    let (email, password) = ODD;
    browser.open(&app.url).await;
    browser
        .submit("login", &[("email", email), ("password", password)])
        .await;
    browser.says("You are logged in.").await;
}

#[tokio::test]
async fn secrets_are_hidden_until_somebody_asks() {
    let app = app(Sqlite, &[]).await;
    let (email, password) = ODD;
    app.register(email, password).await;
    let browser = Browser::start(DESKTOP).await;
    log_in(&browser, &app).await;
    let steps = "[...document.querySelectorAll('aside summary')].map((step) => step.textContent)";
    assert_eq!(
        browser.eval(steps).await,
        json!(["Who am I GET /user 200", "Log in POST /user/login 200"])
    );
    let hidden = browser
        .eval("document.querySelector('aside').textContent")
        .await;
    let token = browser
        .eval("sessionStorage.getItem('doorward.token')")
        .await;
    let (hidden, token) = (
        hidden.as_str().expect("a text"),
        token.as_str().expect("a token"),
    );
    assert!(hidden.contains("Bearer ••••••••") && hidden.contains(r#""token": "••••••••""#));
    for secret in [token, &json!(password).to_string(), r"c\d$e", r"c\\d$e"] {
        assert!(!hidden.contains(secret), "{secret}");
    }
    browser.press("Show secrets").await;
    assert!(text(&browser, REQUEST).await.contains(token));

    // What was typed and the tokens go when their owner goes.
    browser.press("Log out").await;
    assert_eq!(
        browser
            .eval("document.querySelectorAll('aside li').length")
            .await,
        0
    );
    assert_eq!(browser.eval("sessionStorage.length").await, 0);
    browser.close().await;
}

/// Whoever pastes a call gets what the page got.
#[tokio::test]
async fn a_shown_call_does_what_it_says() {
    let app = app(Sqlite, &[]).await;
    let (email, password) = ODD;
    app.register(email, password).await;
    let browser = Browser::start(DESKTOP).await;
    log_in(&browser, &app).await;
    for (step, answer) in [("Log in", "token"), ("Who am I", "email")] {
        // The newest is open; the older one is opened.
        if step == "Log in" {
            browser
                .eval("document.querySelectorAll('aside details')[0].remove()")
                .await;
            browser
                .eval("document.querySelector('aside details').open = true")
                .await;
        } else {
            browser.press("Who am I?").await;
            browser.says(&format!("You are {email}.")).await;
        }
        browser.press("Show secrets").await;
        let call = text(&browser, REQUEST).await;
        let run = move || {
            Command::new("sh")
                .args(["-c", &call])
                .output()
                .expect("a shell")
        };
        let output = tokio::task::spawn_blocking(run)
            .await
            .expect("it ran")
            .stdout;
        let output: Value = serde_json::from_slice(&output).expect("JSON");
        assert!(output[answer].is_string(), "{step}: {output}");

        browser.press("fetch").await;
        let call = text(&browser, REQUEST).await;
        let run = format!("(async () => {{ {call}\nreturn answer; }})()");
        let output = browser.eval(&run).await;
        assert!(output[answer].is_string(), "{step}: {output}");
        let shown: Value = serde_json::from_str(&text(&browser, ANSWER).await).expect("JSON");
        assert!(shown[answer].is_string());
    }
    browser.close().await;
}

#[tokio::test]
async fn a_call_can_be_copied_without_being_shown() {
    let app = app(Sqlite, &[]).await;
    let (email, password) = ODD;
    app.register(email, password).await;
    let browser = Browser::start(DESKTOP).await;
    let allowed = json!({ "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"] });
    browser.cdp("Browser.grantPermissions", allowed).await;
    log_in(&browser, &app).await;
    browser.press("Copy").await;
    browser
        .until("document.querySelector('.copied').textContent !== ''")
        .await;
    assert_eq!(
        browser.text(".copied").await,
        "Copied, with the secrets in it."
    );
    let copied = browser.eval("navigator.clipboard.readText()").await;
    let token = browser
        .eval("sessionStorage.getItem('doorward.token')")
        .await;
    let (copied, token) = (
        copied.as_str().expect("a text"),
        token.as_str().expect("a token"),
    );
    assert!(
        copied.contains(&format!("Authorization: Bearer {token}")),
        "{copied}"
    );
    assert!(!text(&browser, REQUEST).await.contains(token));
    browser.close().await;
}
