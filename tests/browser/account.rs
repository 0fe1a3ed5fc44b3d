//! What people do with their account, from registration to recovery.

use rstest::rstest;
use serde_json::json;

use crate::browser::{Browser, DESKTOP, PHONE, Screen, app};
use crate::support::*;

const ANN: &str = "ann@example.com";

async fn log_in(browser: &Browser, password: &str) {
    let fields = [("email", ANN), ("password", password)];
    browser.submit("login", &fields).await;
}

/// SECURITY 31: the links lead to where `links.base_url` says, and there is what they promise.
#[rstest]
#[case(Sqlite, DESKTOP)]
#[case(Postgres, PHONE)]
#[tokio::test]
async fn a_person_registers_confirms_changes_forgets_and_recovers(
    #[case] engine: Engine,
    #[case] screen: Screen,
) {
    let app = app(engine, &[]).await;
    let browser = Browser::start(screen).await;
    browser.open(&app.url).await;
    browser.press("Register").await;
    let fields = [
        ("email", ANN),
        ("password", PASSWORD),
        ("password_confirm", PASSWORD),
    ];
    browser.submit("register", &fields).await;
    browser
        .says("Your account is ready. We sent a mail to ann@example.com")
        .await;
    assert_eq!(browser.text("#my-email").await, ANN);

    browser.open(app.only_mail().await.link()).await;
    browser.press("Confirm my address").await;
    browser.says("your address is confirmed").await;
    let confirmed = "SELECT COUNT(*) FROM users WHERE confirmed_at IS NOT NULL";
    assert_eq!(app.database.number(confirmed).await, 1);

    browser.press("Go to your account").await;
    browser
        .until("document.querySelector('#my-email').textContent === 'ann@example.com'")
        .await;
    let fields = [
        ("password", PASSWORD),
        ("new_password", "xyz789"),
        ("new_password_confirm", "xyz789"),
    ];
    browser.fill("change", &fields).await;
    browser.press("Change the password").await;
    browser.says("Your password is changed").await;
    browser.press("Who am I?").await;
    browser.says("You are ann@example.com").await;
    assert!(app.only_mail().await.subject.contains("was changed"));

    browser.press("Log out").await;
    browser.says("You are logged out").await;
    log_in(&browser, PASSWORD).await;
    browser.says("The address or the password is wrong.").await;
    log_in(&browser, "xyz789").await;
    browser.says("You are logged in.").await;
    browser.press("Log out").await;

    browser.press("Forgot password").await;
    browser
        .fill("forgot", &[("email", "ann@example.com\n")])
        .await;
    browser.says("a mail with a link is on its way").await;
    browser.open(app.only_mail().await.link()).await;
    let fields = [
        ("new_password", "def456"),
        ("new_password_confirm", "def456"),
    ];
    browser.fill("use", &fields).await;
    browser.press("Set the new password").await;
    browser.says("Your new password is set").await;
    browser.press("Log in").await;
    log_in(&browser, "def456").await;
    browser.says("You are logged in.").await;
    browser.close().await;
}

#[tokio::test]
async fn the_keyboard_is_enough() {
    let app = app(Sqlite, &[]).await;
    app.register(ANN, PASSWORD).await;
    let browser = Browser::start(DESKTOP).await;
    browser.open(&app.url).await;
    browser
        .until("!document.querySelector('#login-view').hidden")
        .await;
    let mut order = Vec::new();
    for typed in ["", "", "", "", "", ANN, PASSWORD, ""] {
        let focused = browser.find(":focus, body:not(:has(:focus))").await;
        focused
            .send_keys(format!("{typed}\t"))
            .await
            .expect("typed");
        let name = "document.activeElement.id || document.activeElement.textContent || document.activeElement.className";
        order.push(browser.eval(name).await);
    }
    assert_eq!(
        json!(order),
        json!([
            "doorward",
            "Log in",
            "Register",
            "Forgot password",
            "login-email",
            "login-password",
            "reveal",
            "Log in"
        ])
    );
    let button = browser.find(":focus").await;
    button.send_keys("\n").await.expect("typed");
    browser.says("You are logged in.").await;
    assert_eq!(
        browser.eval("document.activeElement.textContent").await,
        "Your account"
    );
    browser.close().await;
}

#[tokio::test]
async fn loading_again_keeps_the_login_and_a_token_that_died_elsewhere_ends_it() {
    let app = app(Sqlite, &[]).await;
    let ann = app.register(ANN, PASSWORD).await;
    let browser = Browser::start(DESKTOP).await;
    browser.open(&app.url).await;
    log_in(&browser, PASSWORD).await;
    browser.says("You are logged in.").await;
    browser.reload().await;
    browser
        .until("document.querySelector('#my-email').textContent === 'ann@example.com'")
        .await;

    ann.change_password(PASSWORD, "xyz789").await.expect(200);
    browser.press("Who am I?").await;
    browser.says("You are no longer logged in").await;
    assert!(
        browser
            .find("#login-view")
            .await
            .is_displayed()
            .await
            .expect("a state")
    );
    assert_eq!(browser.eval("sessionStorage.length").await, 0);
    browser.close().await;
}

/// SECURITY 1: the page says no more than the API.
#[tokio::test]
async fn where_confirmation_is_required_a_taken_address_reads_like_a_new_one() {
    let app = app(Sqlite, &[("registration.confirmation", "required")]).await;
    let browser = Browser::start(DESKTOP).await;
    let mut read = Vec::new();
    for _ in 0..2 {
        browser.open(&format!("{}/#register", app.url)).await;
        browser.reload().await;
        let fields = [
            ("email", ANN),
            ("password", PASSWORD),
            ("password_confirm", PASSWORD),
        ];
        browser.submit("register", &fields).await;
        browser.says("We sent a mail to").await;
        read.push(browser.text(".card").await);
    }
    assert_eq!(read[0], read[1]);
    browser.press("Log in").await;
    log_in(&browser, PASSWORD).await;
    browser.says("This address is not confirmed yet.").await;
    browser.close().await;
}

/// Who has lost the mail cannot log in to ask for another.
#[tokio::test]
async fn where_confirmation_is_required_a_lost_mail_can_be_had_again() {
    let app = app(Sqlite, &[("registration.confirmation", "required")]).await;
    let body = json!({ "email": ANN, "password": PASSWORD, "password_confirm": PASSWORD });
    app.post("/user/create", body).await.expect(201);
    app.deliver_mail().await;
    let browser = Browser::start(PHONE).await;
    browser.open(&app.url).await;
    log_in(&browser, PASSWORD).await;
    browser.says("This address is not confirmed yet.").await;
    browser
        .press("Did the mail with the link not arrive?")
        .await;
    browser.says("The token is missing.").await;
    browser.submit("again", &[("email", ANN)]).await;
    browser.says("a mail is on its way").await;
    browser.open(app.only_mail().await.link()).await;
    browser.press("Confirm my address").await;
    browser.says("your address is confirmed").await;
    browser.press("Go to your account").await;
    log_in(&browser, PASSWORD).await;
    browser.says("You are logged in.").await;
    browser.close().await;
}

/// Password managers find what they look for.
#[tokio::test]
async fn every_field_says_what_it_is_for() {
    let app = app(Sqlite, &[]).await;
    let browser = Browser::start(DESKTOP).await;
    let mut lines = Vec::new();
    for path in ["/", "/reset", "/confirm"] {
        browser.open(&format!("{}{path}", app.url)).await;
        let fields = "[...document.querySelectorAll('input[name]:not([type=hidden])')].map((field) => \
            `${field.form.id} ${field.name} ${field.autocomplete} ${field.labels[0]?.textContent ?? field.ariaLabel}`)";
        let fields: Vec<String> =
            serde_json::from_value(browser.eval(fields).await).expect("a list");
        lines.extend(fields.into_iter().map(|field| format!("{path} {field}")));
    }
    insta::assert_snapshot!(lines.join("\n"), @r"
    / login email username E-mail
    / login password current-password Password
    / register email username E-mail
    / register password new-password Password
    / register password_confirm new-password The same password again
    / forgot email username E-mail
    / change email username E-mail
    / change password current-password Current password
    / change new_password new-password New password
    / change new_password_confirm new-password The new password again
    /reset use email username E-mail
    /reset use reset_token off Token, from the mail
    /reset use new_password new-password New password
    /reset use new_password_confirm new-password The new password again
    /reset again email username E-mail
    /confirm use email username E-mail
    /confirm use confirm_token off Token, from the mail
    /confirm again email username E-mail
    ");
    browser.close().await;
}
