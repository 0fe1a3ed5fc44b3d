//! One-time tokens: what is stored of them, and which are refused.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use doorward::security::one_time_token::OneTimeToken;
use reqwest::Method;
use rstest::rstest;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::support::dump::hex;
use crate::support::*;

const SECOND: Duration = Duration::from_secs(1);

/// SECURITY 28: of every token that is mailed; before it is used, after, and when it has expired.
#[rstest]
#[tokio::test]
async fn the_database_holds_the_digest_of_a_mailed_token_and_nothing_else_of_it(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    for name in ["ann", "bob", "carl"] {
        let user = app.register(&format!("{name}@example.com"), PASSWORD).await;
        user.forgot().await.expect(200);
        user.is_attacked().await;
        let body = json!({ "email": user.email });
        app.post("/user/confirm/resend", body).await.expect(200);
    }
    let mails = app.deliver_mail().await;
    assert_eq!(
        mails.len(),
        3 * 4,
        "two to confirm, one to reset, one of the lock"
    );
    let digest = |token: &str| {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).expect("base64url");
        assert_eq!(bytes.len(), 32, "256 bits");
        Sha256::digest(&bytes)
    };
    let search = async |when: &str| {
        let dump = Dump::of(&app.database).await;
        for mail in &mails {
            assert_eq!(
                dump.form_of(&mail.token()),
                None,
                "{}, {when}",
                mail.subject
            );
        }
        dump
    };
    let dump = search("unused").await;
    let stored = mails
        .iter()
        .all(|mail| dump.has_bytes(&digest(&mail.token())));
    assert!(stored, "the search finds what is there");

    for mail in &mails {
        if mail.subject.starts_with("Confirm") {
            // The second of them is useless by then.
            app.confirm(&mail.to, &mail.token()).await;
        } else if mail.subject.starts_with("Choose") {
            let reset = app.reset(&mail.to, &mail.token(), "new1234").await;
            reset.expect(200);
        }
    }
    search("used").await;
    app.clock.advance(Duration::from_hours(24));
    app.janitor.clean().await.expect("cleaned");
    search("expired").await;
}

/// The search itself. Each form has a token of its own: an old one can still be in the file.
#[rstest]
#[tokio::test]
async fn a_token_that_is_stored_is_found_in_every_form(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.register("ann@example.com", PASSWORD).await;
    app.only_mail().await;
    for form in [
        "text",
        "its digits",
        "digits",
        "DIGITS",
        "base64",
        "list",
        "blob",
    ] {
        let token = OneTimeToken::generate().expect("random bytes");
        let token = token.reveal().to_string();
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(&token).expect("base64url");
        let error = |text: String| format!("outbox SET last_error = 'x{text}y'");
        let change = match form {
            "text" => error(token.clone()),
            "its digits" => error(hex(token.as_bytes())),
            "digits" => error(hex(&bytes)),
            "DIGITS" => error(hex(&bytes).to_uppercase()),
            "base64" => error(BASE64_STANDARD.encode(&bytes)),
            "list" => error(format!("{bytes:?}")),
            _ if engine == Sqlite => {
                format!("one_time_tokens SET digest = X'{}'", hex(&bytes))
            }
            _ => format!("one_time_tokens SET digest = '\\x{}'", hex(&bytes)),
        };
        assert_eq!(Dump::of(&app.database).await.form_of(&token), None);
        app.database.execute(&format!("UPDATE {change}")).await;
        let found = Dump::of(&app.database).await.form_of(&token);
        assert!(found.is_some(), "{form}");
    }
}

/// SECURITY 30.
#[rstest]
#[tokio::test]
async fn every_useless_reset_token_is_refused_with_one_answer(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    let confirm = app.only_mail().await.token();
    app.forgot(&ann.email).await.expect(200);
    let good = app.only_mail().await.token();
    app.register("bob@example.com", PASSWORD).await;
    app.deliver_mail().await;
    app.forgot("bob@example.com").await.expect(200);
    let foreign = app.only_mail().await.token();

    let refused = app.reset(&ann.email, &"A".repeat(43), "new1234").await;
    let refused = refused.expect_problem(400, "invalid_one_time_token");
    assert_eq!(refused.err_msg(), "Invalid token");
    for useless in [
        confirm.clone(),
        foreign,
        ann.token.clone(),
        good[..42].to_owned(),
        format!("{good}="),
        format!(" {good}"),
        swap_case(&good),
        "x".to_owned(),
        "%".repeat(43),
        "a".repeat(5_000),
    ] {
        let answer = app.reset(&ann.email, &useless, "new1234").await;
        assert_eq!(answer.text, refused.text, "{useless}");
    }
    let nobody = app.reset("nobody@example.com", &good, "new1234").await;
    assert_eq!(nobody.text, refused.text);
    for missing in [
        json!({}),
        json!({ "reset_token": "" }),
        json!({ "reset_token": null }),
    ] {
        let mut body = missing;
        body["email"] = json!(ann.email);
        body["new_password"] = json!("new1234");
        body["new_password_confirm"] = json!("new1234");
        let answer = app.post("/user/reset_password", body).await;
        assert_eq!(answer.err_msg(), "Reset token is required");
        answer.expect_problem(400, "reset_token_required");
    }
    ann.login().await.expect(200);
    ann.me().await.expect(200);

    // None of that used the token up, and a second use is as useless as the rest.
    app.reset(&ann.email, &good, "new1234").await.expect(200);
    assert_eq!(
        app.reset(&ann.email, &good, "newer123").await.text,
        refused.text
    );
    ann.login_with("new1234").await.expect(200);
}

/// SECURITY 30.
#[rstest]
#[tokio::test]
async fn every_useless_confirm_token_is_refused_with_one_answer(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::with(engine, &[("registration.confirmation", "required")]).await;
    app.try_register("ann@example.com", PASSWORD)
        .await
        .expect(201);
    let good = app.only_mail().await.token();
    app.try_register("bob@example.com", PASSWORD)
        .await
        .expect(201);
    let foreign = app.only_mail().await.token();
    app.forgot("ann@example.com").await.expect(200);
    let reset = app.only_mail().await.token();

    let refused = app.confirm("ann@example.com", &"A".repeat(43)).await;
    let refused = refused.expect_problem(400, "invalid_one_time_token");
    for useless in [
        reset,
        foreign,
        good[..42].to_owned(),
        swap_case(&good),
        "x".to_owned(),
    ] {
        let answer = app.confirm("ann@example.com", &useless).await;
        assert_eq!(answer.text, refused.text, "{useless}");
    }
    assert_eq!(
        app.confirm("nobody@example.com", &good).await.text,
        refused.text
    );
    for missing in [json!({}), json!({ "confirm_token": "" })] {
        let mut body = missing;
        body["email"] = json!("ann@example.com");
        let answer = app.post("/user/confirm", body).await;
        answer.expect_problem(400, "confirm_token_required");
    }
    let login = app.login("ann@example.com", PASSWORD).await;
    login.expect_problem(403, "email_not_confirmed");

    app.confirm("ANN@example.com", &good).await.expect(200);
    app.login("ann@example.com", PASSWORD).await.expect(200);
    assert_eq!(
        app.confirm("ann@example.com", &good).await.text,
        refused.text
    );
}

/// SECURITY 30: valid until the lifetime is over, to the second.
#[rstest]
#[tokio::test]
async fn a_token_works_until_its_lifetime_is_over(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[values("reset", "confirm")] purpose: &str,
) {
    let app = TestApp::start(engine).await;
    let mut tokens = Vec::new();
    for name in ["ann", "bob", "carl"] {
        let user = app.register(&format!("{name}@example.com"), PASSWORD).await;
        let confirm = app.only_mail().await.token();
        user.forgot().await.expect(200);
        let reset = app.only_mail().await.token();
        tokens.push((user.email, if purpose == "reset" { reset } else { confirm }));
    }
    let lifetime = match purpose {
        "reset" => app.config.reset_lifetime,
        _ => app.config.confirm_lifetime,
    };
    assert_eq!(
        lifetime.as_secs(),
        if purpose == "reset" { 1_800 } else { 86_400 }
    );
    app.clock.advance(lifetime.saturating_sub(SECOND));
    for (expected, (email, token)) in [200, 400, 400].into_iter().zip(tokens) {
        let answer = match purpose {
            "reset" => app.reset(&email, &token, "new1234").await,
            _ => app.confirm(&email, &token).await,
        };
        if expected == 400 {
            answer.expect_problem(400, "invalid_one_time_token");
        } else {
            answer.expect(expected);
        }
        app.clock.advance(SECOND);
    }
}

/// SECURITY 32: mail scanners open links.
#[rstest]
#[tokio::test]
async fn opening_a_link_uses_nothing_up(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    let confirm = app.only_mail().await.token();
    ann.forgot().await.expect(200);
    let reset = app.only_mail().await.token();
    for _ in 0..20 {
        for method in [Method::GET, Method::HEAD] {
            for (path, token) in [("reset_password", &reset), ("confirm", &confirm)] {
                let query = format!("email=ann@example.com&{path}_token={token}&token={token}");
                let path_of_link = path.trim_end_matches("_password");
                let api = format!("/user/{path}?{query}&reset_token={token}");
                app.send(method.clone(), &api, None, None).await.expect(405);
                // The page where the link lands.
                let link = format!("{}/{path_of_link}?{query}", app.url);
                let page = app.http.request(method.clone(), link).send().await;
                assert_eq!(page.expect("an answer").status(), 200);
            }
        }
    }
    app.confirm(&ann.email, &confirm).await.expect(200);
    app.reset(&ann.email, &reset, "new1234").await.expect(200);
}

/// A hash is for who has a token.
#[rstest]
#[tokio::test]
async fn a_reset_with_a_made_up_token_costs_no_hash(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    let before = app.hashes.computed();
    let made_up = "A".repeat(43);
    app.reset(&ann.email, &made_up, "new1234").await.expect(400);
    assert_eq!(app.hashes.computed(), before);
}

fn swap_case(token: &str) -> String {
    let swap = |c: char| {
        if c.is_ascii_lowercase() {
            c.to_ascii_uppercase()
        } else {
            c
        }
    };
    let swapped = token.chars().map(swap).collect();
    assert_ne!(token, swapped);
    swapped
}
