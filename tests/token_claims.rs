//! The claims of access tokens: each is required, with its type and its bounds.

use doorward::clock::Clock as _;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::forge::HEADER;
use crate::support::*;

async fn start() -> (TestApp, Forge) {
    let forge = Forge::new();
    let app = TestApp::with(Sqlite, &[("jwt.secret", &forge.secret)]).await;
    app.register("ann@example.com", PASSWORD).await;
    (app, forge)
}

fn good(app: &TestApp) -> Value {
    let now = app.clock.now().timestamp();
    let jti = "0199a3c1-7b1e-7c3d-9b5e-2f6a8d4c1e70";
    json!({ "iss": "doorward", "sub": "1", "iat": now, "exp": now + 60, "jti": jti, "ver": 1 })
}

/// The status for a token with good claims but one.
async fn with(app: &TestApp, forge: &Forge, claim: &str, value: Option<Value>) -> u16 {
    let mut claims = good(app);
    let fields = claims.as_object_mut().expect("an object");
    match value {
        Some(value) => fields.insert(claim.to_owned(), value),
        None => fields.remove(claim),
    };
    let answer = app.me(&forge.sign(HEADER, &claims.to_string())).await;
    if answer.status != 200 {
        assert_eq!(
            (answer.status, answer.code()),
            (400, "invalid_token"),
            "{claims}"
        );
    }
    answer.status
}

/// SECURITY 22.
#[rstest]
#[case("exp")]
#[case("iss")]
#[case("sub")]
#[case("ver")]
#[case("iat")]
#[case("jti")]
#[tokio::test]
async fn every_claim_is_required_with_its_type(#[case] claim: &str) {
    let (app, forge) = start().await;
    let good = good(&app)[claim].clone();
    assert_eq!(with(&app, &forge, claim, Some(good.clone())).await, 200);
    assert_eq!(with(&app, &forge, claim, None).await, 400, "missing");
    let mut wrong = vec![
        json!(null),
        json!(true),
        json!({}),
        json!([]),
        json!([good]),
        json!(1.5),
        json!(1e300),
        json!(u64::MAX),
    ];
    match good.as_i64() {
        Some(number) => {
            #[expect(clippy::cast_precision_loss, reason = "the same number, as a float")]
            let float = number as f64;
            wrong.extend([json!(float), json!(number.to_string()), json!("")]);
        }
        None => wrong.extend([json!(1), json!(-1)]),
    }
    for value in wrong {
        assert_eq!(
            with(&app, &forge, claim, Some(value.clone())).await,
            400,
            "{claim}: {value}"
        );
    }
}

/// SECURITY 22.
#[tokio::test]
async fn a_subject_is_an_account_number_as_we_write_it() {
    let (app, forge) = start().await;
    for sub in [
        "+1",
        "01",
        "0",
        "-0",
        "-1",
        "1 ",
        " 1",
        "1\n",
        "1.0",
        "1e0",
        "0x1",
        "",
        "1,2",
        "1;2",
        "１",
        "١",
        "9223372036854775807",
        "9223372036854775808",
        "2",
        "1\u{0}",
        "ann@example.com",
    ] {
        assert_eq!(
            with(&app, &forge, "sub", Some(json!(sub))).await,
            400,
            "{sub:?}"
        );
    }
}

/// SECURITY 22.
#[tokio::test]
async fn only_our_own_issuer_is_believed() {
    let (app, forge) = start().await;
    for iss in [
        "",
        "other",
        "Doorward",
        "doorward ",
        "doorward.example.com",
        "https://doorward",
    ] {
        assert_eq!(
            with(&app, &forge, "iss", Some(json!(iss))).await,
            400,
            "{iss:?}"
        );
    }
    let iss = json!(["other", "doorward"]);
    assert_eq!(with(&app, &forge, "iss", Some(iss)).await, 400);
}

/// RFC 7519 section 4.1.3: who is not named in `aud` refuses the token; we never are.
#[tokio::test]
async fn a_token_for_another_audience_is_refused() {
    let (app, forge) = start().await;
    for aud in [
        json!("other"),
        json!(["other"]),
        json!("doorward"),
        json!(1),
    ] {
        assert_eq!(
            with(&app, &forge, "aud", Some(aud.clone())).await,
            400,
            "{aud}"
        );
    }
}

/// SECURITY 22.
#[tokio::test]
async fn only_the_token_version_of_the_account_is_alive() {
    let (app, forge) = start().await;
    for ver in [0, -1, 2, i64::MAX, i64::MIN] {
        assert_eq!(
            with(&app, &forge, "ver", Some(json!(ver))).await,
            400,
            "{ver}"
        );
    }
}

/// SECURITY 22. No leeway for what is over, at most 30 seconds for what is still to come.
#[tokio::test]
async fn times_are_compared_to_the_second() {
    let (app, forge) = start().await;
    let now = app.clock.now().timestamp();
    for (claim, at, status) in [
        ("exp", now + 1, 200),
        ("exp", now, 400),
        ("exp", now - 1, 400),
        ("exp", 0, 400),
        ("exp", -1, 400),
        ("exp", i64::MIN, 400),
        ("nbf", now, 200),
        ("nbf", now + 31, 400),
        ("nbf", now + 3_600, 400),
        ("nbf", i64::MAX, 400),
        ("iat", now - 3_600, 200),
        ("iat", now, 200),
        ("iat", now + 31, 400),
        ("iat", now + 86_400, 400),
        ("iat", i64::MAX, 400),
    ] {
        assert_eq!(
            with(&app, &forge, claim, Some(json!(at))).await,
            status,
            "{claim} {at}"
        );
    }
    for nbf in [json!("0"), json!([]), json!(1.5), json!(true)] {
        assert_eq!(
            with(&app, &forge, "nbf", Some(nbf.clone())).await,
            400,
            "nbf {nbf}"
        );
    }
}

/// SECURITY 22. Two readers could disagree on which of them counts.
#[tokio::test]
async fn a_claim_that_is_there_twice_is_refused() {
    let (app, forge) = start().await;
    let good = good(&app);
    for claim in ["exp", "iss", "sub", "ver", "iat", "jti"] {
        let text = good.to_string();
        let twice = format!("{{\"{claim}\":{},{}", good[claim], &text[1..]);
        app.me(&forge.sign(HEADER, &twice))
            .await
            .expect_problem(400, "invalid_token");
    }
}

/// SECURITY 22.
#[tokio::test]
async fn claims_that_are_no_object_are_refused() {
    let (app, forge) = start().await;
    let good = good(&app).to_string();
    let nested = format!("[{good}]");
    let values: Vec<Value> = serde_json::from_str::<Value>(&good)
        .expect("JSON")
        .as_object()
        .expect("an object")
        .values()
        .cloned()
        .collect();
    let trailing = format!("{good}{good}");
    let listed = json!(values).to_string();
    for text in [
        "", "null", "[]", "{}", "1", "\"x\"", "{", &nested, &trailing, &listed,
    ] {
        app.me(&forge.sign(HEADER, text))
            .await
            .expect_problem(400, "invalid_token");
    }
}
