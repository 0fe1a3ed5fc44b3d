//! Other spellings of a good token: parts too few, too many or empty, other serialisations, and
//! base64 in a second form.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use jsonwebtoken::Algorithm;
use serde_json::json;

use super::{HEADER, Vector, Workshop};

pub fn vectors(workshop: &Workshop) -> Vec<Vector> {
    let token = workshop.sign(&workshop.claims());
    let mut found = parts(&token);
    found.extend(around(&token));
    found.extend(base64_forms(workshop));
    found.extend(sizes(workshop));
    found
}

fn described(all: Vec<(&str, String)>) -> Vec<Vector> {
    let sentence = |(what, token): (&str, String)| (format!("The token {what}."), token);
    all.into_iter().map(sentence).collect()
}

fn parts(token: &str) -> Vec<Vector> {
    let parts: Vec<&str> = token.split('.').collect();
    let (h, p, s) = (parts[0], parts[1], parts[2]);
    let jwe = URL_SAFE_NO_PAD.encode(r#"{"alg":"dir","enc":"A128GCM"}"#);
    let flat = json!({ "protected": h, "payload": p, "signature": s });
    let general = json!({ "payload": p, "signatures": [{ "protected": h, "signature": s }] });
    described(vec![
        ("is one dot", ".".into()),
        ("is two dots", "..".into()),
        ("is three dots", "...".into()),
        ("has one part", "x".into()),
        ("has two parts", format!("{h}.{p}")),
        ("has no signature", format!("{h}.{p}.")),
        ("has no claims", format!("{h}..{s}")),
        ("has no header", format!(".{p}.{s}")),
        ("has only a signature", format!("..{s}")),
        ("has only a header", format!("{h}..")),
        (
            "has a detached payload (RFC 7515 appendix F)",
            format!("{h}..{s}"),
        ),
        ("has its parts in another order", format!("{p}.{h}.{s}")),
        ("has a dot more in the end", format!("{token}.")),
        ("has a dot more in the beginning", format!(".{token}")),
        ("has four parts", format!("{token}.{s}")),
        ("has a second header", format!("{h}.{h}.{p}.{s}")),
        ("has an empty part in its middle", format!("{h}..{p}.{s}")),
        ("has five parts", format!("{h}.{p}.{s}.{h}.{p}")),
        (
            "is encrypted (RFC 7516)",
            format!("{jwe}.AAAA.AAAA.{p}.AAAA"),
        ),
        (
            "is encrypted without a key",
            format!("{jwe}..AAAA.{p}.AAAA"),
        ),
        (
            "is flattened JSON (RFC 7515 section 7.2.2)",
            flat.to_string(),
        ),
        (
            "is general JSON (RFC 7515 section 7.2.1)",
            general.to_string(),
        ),
        ("is two tokens with a comma", format!("{token},{token}")),
        ("is two tokens with a space", format!("{token} {token}")),
        (
            "is two tokens with a tilde (SD-JWT)",
            format!("{token}~{token}"),
        ),
        ("ends with a tilde (SD-JWT)", format!("{token}~")),
        ("has full-width dots", token.replace('.', "\u{ff0e}")),
        ("has one-dot leaders", token.replace('.', "\u{2024}")),
        ("has encoded dots", token.replace('.', "%2E")),
    ])
}

fn around(token: &str) -> Vec<Vector> {
    let (head, tail) = token.split_at(40);
    described(vec![
        ("is empty", String::new()),
        ("is the word null", "null".into()),
        ("is the word undefined", "undefined".into()),
        ("is the word Bearer", "Bearer".into()),
        ("is an object", "{}".into()),
        ("is a path", "../../etc/passwd".into()),
        ("is in quotes", format!("\"{token}\"")),
        ("is in angle brackets", format!("<{token}>")),
        ("has its scheme again", format!("Bearer {token}")),
        ("has a space before it", format!(" {token}")),
        ("has a space behind it", format!("{token} ")),
        ("has a space in it", format!("{head} {tail}")),
        ("has a tab in it", format!("{head}\t{tail}")),
        ("has a line break in it", format!("{head}\n{tail}")),
        ("has a line break behind it", format!("{token}\n")),
        ("is folded", format!("{head}\r\n {tail}")),
        ("has a NUL before it", format!("\0{token}")),
        ("has a NUL in it", format!("{head}\0{tail}")),
        ("has a NUL behind it", format!("{token}\0")),
        ("has an encoded NUL behind it", format!("{token}%00")),
        (
            "has a zero-width space in it",
            format!("{head}\u{200b}{tail}"),
        ),
        (
            "has a byte order mark before it",
            format!("\u{feff}{token}"),
        ),
        ("has a no-break space behind it", format!("{token}\u{a0}")),
        (
            "has a look-alike of its first letter",
            token.replacen('e', "\u{435}", 1),
        ),
        ("is in capitals", token.to_uppercase()),
        ("is in small letters", token.to_lowercase()),
        ("is backwards", token.chars().rev().collect()),
        ("is encoded once more", URL_SAFE_NO_PAD.encode(token)),
    ])
}

/// The same bytes in a second form; the signature is over just that form.
fn base64_forms(workshop: &Workshop) -> Vec<Vector> {
    let claims = workshop.claims();
    // With spaces JSON may have any length, and so base64 any remainder.
    let filled = |rest: usize| format!("{claims}{}", " ".repeat((rest + 6 - claims.len() % 3) % 3));
    let h = URL_SAFE_NO_PAD.encode(HEADER);
    let p = URL_SAFE_NO_PAD.encode(&claims);
    // `~~~` and `???` need the two letters in which the alphabets differ.
    let special = format!("{},\"x\":\"~~~>>>???\"}}", claims.trim_end_matches('}'));
    assert!(STANDARD_NO_PAD.encode(&special).contains(['+', '/']));
    let sign = |message: String| workshop.forge.sign_message(Algorithm::HS256, &message);
    let good = sign(format!("{h}.{p}"));
    let (unsigned, s) = good.rsplit_once('.').expect("a signature");
    let bytes = URL_SAFE_NO_PAD.decode(s).expect("base64url");
    let mut found = described(vec![
        (
            "has a padded header",
            sign(format!("{}.{p}", URL_SAFE.encode(format!("{HEADER} ")))),
        ),
        ("has padding where none belongs", sign(format!("{h}=.{p}"))),
        (
            "has claims with one sign of padding",
            sign(format!("{h}.{}", URL_SAFE.encode(filled(2)))),
        ),
        (
            "has claims with two signs of padding",
            sign(format!("{h}.{}", URL_SAFE.encode(filled(1)))),
        ),
        (
            "has claims with too much padding",
            sign(format!("{h}.{p}====")),
        ),
        (
            "has claims in the other alphabet",
            sign(format!("{h}.{}", STANDARD_NO_PAD.encode(&special))),
        ),
        (
            "has claims in padded base64",
            sign(format!("{h}.{}", STANDARD.encode(filled(1)))),
        ),
        (
            "has claims that are not encoded",
            sign(format!("{h}.{claims}")),
        ),
        (
            "has a header that is not encoded",
            sign(format!("{HEADER}.{p}")),
        ),
        (
            "has claims in hexadecimal digits",
            sign(format!("{h}.{}", hex(claims.as_bytes()))),
        ),
        (
            "has a space in its claims",
            sign(format!("{h}.{} {}", &p[..8], &p[8..])),
        ),
        (
            "has a line break in its claims",
            sign(format!("{h}.{}\n{}", &p[..8], &p[8..])),
        ),
        (
            "has a NUL in its claims",
            sign(format!("{h}.{}\0{}", &p[..8], &p[8..])),
        ),
        (
            "has claims with a letter too many",
            sign(format!("{h}.{}A", URL_SAFE_NO_PAD.encode(filled(0)))),
        ),
        (
            "has a padded signature",
            format!("{unsigned}.{}", URL_SAFE.encode(&bytes)),
        ),
        (
            "has a signature in hexadecimal digits",
            format!("{unsigned}.{}", hex(&bytes)),
        ),
        (
            "has a signature that is not encoded",
            format!("{unsigned}.{}", "~".repeat(32)),
        ),
        (
            "has a signature of 31 bytes",
            format!("{unsigned}.{}", URL_SAFE_NO_PAD.encode(&bytes[1..])),
        ),
        (
            "has a signature of 33 bytes",
            format!("{unsigned}.{}AA", &s),
        ),
        ("has its signature twice", format!("{unsigned}.{s}{s}")),
    ]);
    let odd = URL_SAFE_NO_PAD.encode(filled(1));
    found.extend(idle_bits("claims", &odd, 3, |other| {
        sign(format!("{h}.{other}"))
    }));
    found.extend(idle_bits("signature", s, 1, |other| {
        format!("{unsigned}.{other}")
    }));
    found
}

/// The spellings of a part whose last letter has bits that belong to no byte.
fn idle_bits(what: &str, part: &str, step: usize, token: impl Fn(&str) -> String) -> Vec<Vector> {
    let others = trailing_bits(part, step);
    assert!(others.len() >= 3, "{what}");
    let name = format!("The last letter of the {what} has bits that say nothing.");
    let named = others.iter().map(|other| (name.clone(), token(other)));
    named.collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

/// Every other text that a lenient decoder takes for the same bytes.
fn trailing_bits(text: &str, step: usize) -> Vec<String> {
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone);
    let lenient = GeneralPurpose::new(&alphabet::URL_SAFE, config);
    let bytes = lenient.decode(text).expect("base64url");
    let start = &text[..text.len() - 1];
    let letters = alphabet::URL_SAFE.as_str().chars();
    let others = letters.map(|letter| format!("{start}{letter}"));
    let same = others.filter(|other| other != text && lenient.decode(other) == Ok(bytes.clone()));
    same.step_by(step).collect()
}

fn sizes(workshop: &Workshop) -> Vec<Vector> {
    let open = workshop.claims();
    let open = open.trim_end_matches('}');
    let filled = |length| workshop.sign(&format!("{open},\"x\":\"{}\"}}", "x".repeat(length)));
    let nested = format!("{open},\"x\":{}{}}}", "[".repeat(4_000), "]".repeat(4_000));
    described(vec![
        ("is longer than any of ours", filled(2_048)),
        ("has 12 KiB and a good signature", filled(9_000)),
        ("has 16 KiB and a good signature", filled(12_000)),
        ("has 1 MiB and a good signature", filled(786_432)),
        ("is nested 4,000 deep", workshop.sign(&nested)),
        ("is 12,000 letters", "a".repeat(12_000)),
        ("is 12,000 dots", ".".repeat(12_000)),
        ("is 16 KiB of padding", "=".repeat(16_384)),
        ("is 16 KiB of a letter of two bytes", "\u{e9}".repeat(8_192)),
    ])
}
