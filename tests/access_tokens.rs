//! Access tokens: forged and confused ones (RFC 8725).

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use doorward::clock::Clock as _;
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

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

/// SECURITY 21. Each is signed with the right key, so that only its header is wrong.
#[tokio::test]
async fn a_header_that_is_not_ours_is_refused() {
    let (app, forge, _) = start().await;
    let claims = claims(&app);
    app.me(&forge.sign(HEADER, &claims)).await.expect(200);

    let algorithms = [
        json!("none"),
        json!("None"),
        json!("NONE"),
        json!("nOnE"),
        json!("hs256"),
        json!(""),
        json!("HS384"),
        json!("HS512"),
        json!("RS256"),
        json!("PS256"),
        json!("ES256"),
        json!("EdDSA"),
        json!("dir"),
        json!("A256KW"),
        json!(null),
        json!(["HS256"]),
        json!(256),
    ];
    let types = [
        json!("at+jwt"),
        json!("JWS"),
        json!("JOSE"),
        json!("secevent+jwt"),
        json!("reset"),
        json!(""),
        json!(null),
        json!(1),
        json!(["JWT"]),
    ];
    let key = json!({ "kty": "oct", "k": URL_SAFE_NO_PAD.encode(&forge.secret), "alg": "HS256" });
    let additions = [
        ("jku", json!("https://attacker.example/keys")),
        ("jwk", key),
        ("kid", json!("1")),
        ("kid", json!("../../../../dev/null")),
        ("kid", json!("' UNION SELECT 'x")),
        ("x5u", json!("https://attacker.example/cert")),
        ("x5c", json!(["MIIB"])),
        ("x5t", json!("AAAA")),
        ("x5t#S256", json!("AAAA")),
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("crit", json!(["b64"])),
        ("b64", json!(false)),
        ("b64", json!(true)),
        ("cty", json!("JWT")),
        ("zip", json!("DEF")),
        ("enc", json!("A128GCM")),
        ("iss", json!("doorward")),
        ("unknown", json!(1)),
        ("unknown", json!(null)),
    ];
    let with = |field: &str, value: &Value| {
        let mut header: Value = serde_json::from_str(HEADER).expect("JSON");
        header[field] = value.clone();
        header.to_string()
    };
    let mut headers: Vec<String> = algorithms.iter().map(|value| with("alg", value)).collect();
    headers.extend(types.iter().map(|value| with("typ", value)));
    headers.extend(additions.iter().map(|(field, value)| with(field, value)));
    headers.extend(
        [
            r#"{"alg":"HS256"}"#,
            r#"{"typ":"JWT"}"#,
            "{}",
            "[]",
            "null",
            "",
            "x",
            "\"HS256\"",
            r#"{"typ":"JWT","alg":"none","alg":"HS256"}"#,
            r#"{"typ":"JWT","alg":"HS256","alg":"none"}"#,
            r#"{"typ":"JWT","alg":"HS256"} "x""#,
        ]
        .map(str::to_owned),
    );
    for header in &headers {
        assert_refused(&app, &forge.sign(header, &claims), header).await;
    }
}

/// SECURITY 21.
#[tokio::test]
async fn a_signature_that_is_not_hs256_with_our_key_is_refused() {
    let (app, forge, _) = start().await;
    let claims = claims(&app);
    for (algorithm, name) in [(Algorithm::HS384, "HS384"), (Algorithm::HS512, "HS512")] {
        let header = json!({ "typ": "JWT", "alg": name }).to_string();
        assert_refused(&app, &forge.sign_with(algorithm, &header, &claims), name).await;
        assert_refused(&app, &forge.sign_with(algorithm, HEADER, &claims), name).await;
    }
    assert_refused(&app, &Forge::new().sign(HEADER, &claims), "another key").await;
    let nothing = Forge {
        secret: String::new(),
    };
    assert_refused(&app, &nothing.sign(HEADER, &claims), "an empty key").await;
    for algorithm in ["none", "None", "NONE", "HS256"] {
        let header = json!({ "typ": "JWT", "alg": algorithm }).to_string();
        let encode = |part: &str| URL_SAFE_NO_PAD.encode(part);
        let unsigned = format!("{}.{}", encode(&header), encode(&claims));
        for token in [
            unsigned.clone(),
            format!("{unsigned}."),
            format!("{unsigned}.AA"),
        ] {
            assert_refused(&app, &token, algorithm).await;
        }
    }
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

/// SECURITY 21.
#[tokio::test]
async fn a_text_that_is_not_three_parts_of_base64url_is_refused() {
    let (app, forge, _) = start().await;
    let claims = claims(&app);
    let token = forge.sign(HEADER, &claims);
    let parts: Vec<&str> = token.split('.').collect();
    let (h, p, s) = (parts[0], parts[1], parts[2]);
    for text in [
        ".",
        "..",
        "...",
        "x",
        "a.b",
        "a.b.c",
        "!.!.!",
        "null",
        "undefined",
        "Bearer",
        "{}",
        &format!("{h}.{p}"),
        &format!("{h}.{p}."),
        &format!("{h}..{s}"),
        &format!(".{p}.{s}"),
        &format!("{token}."),
        &format!(".{token}"),
        &format!("{token}.{s}"),
        &format!("{h}.{p}.{s}.{h}.{p}"),
        &format!("{h}.{h}.{p}.{s}"),
        &format!("{token}="),
        &format!("{token},{token}"),
        &format!("\"{token}\""),
        &format!("{token}%00"),
    ] {
        assert_refused(&app, text, text).await;
    }
    // Other spellings of the same bytes, with a signature over just that spelling.
    let filled = |rest: usize| format!("{claims}{}", " ".repeat((rest + 6 - claims.len() % 3) % 3));
    for message in [
        format!("{h}=.{p}"),
        format!("{h}.{p}="),
        format!("{h}.{}", STANDARD.encode(filled(1))),
        format!("{h}.{}", STANDARD.encode(filled(2))),
        format!("{h}.{claims}"),
        format!("{HEADER}.{p}"),
    ] {
        let signed = forge.sign_message(Algorithm::HS256, &message);
        assert_refused(&app, &signed, &message).await;
    }
    for rest in 0..3 {
        app.me(&forge.sign(HEADER, &filled(rest))).await.expect(200);
    }
}

/// SECURITY 21. Such a token is not even decoded.
#[tokio::test]
async fn a_huge_token_is_refused() {
    let (app, forge, _) = start().await;
    let mut claims: Value = serde_json::from_str(&claims(&app)).expect("JSON");
    claims["jti"] = json!("j".repeat(500));
    app.me(&forge.sign(HEADER, &claims.to_string()))
        .await
        .expect(200);
    claims["jti"] = json!("j".repeat(8_000));
    assert_refused(&app, &forge.sign(HEADER, &claims.to_string()), "signed").await;
    assert_refused(&app, &"a".repeat(12_000), "no dots").await;
    assert_refused(&app, &".".repeat(12_000), "only dots").await;
}
