//! What the mails say, and that nothing of it comes from a request.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use rstest::rstest;
use serde_json::json;

use crate::support::*;

/// A name that would be noticed wherever it is taken for HTML.
const PRODUCT: &str = "<b>Ann & \"Co\"</b>";
const ESCAPED: &str = "&lt;b&gt;Ann &amp; &quot;Co&quot;&lt;/b&gt;";

/// Starts an app, does what causes the mail, and gives it.
async fn caused(engine: Engine, kind: &str) -> (Mail, TestApp) {
    let rule = match kind {
        "welcome" => "off",
        "already_registered" => "required",
        _ => "optional",
    };
    let settings = [
        ("mail.product_name", PRODUCT),
        ("registration.confirmation", rule),
    ];
    let app = TestApp::with(engine, &settings).await;
    let answer = app
        .try_register("Ann@Example.com", PASSWORD)
        .await
        .expect(201);
    let first = app.only_mail().await;
    if ["welcome", "confirm"].contains(&kind) {
        return (first, app);
    }
    match kind {
        "reset" => drop(app.forgot("ann@example.com").await.expect(200)),
        "already_registered" => {
            app.try_register("ANN@example.com", PASSWORD)
                .await
                .expect(201);
        }
        "account_locked" => {
            for _ in 0..5 {
                app.login("ann@example.com", "wrong12").await.expect(400);
            }
        }
        _ => {
            let body = json!({
                "email": "ann@example.com", "password": PASSWORD,
                "new_password": "new1234", "new_password_confirm": "new1234",
            });
            let token = answer.token();
            app.post_as(&token, "/user/change_password", body)
                .await
                .expect(200);
        }
    }
    (app.only_mail().await, app)
}

#[rstest]
#[case("welcome", "Welcome to {}", None, "Your account at {} is ready.")]
#[case(
    "confirm",
    "Confirm your address for {}",
    Some("confirm"),
    "works once, within 1 day"
)]
#[case(
    "reset",
    "Choose a new password for {}",
    Some("reset"),
    "works once, within 30 minutes"
)]
#[case(
    "password_changed",
    "Your password for {} was changed",
    None,
    "every device was logged out"
)]
#[case(
    "account_locked",
    "Your account at {} is locked for a while",
    Some("reset"),
    "is taken for 15 minutes. Where you are logged in you stay logged in. If you want to log in now, \
     choose a new password, which unlocks the account. The link works once, within 30 minutes."
)]
#[case(
    "already_registered",
    "You have an account at {} already",
    None,
    "tried to register"
)]
#[tokio::test]
async fn each_mail_says_what_happened(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[case] kind: &str,
    #[case] subject: &str,
    #[case] page: Option<&str>,
    #[case] sentence: &str,
) {
    let (mail, app) = caused(engine, kind).await;
    assert_eq!(
        mail.to, "Ann@Example.com",
        "as it was typed at registration"
    );
    assert_eq!(mail.subject, subject.replace("{}", PRODUCT));
    let flat = mail.text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        flat.contains(&sentence.replace("{}", PRODUCT)),
        "{}",
        mail.text
    );
    let lines: Vec<&str> = mail.text.lines().map(str::trim_end).collect();
    assert!(lines.contains(&PRODUCT), "{}", mail.text);
    assert_eq!(mail.language, "en");
    assert!(mail.html.contains(ESCAPED), "{}", mail.html);
    assert!(!mail.html.contains("<b>"), "{}", mail.html);

    let Some(page) = page else {
        assert!(
            !mail.text.contains("http") && !mail.text.contains("Token:"),
            "{}",
            mail.text
        );
        assert!(!mail.html.contains("<a "), "{}", mail.html);
        return;
    };
    let token = mail.token();
    let fragment = format!("email=Ann%40Example.com&token={token}");
    assert_eq!(
        mail.link(),
        format!("https://app.example.com/{page}#{fragment}")
    );
    assert!(mail.html.contains(&format!(
        "/{page}#email=Ann%40Example.com&amp;token={token}"
    )));
    let answer = match page {
        "confirm" => app.confirm("ann@example.com", &token).await,
        _ => app.reset("ann@example.com", &token, "new1234").await,
    };
    answer.expect(200);
}

/// SECURITY 31: not even a proxy that we trust decides where a link leads.
#[rstest]
#[tokio::test]
async fn no_header_of_a_request_gets_into_a_link(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[values("", "127.0.0.0/8")] trusted: &str,
) {
    let base = [
        ("links.base_url", "https://front.example.org/account/"),
        ("limits.enabled", "false"),
    ];
    let settings = [base[0], base[1], ("http.trusted_proxies", trusted)];
    let app = TestApp::with(engine, &settings).await;
    let evil = [
        ("host", "evil.example"),
        ("forwarded", "for=1.2.3.4;host=evil.example;proto=http"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-port", "666"),
        ("x-forwarded-prefix", "/evil.example"),
        ("x-original-url", "https://evil.example/"),
        ("origin", "https://evil.example"),
        ("referer", "https://evil.example/"),
    ];
    let mut headers: Vec<Vec<_>> = evil.iter().map(|header| vec![*header]).collect();
    headers.push(evil.to_vec());
    for (number, headers) in headers.into_iter().enumerate() {
        let mut sent: HeaderMap = HeaderMap::new();
        for (name, value) in headers {
            sent.insert(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        let email = format!("ann{number}@example.com");
        let register =
            json!({ "email": email, "password": PASSWORD, "password_confirm": PASSWORD });
        let asked = json!({ "email": email });
        for (path, status, body) in [
            ("/user/create", 201, &register),
            ("/user/confirm/resend", 200, &asked),
            ("/user/forgot", 200, &asked),
        ] {
            let request = app
                .http
                .post(format!("{}{path}", app.url))
                .headers(sent.clone());
            let answer = request.json(body).send().await.expect("an answer");
            assert_eq!(answer.status(), status);
            let mail = app.only_mail().await;
            let link = mail.link();
            assert!(
                link.starts_with("https://front.example.org/account/"),
                "{link}"
            );
            assert!(
                !mail.text.contains("evil") && !mail.html.contains("evil"),
                "{}",
                mail.text
            );
        }
    }
}
