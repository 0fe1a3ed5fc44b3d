//! Hostile JWTs: a table of forgeries and confusions, each with the sentence that says what it
//! tries (RFC 8725; CVE-2015-9235, CVE-2018-0114, CVE-2022-21449, CVE-2026-25537).

mod claims;
mod headers;
mod signatures;
mod spellings;

use std::time::Duration;

use doorward::clock::Clock as _;
use doorward::security::access_token::AccessTokens;
use reqwest::header::HeaderValue;
use rstest::rstest;

use crate::support::forge::HEADER;
use crate::support::*;

/// What it tries, and the token.
type Vector = (String, String);

/// Makes tokens that are good but for one thing.
struct Workshop {
    forge: Forge,
    /// Name and JSON text of each claim of a good token, in the order in which we write them.
    good: Vec<(&'static str, String)>,
}

impl Workshop {
    fn new(now: i64) -> Self {
        let jti = r#""0199a3c1-7b1e-7c3d-9b5e-2f6a8d4c1e70""#;
        let good = [
            ("iss", r#""doorward""#.to_owned()),
            ("sub", r#""1""#.to_owned()),
            ("iat", now.to_string()),
            ("exp", (now + 60).to_string()),
            ("jti", jti.to_owned()),
            ("ver", "1".to_owned()),
        ];
        Self {
            forge: Forge::new(),
            good: good.into(),
        }
    }

    /// The JSON text of a good claim.
    fn value(&self, claim: &str) -> &str {
        let found = self.good.iter().find(|(name, _)| *name == claim);
        &found.expect("a claim").1
    }

    /// Good claims as one JSON text.
    fn claims(&self) -> String {
        object(&self.good)
    }

    /// A token with these claims, signed and with our own header.
    fn sign(&self, claims: &str) -> String {
        self.forge.sign(HEADER, claims)
    }

    fn all(&self) -> Vec<Vector> {
        let mut all = headers::vectors(self);
        all.extend(signatures::vectors(self));
        all.extend(claims::vectors(self));
        all.extend(spellings::vectors(self));
        all
    }
}

fn object(pairs: &[(&str, String)]) -> String {
    let pairs = pairs
        .iter()
        .map(|(name, value)| format!("\"{name}\":{value}"));
    format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
}

/// SECURITY 21, 22.
#[test]
fn no_hostile_token_passes_the_check() {
    let clock = doorward::clock::ManualClock::starting_now();
    let now = clock.now();
    let workshop = Workshop::new(now.timestamp());
    let secret = workshop.forge.secret.clone().into();
    let tokens = AccessTokens::new(&secret, "doorward".to_owned(), Duration::from_mins(1));
    let good = workshop.sign(&workshop.claims());
    assert!(tokens.verify(&good, now).is_ok(), "{}", workshop.claims());
    let vectors = workshop.all();
    assert!(vectors.len() > 300, "{}", vectors.len());
    for (why, token) in vectors {
        assert!(tokens.verify(&token, now).is_err(), "{why}: {token}");
    }
}

/// SECURITY 21, 22.
#[rstest]
#[tokio::test]
async fn every_hostile_token_is_answered_alike(#[values(400, 401)] status: u16) {
    let clock = doorward::clock::ManualClock::starting_now();
    let workshop = Workshop::new(clock.now().timestamp());
    let secret = workshop.forge.secret.clone();
    let settings = [
        ("jwt.secret", secret.as_str()),
        ("http.token_error_status", &status.to_string()),
    ];
    let app = TestApp::with(Sqlite, &settings).await;
    app.register("ann@example.com", PASSWORD).await;
    let good = workshop.sign(&workshop.claims());
    app.me(&good).await.expect(200);
    let mut sent = 0;
    for (why, token) in workshop.all().into_iter().filter(|(_, token)| fits(token)) {
        // What cannot be one word of a header is told apart, and nothing else.
        let is_word = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
        let code = if is_word {
            "invalid_token"
        } else {
            "malformed_authorization"
        };
        let answer = app.me(&token).await;
        let found = (answer.status, answer.code());
        assert_eq!(found, (status, code), "{why}: {}", answer.text);
        let challenge = "Bearer realm=\"doorward\", error=\"invalid_token\"";
        assert_eq!(answer.header("www-authenticate"), challenge, "{why}");
        sent += 1;
    }
    assert!(sent > 280, "{sent}");
    app.me(&good).await.expect(200);
}

/// Whether HTTP carries the text as it is: without control characters, and not trimmed.
fn fits(token: &str) -> bool {
    let carried = HeaderValue::from_str(token).is_ok() || !token.is_ascii();
    carried && !token.contains(char::is_control) && token.trim() == token && token.len() < 15_000
}
