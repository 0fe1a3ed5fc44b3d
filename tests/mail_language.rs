//! The language of mails: what `Accept-Language` said at registration, and nothing later.

use reqwest::header::HeaderValue;
use rstest::rstest;
use serde_json::json;

use crate::support::*;

/// Posts with `Accept-Language` headers.
async fn post(app: &TestApp, path: &str, languages: &[&str], body: &serde_json::Value) -> u16 {
    let mut request = app.http.post(format!("{}{path}", app.url)).json(body);
    for language in languages {
        let value = HeaderValue::from_bytes(language.as_bytes()).expect("a value");
        request = request.header("accept-language", value);
    }
    request.send().await.expect("an answer").status().as_u16()
}

async fn register(app: &TestApp, email: &str, languages: &[&str]) -> u16 {
    let body = json!({ "email": email, "password": PASSWORD, "password_confirm": PASSWORD });
    post(app, "/user/create", languages, &body).await
}

const GERMAN: &str = "de-AT, de;q=0.9, en;q=0.5";
const STORED: &str = "SELECT COALESCE(MAX(language), 'none') FROM users";

#[rstest]
#[tokio::test]
async fn the_mails_of_an_account_are_in_the_language_of_its_registration(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    assert_eq!(register(&app, "ann@example.com", &[GERMAN]).await, 201);
    let mail = app.only_mail().await;
    assert_eq!(mail.subject, "Bestätigen Sie Ihre Adresse für doorward");
    assert_eq!(mail.language, "de");
    assert!(mail.html.contains("<html lang=\"de\""), "{}", mail.html);
    assert!(
        mail.text.contains("einmal und gilt 1 Tag lang"),
        "{}",
        mail.text
    );
    app.confirm("ann@example.com", &mail.token())
        .await
        .expect(200);

    // Whoever asks for a reset need not be the owner.
    let body = json!({ "email": "ann@example.com" });
    assert_eq!(post(&app, "/user/forgot", &["en"], &body).await, 200);
    let mail = app.only_mail().await;
    let token = mail.token();
    assert_eq!(
        mail.text,
        format!(
            "Wählen Sie ein neues Passwort für doorward\n\n\
             Jemand, vermutlich Sie selbst, möchte ein neues Passwort wählen. Der Link funktioniert \
             einmal und gilt 30 Minuten lang.\n\n\
             Neues Passwort wählen:\n\
             https://app.example.com/reset#email=ann%40example.com&token={token}\n\n\
             Token: {token}\n\n\
             Wenn Sie das nicht waren, brauchen Sie nichts zu tun.\n\n\
             doorward\n\
             Diese Mail ging an ann@example.com, weil es zu dieser Adresse ein Konto bei doorward \
             gibt.\n"
        )
    );
    app.reset("ann@example.com", &token, "new1234")
        .await
        .expect(200);
    let mail = app.only_mail().await;
    assert_eq!(mail.subject, "Ihr Passwort für doorward wurde geändert");
}

#[rstest]
#[case::none(&[], "none")]
#[case::english(&["en-GB,en;q=0.8"], "en")]
#[case::nothing_that_there_is(&["fr, nl;q=0.5"], "none")]
#[case::anything(&["*"], "none")]
#[case::several_headers(&["fr", "de"], "de")]
#[case::garbage(&[";;q=,,=\"<script>,\u{ff}\u{fe}", "de;q=9"], "none")]
#[case::garbage_and_german(&["\u{ff}", "';DROP TABLE users;--, de;q=0.001"], "de")]
#[tokio::test]
async fn only_the_name_of_a_language_that_there_is_is_stored(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[case] languages: &[&str],
    #[case] stored: &str,
) {
    let app = TestApp::start(engine).await;
    assert_eq!(register(&app, "ann@example.com", languages).await, 201);
    assert_eq!(app.database.text(STORED).await, stored);
    let expected = if stored == "de" { "de" } else { "en" };
    assert_eq!(app.only_mail().await.language, expected);
}

#[rstest]
#[tokio::test]
async fn whoever_named_no_language_gets_the_default_one(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::with(engine, &[("mail.default_language", "de")]).await;
    assert_eq!(register(&app, "ann@example.com", &[]).await, 201);
    assert_eq!(app.only_mail().await.language, "de");
    // As when an operator takes a language away again.
    app.database
        .execute("UPDATE users SET language = 'tlh'")
        .await;
    app.forgot("ann@example.com").await.expect(200);
    assert_eq!(app.only_mail().await.language, "de");
}

/// The owner of an address is written to in the owner's language, and the answer to the stranger
/// stays the same.
#[rstest]
#[tokio::test]
async fn a_stranger_who_registers_a_taken_address_changes_no_language(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::with(engine, &[("registration.confirmation", "required")]).await;
    assert_eq!(register(&app, "ann@example.com", &[GERMAN]).await, 201);
    app.only_mail().await;
    assert_eq!(register(&app, "ANN@example.com", &["en"]).await, 201);
    let mail = app.only_mail().await;
    assert_eq!(mail.subject, "Sie haben bereits ein Konto bei doorward");
    assert_eq!(app.database.text(STORED).await, "de");
}

/// A language is no part of what a token check reads: nobody's memory of accounts is thrown away.
#[rstest]
#[tokio::test]
async fn a_change_of_the_language_is_no_change_of_the_account(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    register(&app, "ann@example.com", &[GERMAN]).await;
    let epoch = "SELECT epoch FROM account_epoch";
    let before = app.database.number(epoch).await;
    app.database
        .execute("UPDATE users SET language = 'en'")
        .await;
    assert_eq!(app.database.number(epoch).await, before);
    app.database
        .execute("UPDATE users SET token_version = 2")
        .await;
    assert_eq!(app.database.number(epoch).await, before + 1);
}
