//! Headers that want us to use another algorithm, another key or another kind of token. Each
//! token is signed with the right key, so that only its header is wrong.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{HEADER, Vector, Workshop};

pub fn vectors(workshop: &Workshop) -> Vec<Vector> {
    let claims = workshop.claims();
    let mut headers = algorithms();
    headers.extend(types());
    headers.extend(additions(&workshop.forge.secret));
    headers.extend(shapes());
    let signed = |(why, header): Vector| (why, workshop.forge.sign(&header, &claims));
    headers.into_iter().map(signed).collect()
}

/// Our own header with one field more, or another value of one.
fn with(field: &str, value: &Value) -> String {
    let mut header: Value = serde_json::from_str(HEADER).expect("JSON");
    header[field] = value.clone();
    header.to_string()
}

fn algorithms() -> Vec<Vector> {
    let names = [
        "hs256",
        "Hs256",
        "HS256 ",
        " HS256",
        "HS256\0",
        "HS384",
        "HS512",
        "HS1",
        "RS256",
        "RS384",
        "RS512",
        "PS256",
        "PS384",
        "PS512",
        "ES256",
        "ES384",
        "ES512",
        "ES256K",
        "EdDSA",
        "Ed25519",
        "dir",
        "A256KW",
        "RSA-OAEP",
        "ECDH-ES",
        "PBES2-HS256+A128KW",
        "HMACSHA256",
        "SHA256",
        "",
    ];
    let mut found = Vec::new();
    for name in names {
        let why = format!("An algorithm that is not ours is named: {name:?}.");
        found.push((why, with("alg", &json!(name))));
    }
    for value in [
        json!(null),
        json!(true),
        json!(256),
        json!(["HS256"]),
        json!(["none", "HS256"]),
        json!({ "alg": "HS256" }),
    ] {
        let why = format!("The algorithm is no text: {value}.");
        found.push((why, with("alg", &value)));
    }
    found
}

fn types() -> Vec<Vector> {
    let mut found = Vec::new();
    for name in [
        "at+jwt",
        "application/at+jwt",
        "logout+jwt",
        "secevent+jwt",
        "dpop+jwt",
        "JWS",
        "JOSE",
        "JOSE+JSON",
        "reset",
        "jwt",
        "JWT ",
        "application/jwt",
        "",
    ] {
        let why = format!("A token of another kind is passed off as ours: typ {name:?}.");
        found.push((why, with("typ", &json!(name))));
    }
    for value in [json!(null), json!(1), json!(["JWT"]), json!({})] {
        let why = format!("The type is no text: {value}.");
        found.push((why, with("typ", &value)));
    }
    found
}

fn additions(secret: &str) -> Vec<Vector> {
    let key = json!({ "kty": "oct", "k": URL_SAFE_NO_PAD.encode(secret), "alg": "HS256" });
    let public = json!({ "kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA" });
    let attacker = "https://attacker.example/keys";
    let fields = [
        ("jwk", key, "brings the key along"),
        ("jwk", public, "brings a public key along"),
        ("jwk", json!(null), "says that there is no key"),
        ("jku", json!(attacker), "names a place for keys"),
        ("jku", json!("file:///dev/null"), "names a file for keys"),
        ("jku", json!(null), "says that keys have no place"),
        ("x5u", json!(attacker), "names a place for certificates"),
        ("x5u", json!(null), "says that certificates have no place"),
        ("x5c", json!(["MIIB"]), "brings a certificate along"),
        ("x5c", json!([]), "brings no certificate along"),
        ("x5c", json!(null), "says that there is no certificate"),
        ("x5t", json!("AAAA"), "picks a certificate"),
        ("x5t#S256", json!("AAAA"), "picks a certificate"),
        ("kid", json!("1"), "picks a key"),
        ("kid", json!(""), "picks the key without a name"),
        ("kid", json!(null), "picks no key"),
        ("kid", json!(0), "picks a key by number"),
        (
            "kid",
            json!("../../../../dev/null"),
            "picks an empty file as key",
        ),
        ("kid", json!("' UNION SELECT 'x"), "picks a key by SQL"),
        ("kid", json!("| sleep 9"), "picks a key by a command"),
        ("kid", json!("1\0"), "picks a key with a NUL"),
        ("crit", json!(["exp"]), "makes a claim critical"),
        ("crit", json!(["b64"]), "makes an extension critical"),
        (
            "crit",
            json!(["https://example.com/unknown"]),
            "makes the unknown critical",
        ),
        (
            "crit",
            json!([]),
            "has an empty list of critical extensions",
        ),
        ("crit", json!(null), "has no list of critical extensions"),
        (
            "crit",
            json!("exp"),
            "has a text for a list of critical extensions",
        ),
        (
            "b64",
            json!(false),
            "says that the claims are not encoded (RFC 7797)",
        ),
        (
            "b64",
            json!(true),
            "says that the claims are encoded (RFC 7797)",
        ),
        ("zip", json!("DEF"), "says that the claims are compressed"),
        (
            "zip",
            json!(null),
            "says that the claims are not compressed",
        ),
        (
            "enc",
            json!("A128GCM"),
            "says that the claims are encrypted",
        ),
        ("cty", json!("JWT"), "says that a token is nested in it"),
        (
            "cty",
            json!(null),
            "says nothing about what is nested in it",
        ),
        ("epk", json!({}), "brings a key to agree on along"),
        (
            "p2c",
            json!(2_147_483_647),
            "asks for a billion rounds of PBKDF2",
        ),
        ("url", json!("https://doorward/"), "is a message of ACME"),
        ("nonce", json!("x"), "is a message of ACME with a nonce"),
        ("iss", json!("doorward"), "repeats a claim in the header"),
        ("unknown", json!(1), "has a field that nobody knows"),
        (
            "unknown",
            json!(null),
            "has an empty field that nobody knows",
        ),
        ("", json!("x"), "has a field without a name"),
    ];
    let described = |(field, value, what): (&str, Value, &str)| {
        (
            format!("The header {what}: {field} {value}."),
            with(field, &value),
        )
    };
    fields.into_iter().map(described).collect()
}

fn shapes() -> Vec<Vector> {
    let deep = format!(
        "{HEADER:.26},\"x\":{}{}}}",
        "[".repeat(500),
        "]".repeat(500)
    );
    let shapes = [
        ("has no type", r#"{"alg":"HS256"}"#),
        ("has no algorithm", r#"{"typ":"JWT"}"#),
        ("is empty", ""),
        ("is an empty object", "{}"),
        ("is an array", "[]"),
        ("is an array of the right values", r#"["JWT","HS256"]"#),
        ("is in an array", r#"[{"typ":"JWT","alg":"HS256"}]"#),
        ("is null", "null"),
        ("is no JSON", "x"),
        ("is a text", r#""HS256""#),
        ("is cut off", r#"{"typ":"JWT","alg":"HS256""#),
        (
            "has none before the right algorithm",
            r#"{"typ":"JWT","alg":"none","alg":"HS256"}"#,
        ),
        (
            "has none after the right algorithm",
            r#"{"typ":"JWT","alg":"HS256","alg":"none"}"#,
        ),
        (
            "has the right algorithm twice",
            r#"{"typ":"JWT","alg":"HS256","alg":"HS256"}"#,
        ),
        (
            "has a second algorithm, escaped",
            r#"{"typ":"JWT","alg":"HS256","\u0061lg":"none"}"#,
        ),
        (
            "has the type twice",
            r#"{"typ":"JWT","typ":"at+jwt","alg":"HS256"}"#,
        ),
        ("has names in capitals", r#"{"TYP":"JWT","ALG":"HS256"}"#),
        ("has a trailing comma", r#"{"typ":"JWT","alg":"HS256",}"#),
        ("has single quotes", "{'typ':'JWT','alg':'HS256'}"),
        ("has a comment", r#"{"typ":"JWT",/**/"alg":"HS256"}"#),
        ("has more behind it", r#"{"typ":"JWT","alg":"HS256"} "x""#),
        (
            "has a second one behind it",
            r#"{"typ":"JWT","alg":"HS256"}{"alg":"none"}"#,
        ),
        (
            "begins with a byte order mark",
            "\u{feff}{\"typ\":\"JWT\",\"alg\":\"HS256\"}",
        ),
        ("ends with a NUL", "{\"typ\":\"JWT\",\"alg\":\"HS256\"}\0"),
        ("is nested 500 deep", &deep),
    ];
    let described = |(what, header): (&str, &str)| (format!("The header {what}."), header.into());
    shapes.into_iter().map(described).collect()
}
