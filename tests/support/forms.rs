//! The forms in which a secret can stand in a log or a dump without being seen at once.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use unicode_normalization::UnicodeNormalization as _;

/// The text composed and decomposed, and each of these as it is, escaped as Rust and JSON do it,
/// percent-encoded, in hexadecimal digits, as a list of bytes, and inside base64.
pub fn forms(secret: &str) -> BTreeSet<String> {
    let spellings = [secret.nfc().collect::<String>(), secret.nfd().collect()];
    let mut forms = BTreeSet::new();
    for text in &spellings {
        let bytes = text.as_bytes();
        let joined = |each: &dyn Fn(u8) -> String, between: &str| {
            let all: Vec<String> = bytes.iter().map(|byte| each(*byte)).collect();
            all.join(between)
        };
        let json = serde_json::Value::from(text.as_str()).to_string();
        let percent = |byte: u8| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        };
        forms.extend([
            text.clone(),
            text.escape_debug().to_string(),
            text.escape_default().to_string(),
            json.trim_matches('"').to_owned(),
            joined(&percent, ""),
            joined(&|byte| format!("{byte:02x}"), ""),
            joined(&|byte| format!("{byte:02X}"), ""),
            joined(&|byte| byte.to_string(), ", "),
        ]);
        forms.extend((0..3).flat_map(|before| inside_base64(bytes, before)));
    }
    forms
}

/// The letters that stand for these bytes and no others, when `before` bytes (of three) precede.
fn inside_base64(bytes: &[u8], before: usize) -> [String; 2] {
    let padded = [&vec![0; before][..], bytes].concat();
    let (first, last) = ((before * 8).div_ceil(6), padded.len() * 8 / 6);
    [
        STANDARD_NO_PAD.encode(&padded)[first..last].to_owned(),
        URL_SAFE_NO_PAD.encode(&padded)[first..last].to_owned(),
    ]
}
