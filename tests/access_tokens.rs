//! Access tokens: changed, respelled and oversized ones; `hostile_jwts` has the forged ones.

use doorward::clock::Clock as _;
use serde_json::json;

use crate::support::forge::HEADER;
use crate::support::*;

/// A service whose signing secret the test knows, and somebody's token.
async fn start() -> (TestApp, Forge, User) {
    let forge = Forge::new();
    let app = TestApp::with(Sqlite, &[("jwt.secret", &forge.secret)]).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    (app, forge, ann)
}

/// Claims of a good token.
fn claims(app: &TestApp) -> String {
    let now = app.clock.now().timestamp();
    let jti = "0199a3c1-7b1e-7c3d-9b5e-2f6a8d4c1e70";
    json!({ "iss": "doorward", "sub": "1", "iat": now, "exp": now + 60, "jti": jti, "ver": 1 })
        .to_string()
}

async fn assert_refused(app: &TestApp, token: &str, why: &str) {
    let answer = app.me(token).await;
    assert_eq!(
        (answer.status, answer.code()),
        (400, "invalid_token"),
        "{why}: {}",
        answer.text
    );
    assert_eq!(answer.err_msg(), "Invalid token", "{why}");
}

/// SECURITY 21.
#[tokio::test]
async fn a_token_with_any_character_changed_or_cut_off_is_refused() {
    let (app, forge, _) = start().await;
    let token = forge.sign(HEADER, &claims(&app));
    app.me(&token).await.expect(200);
    for index in 0..token.len() {
        let mut changed = token.clone().into_bytes();
        // The neighbour in the alphabet: in the last character of a part only bits differ that
        // are to be zero.
        changed[index] = match changed[index] {
            b'.' => b'A',
            b'z' | b'Z' | b'9' | b'-' | b'_' => b'0',
            other => other + 1,
        };
        let changed = String::from_utf8(changed).expect("ASCII");
        assert_refused(&app, &changed, &format!("character {index}")).await;
        assert_refused(&app, &token[..index.max(1)], &format!("cut at {index}")).await;
    }
}

/// Any JSON text of good claims is taken, so that what the hostile ones have is all that is wrong.
#[tokio::test]
async fn other_spellings_of_good_claims_are_taken() {
    let (app, forge, _) = start().await;
    let claims = claims(&app);
    for spelling in [
        format!("{claims} "),
        format!("{claims}\n\t "),
        claims.replace(",\"", " , \""),
        claims.replace("doorward", "\\u0064oorward"),
        format!("{},\"unknown\":[null]}}", claims.trim_end_matches('}')),
    ] {
        app.me(&forge.sign(HEADER, &spelling)).await.expect(200);
    }
    for header in [
        r#"{"alg":"HS256","typ":"JWT"}"#,
        r#"{ "typ": "JWT", "alg": "HS\u0032\u0035\u0036" }"#,
    ] {
        app.me(&forge.sign(header, &claims)).await.expect(200);
    }
}

/// The longest token that is looked at has 2 KiB; hyper refuses headers of 16 KiB and more.
#[tokio::test]
async fn a_token_has_at_most_2_kib() {
    let (app, forge, _) = start().await;
    let claims = claims(&app);
    let with = |length: usize| {
        let open = claims.trim_end_matches('}');
        forge.sign(
            HEADER,
            &format!("{open},\"x\":\"{}\"}}", "x".repeat(length)),
        )
    };
    let lengths = (1_000..1_500).map(|length| (with(length).len(), length));
    let (long, longest) = lengths
        .filter(|(token, _)| *token <= 2_048)
        .max()
        .expect("a length");
    assert!(long >= 2_046);
    app.me(&with(longest)).await.expect(200);
    assert_refused(&app, &with(longest + 2), "too long").await;
    for length in [16_384, 100_000] {
        let request = app.http.get(format!("{}/user", app.url));
        let request = request.bearer_auth("a".repeat(length));
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), 431, "{length}");
    }
}
