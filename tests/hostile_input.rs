//! Bodies that no honest client sends, to every endpoint that takes one: each is refused as
//! ours to refuse, and leaves no trace.

use rstest::rstest;

use crate::support::endpoints::{Endpoint, POSTS, registered, traces};
use crate::support::*;

/// Deeper than any stack would bear.
const LEVELS: usize = 10_000;

/// What the body is wrong in, and the body.
type Case = (String, Vec<u8>);

/// Twice the same key: two readers could disagree on which counts.
fn duplicate_keys(endpoint: &Endpoint) -> Vec<Case> {
    let open = endpoint.open_body();
    let mut cases = vec![
        (
            "unknown key twice".into(),
            format!("{open}\"x\":1,\"x\":1}}").into_bytes(),
        ),
        (
            "empty key twice".into(),
            format!("{open}\"\":1,\"\":2}}").into_bytes(),
        ),
    ];
    for field in endpoint.fields {
        let (name, good) = (field.name, field.good);
        let (first, rest) = name.split_at(1);
        let escaped = format!("\\u{:04x}{rest}", first.as_bytes()[0]);
        for again in [
            format!("\"{name}\":\"{good}\""),
            format!("\"{name}\":null"),
            format!("\"{escaped}\":\"{good}\""),
        ] {
            cases.push((again.clone(), format!("{open}{again}}}").into_bytes()));
        }
    }
    cases
}

fn not_one_document(endpoint: &Endpoint) -> Vec<Case> {
    let body = serde_json::Value::Object(endpoint.body()).to_string();
    let tails = [
        "x", "\0", "{}", ",", "}", "]", " null", "\u{feff}", "//", &body,
    ];
    let mut cases: Vec<Case> = tails
        .iter()
        .map(|tail| (format!("then {tail:?}"), format!("{body}{tail}").into()))
        .collect();
    cases.push(("BOM".into(), format!("\u{feff}{body}").into()));
    cases.push((
        "UTF-16".into(),
        body.encode_utf16().flat_map(u16::to_le_bytes).collect(),
    ));
    cases.push(("cut off".into(), body.as_bytes()[..body.len() - 1].to_vec()));
    for other in [
        &format!("[{body}]"),
        "[]",
        "\"email\"",
        "1",
        "-0.0",
        "null",
        "true",
        "false",
        " ",
        "\n",
        "\0",
        "{",
        "}",
        "{\"email\"}",
        "{\"email\":}",
        "{,}",
        "{email:1}",
        "{'email':'x'}",
        "NaN",
        "email=ann%40example.com",
        "<email/>",
        "{\"x\":NaN}",
        "{\"x\":1e999}",
        "{\"x\":01}",
        "{\"x\":\"\n\"}",
        "{\"x\":\"\\x41\"}",
        "{\"x\":\"\\u12\"}",
        "{/**/}",
        "{\"x\":1,}",
    ] {
        cases.push((other.to_owned(), other.to_owned().into()));
    }
    cases
}

fn deep_nesting(endpoint: &Endpoint) -> Vec<Case> {
    let closed = format!("{}{}", "[".repeat(LEVELS), "]".repeat(LEVELS));
    let open = "[".repeat(LEVELS * 2);
    let objects = format!("{}1{}", "{\"\":".repeat(5_000), "}".repeat(5_000));
    let (field, continued) = (endpoint.fields[0].name, endpoint.open_body());
    let mut cases = vec![
        ("open arrays".to_owned(), open.clone().into_bytes()),
        ("closed arrays".to_owned(), closed.clone().into_bytes()),
    ];
    for value in [closed, open, objects] {
        let context = value[..10].to_owned();
        cases.push((
            format!("{context} in {field}"),
            endpoint.body_with(field, &value),
        ));
        cases.push((
            format!("{context} in x"),
            format!("{continued}\"x\":{value}}}").into(),
        ));
    }
    cases
}

fn bad_text(endpoint: &Endpoint) -> Vec<Case> {
    let bad: [&[u8]; 12] = [
        b"\\ud800",
        b"\\udc00",
        b"\\ud800\\ud800",
        b"\\udc00\\ud800",
        b"\\ud83dx",
        b"\xff",
        b"\xc0\x80",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\xe2\x82",
        b"\0",
        b"\x1f",
    ];
    let mut cases = Vec::new();
    for bad in bad {
        let quoted = [b"\"", bad, b"\""].concat();
        let context = String::from_utf8_lossy(bad).into_owned();
        for field in endpoint.fields {
            let body = endpoint.body_with(field.name, &quoted);
            cases.push((format!("{context:?} in {}", field.name), body));
        }
        let open = endpoint.open_body().into_bytes();
        cases.push((
            format!("{context:?} in x"),
            [&open, &b"\"x\":"[..], &quoted, b"}"].concat(),
        ));
        cases.push((
            format!("{context:?} as key"),
            [&open, &quoted[..], b":1}"].concat(),
        ));
    }
    cases
}

/// SECURITY 38.
#[rstest]
#[tokio::test]
async fn what_is_not_one_plain_object_is_refused(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[values(duplicate_keys, not_one_document, deep_nesting, bad_text)] cases: fn(
        &Endpoint,
    ) -> Vec<Case>,
) {
    let app = TestApp::start(engine).await;
    let token = registered(&app).await;
    let (before, hashes) = (traces(&app).await, app.hashes.computed());
    for endpoint in POSTS {
        for (context, body) in cases(&endpoint) {
            let large = body.len() > 32 * 1024;
            let answer = endpoint.send(&app, &token, body).await;
            let got = (answer.status, answer.code());
            let expected = if large {
                (413, "body_too_large")
            } else {
                (400, "malformed_body")
            };
            assert_eq!(got, expected, "{} {context}", endpoint.path);
        }
    }
    assert_eq!(
        (traces(&app).await, app.hashes.computed()),
        (before, hashes)
    );
    app.me(&token).await.expect(200);
}

/// Shows that the bodies above are refused for what is wrong with them and for nothing else.
#[rstest]
#[tokio::test]
async fn the_bodies_that_the_hostile_ones_are_made_of_are_taken(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let token = registered(&app).await;
    let spaces = " \r\n\t";
    let shallow = format!("{}1{}", "[".repeat(50), "]".repeat(50));
    let mut codes = Vec::new();
    for endpoint in POSTS {
        let open = endpoint.open_body();
        let body =
            format!("{spaces}{open}\"x\":{shallow},\"\":\"\\ud83d\\ude00\\u0000\"}}{spaces}");
        let answer = endpoint.send(&app, &token, body).await;
        codes.push(format!(
            "{} {} {}",
            endpoint.path,
            answer.status,
            answer.code()
        ));
    }
    assert_eq!(
        codes,
        [
            "/user/create 201 (no code)",
            "/user/login 400 wrong_credentials",
            "/user/change_password 200 (no code)",
            "/user/forgot 200 (no code)",
            "/user/reset_password 400 invalid_one_time_token",
            "/user/confirm 400 invalid_one_time_token",
            "/user/confirm/resend 200 (no code)",
        ]
    );
}
