//! What the pages say when something is refused or broken, and where.

use std::time::Duration;

use crate::browser::{Browser, DESKTOP, app};
use crate::support::*;

const ANN: &str = "ann@example.com";

async fn try_to_log_in(browser: &Browser, email: &str, password: &str) {
    browser
        .submit("login", &[("email", email), ("password", password)])
        .await;
    browser
        .until("!document.querySelector('#login fieldset').disabled")
        .await;
}

#[tokio::test]
async fn what_is_wrong_stands_beside_its_field() {
    let app = app(Sqlite, &[]).await;
    app.register("bob@example.com", PASSWORD).await;
    let browser = Browser::start(DESKTOP).await;
    browser.open(&format!("{}/#register", app.url)).await;
    for (email, password, again, at_email, at_password) in [
        (
            "ann",
            "abc",
            "abc",
            "This is not an e-mail address.",
            "Password must be 6-24 characters, including letters and digits.",
        ),
        (
            ANN,
            "abc123",
            "abc124",
            "",
            "The two passwords are not the same.",
        ),
        (ANN, "", "", "", "Choose a password."),
        (
            "bob@example.com",
            "abc123",
            "abc123",
            "This address has an account already.",
            "",
        ),
        ("", "abc123", "abc123", "This is not an e-mail address.", ""),
    ] {
        let fields = [
            ("email", email),
            ("password", password),
            ("password_confirm", again),
        ];
        browser.submit("register", &fields).await;
        browser.says("not right yet").await;
        for (name, expected) in [("email", at_email), ("password", at_password)] {
            let error = browser.error_at("register", name).await;
            assert!(
                error.starts_with(expected) && error.is_empty() == expected.is_empty(),
                "{error}"
            );
            let field = browser.find(&format!("#register-{name}")).await;
            let invalid = field.attr("aria-invalid").await.expect("an attribute");
            assert_eq!(invalid.is_some(), !expected.is_empty(), "{email} {name}");
            let described = field.attr("aria-describedby").await.expect("an attribute");
            assert!(described.is_some_and(|ids| ids.contains(&format!("register-{name}-error"))));
        }
        let first = if at_email.is_empty() {
            "register-password"
        } else {
            "register-email"
        };
        assert_eq!(browser.eval("document.activeElement.id").await, first);
    }
    browser.close().await;
}

#[tokio::test]
async fn a_wrong_current_password_stands_beside_its_field() {
    let app = app(Sqlite, &[("password.policy", "nist")]).await;
    let password = "sunny days in march";
    app.register(ANN, password).await;
    let browser = Browser::start(DESKTOP).await;
    browser.open(&app.url).await;
    try_to_log_in(&browser, ANN, password).await;
    browser.says("You are logged in.").await;
    let hint = browser.text("#change-new_password-hint").await;
    assert_eq!(hint, "15-256 characters, nothing easy to guess");
    let new = "rainy days in winter";
    let fields = [
        ("password", "wrong"),
        ("new_password", new),
        ("new_password_confirm", new),
    ];
    browser.fill("change", &fields).await;
    browser.press("Change the password").await;
    browser.says("One field is not right yet.").await;
    assert_eq!(
        browser.error_at("change", "password").await,
        "This is not your current password."
    );
    let new = "passwordpassword";
    let fields = [
        ("password", password),
        ("new_password", new),
        ("new_password_confirm", new),
    ];
    browser.fill("change", &fields).await;
    browser.press("Change the password").await;
    browser.says("One field is not right yet.").await;
    let error = browser.error_at("change", "new_password").await;
    assert!(
        error.starts_with("This password is easy to guess."),
        "{error}"
    );
    browser.close().await;
}

#[tokio::test]
async fn a_locked_account_says_until_when_and_how_to_get_in() {
    let app = app(Sqlite, &[]).await;
    app.register(ANN, PASSWORD).await;
    let browser = Browser::start(DESKTOP).await;
    browser.open(&app.url).await;
    for _ in 0..5 {
        try_to_log_in(&browser, ANN, "wrong1").await;
        browser.says("The address or the password is wrong.").await;
    }
    try_to_log_in(&browser, ANN, PASSWORD).await;
    browser.says("There were too many wrong passwords").await;
    browser
        .says("A new password, by mail, unlocks at once. Try again in 15 minutes.")
        .await;
    app.clock.advance(Duration::from_secs(14 * 60 + 30));
    try_to_log_in(&browser, ANN, PASSWORD).await;
    browser.says("Try again in 30 seconds.").await;
    app.clock.advance(Duration::from_secs(31));
    try_to_log_in(&browser, ANN, PASSWORD).await;
    browser.says("You are logged in.").await;
    browser.close().await;
}

#[tokio::test]
async fn a_limit_says_when_to_come_back() {
    let app = app(Sqlite, &[("limits.forgot_per_source", "1/10m")]).await;
    let browser = Browser::start(DESKTOP).await;
    browser.open(&format!("{}/#forgot", app.url)).await;
    browser
        .fill("forgot", &[("email", "ann@example.com\n")])
        .await;
    browser.says("a mail with a link is on its way").await;
    browser.press("Send me the link").await;
    browser
        .says("That was too often. Try again in 10 minutes.")
        .await;
    browser.close().await;
}

#[tokio::test]
async fn a_form_is_sent_once_and_waits() {
    let app = app(Sqlite, &[]).await;
    app.register(ANN, PASSWORD).await;
    let browser = Browser::start(DESKTOP).await;
    browser.open(&app.url).await;
    browser
        .fill("login", &[("email", ANN), ("password", PASSWORD)])
        .await;
    let twice = "(() => { const form = document.getElementById('login'); form.requestSubmit(); form.requestSubmit(); \
        return [form.querySelector('fieldset').disabled, form.ariaBusy, document.querySelector('.notice').textContent]; })()";
    assert_eq!(
        browser.eval(twice).await,
        serde_json::json!([true, "true", "One moment…"])
    );
    browser.says("You are logged in.").await;
    assert_eq!(browser.calls().await, ["/user/login", "/user"]);
    browser.close().await;
}

#[tokio::test]
async fn a_service_that_is_away_is_no_broken_page() {
    let app = app(Sqlite, &[]).await;
    let browser = Browser::start(DESKTOP).await;
    browser.open(&app.url).await;
    browser
        .until("!document.querySelector('#login-view').hidden")
        .await;
    app.store.close().await;
    try_to_log_in(&browser, ANN, PASSWORD).await;
    browser
        .says("The service cannot answer right now. Try again in 1 second.")
        .await;
    let url = app.url.clone();
    drop(app);
    eventually("nobody listens", async || reqwest::get(&url).await.is_err()).await;
    try_to_log_in(&browser, ANN, PASSWORD).await;
    browser
        .says("The service cannot be reached. Are you online?")
        .await;
    browser.close().await;
}
