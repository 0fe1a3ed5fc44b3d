//! The token check: it accepts what we issued, and of what is signed with our key only what is
//! just as good. The oracle is the library jsonwebtoken, and the claims read in another way.

use std::sync::LazyLock;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use doorward::security::access_token::{AccessTokens, TokenSubject};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Validation, crypto};
use serde::Deserialize;
use serde_json::Value;

use super::pairs::Pairs;

const KEY: &str = "a key that libFuzzer cannot know";
const HEADER: &str = r#"{"typ":"JWT","alg":"HS256"}"#;
const NOW: i64 = 1_800_000_000;
const CLAIMS: &str = r#"{"iss":"a","sub":"7","iat":1800000000,"exp":1800000060,"jti":"x","ver":3}"#;

static TOKENS: LazyLock<AccessTokens> = LazyLock::new(|| {
    AccessTokens::new(
        &KEY.to_owned().into(),
        "a".to_owned(),
        Duration::from_mins(1),
    )
});
static GOOD: LazyLock<String> =
    LazyLock::new(|| sign(&message(HEADER.as_bytes(), CLAIMS.as_bytes())));

/// The first byte of `data` says what the rest is.
pub fn check(data: &[u8]) {
    let Some((kind, rest)) = data.split_first() else {
        return;
    };
    match kind {
        b'e' => edited(rest),
        b'c' => signed(HEADER.as_bytes(), rest),
        b'h' => match rest.iter().position(|byte| *byte == b'\n') {
            Some(at) => signed(&rest[..at], &rest[at + 1..]),
            None => signed(rest, CLAIMS.as_bytes()),
        },
        b's' => spelled(rest),
        _ => unsigned(rest),
    }
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(NOW, 0).expect("a time")
}

fn verify(token: &str) -> Option<TokenSubject> {
    TOKENS.verify(token, now()).ok()
}

fn message(header: &[u8], claims: &[u8]) -> String {
    format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(claims)
    )
}

fn sign(message: &str) -> String {
    let key = EncodingKey::from_secret(KEY.as_bytes());
    let signature = crypto::sign(message.as_bytes(), &key, Algorithm::HS256).expect("signed");
    format!("{message}.{signature}")
}

/// Any text at all: nobody without the key makes a token.
fn unsigned(text: &[u8]) {
    if let Ok(text) = std::str::from_utf8(text) {
        assert_eq!(verify(text).is_some(), *text == **GOOD, "{text}");
    }
}

/// A good token with edits of three bytes: where, what to do, and a character.
fn edited(edits: &[u8]) {
    let mut token: Vec<char> = GOOD.chars().collect();
    for edit in edits.chunks_exact(3) {
        let length = token.len();
        let at = usize::from(edit[0]) * length / 256;
        let character = char::from(edit[2]);
        match edit[1] % 5 {
            0 => token[at] = character,
            1 => token.insert(at, character),
            2 => drop(token.remove(at)),
            3 => token.truncate(at),
            _ => token.swap(at, usize::from(edit[2]) % length),
        }
        if token.is_empty() {
            break;
        }
    }
    let token: String = token.into_iter().collect();
    let good = token == **GOOD;
    assert_eq!(
        verify(&token).is_some(),
        good,
        "the accepted token is exactly the issued one: {token}"
    );
}

/// Any header and claims, signed with our key.
fn signed(header: &[u8], claims: &[u8]) {
    let token = sign(&message(header, claims));
    let accepted = verify(&token);
    if let Some(subject) = accepted {
        assert!(library_accepts(&token), "the library is stricter: {token}");
        assert!(is_our_header(header), "{}", String::from_utf8_lossy(header));
        let read: Strict = serde_json::from_slice(claims).expect("the library read it");
        assert_eq!(
            read.sub,
            subject.account.to_string(),
            "the account is spelled as we do"
        );
        assert_eq!((read.iss.as_str(), read.ver), ("a", subject.version));
        assert!(read.exp > NOW && read.iat <= NOW + 30, "{token}");
    }
    if let Some(subject) = good_claims(claims)
        && header == HEADER.as_bytes()
        && token.len() <= 2_048
    {
        assert_eq!(
            accepted,
            Some(subject),
            "what is as good as ours is taken: {token}"
        );
    }
}

/// Any text in the place of header and claims, signed as it is.
fn spelled(message: &[u8]) {
    let Ok(message) = std::str::from_utf8(message) else {
        return;
    };
    let token = sign(message);
    if verify(&token).is_some() {
        assert!(library_accepts(&token), "the library is stricter: {token}");
        let parts: Vec<&str> = message.split('.').collect();
        assert_eq!(parts.len(), 2, "{message}");
        for part in parts {
            let bytes = URL_SAFE_NO_PAD.decode(part).expect("base64url");
            assert_eq!(
                URL_SAFE_NO_PAD.encode(bytes),
                part,
                "one spelling for each value"
            );
        }
    }
}

/// The claims as the library's user would read them.
#[derive(Deserialize)]
struct Strict {
    iss: String,
    sub: String,
    iat: i64,
    exp: i64,
    ver: i64,
}

/// The library's opinion, without the clock, which it would read from the machine.
fn library_accepts(token: &str) -> bool {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_issuer(&["a"]);
    validation.set_required_spec_claims(&["exp", "iss", "sub"]);
    validation.validate_exp = false;
    let key = DecodingKey::from_secret(KEY.as_bytes());
    jsonwebtoken::decode::<Strict>(token, &key, &validation).is_ok()
}

fn is_our_header(header: &[u8]) -> bool {
    let Some(pairs) = Pairs::read(header) else {
        return false;
    };
    let is = |name: &str, value: &str| pairs.only(name).is_some_and(|found| found == value);
    pairs.len() == 2 && is("typ", "JWT") && is("alg", "HS256")
}

/// Whom good claims are about, read in another way than the service reads them.
fn good_claims(claims: &[u8]) -> Option<TokenSubject> {
    if !claims.starts_with(b"{") {
        return None;
    }
    let pairs = Pairs::read(claims)?;
    let number = |name: &str| pairs.only(name).and_then(Value::as_i64);
    let text = |name: &str| pairs.only(name).and_then(Value::as_str);
    let timely = number("exp")? > NOW && number("iat")? <= NOW;
    let nbf = !pairs.has("nbf") || number("nbf")? <= NOW;
    let account: i64 = text("sub")?.parse().ok()?;
    let ours = text("iss")? == "a" && text("sub")? == account.to_string() && account > 0;
    let subject = TokenSubject {
        account,
        version: number("ver")?,
    };
    text("jti")?;
    (timely && nbf && ours && !pairs.has("aud")).then_some(subject)
}
