//! The address: what is accepted has one canonical form in every spelling, and can be mailed to.

use std::sync::LazyLock;

use doorward::domain::email::{Email, MAX_BYTES};
use doorward::domain::language::Language;
use doorward::mail::{Envelope, Letter};
use unicode_normalization::UnicodeNormalization as _;

static SENDER: LazyLock<Envelope> =
    LazyLock::new(|| Envelope::parse("shop <shop@example.org>").expect("an address"));

/// `data` is what somebody typed.
pub fn check(data: &[u8]) {
    let Ok(typed) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(email) = Email::parse(typed) else {
        return;
    };
    let key = email.key().as_str();
    assert_eq!(email.typed(), typed, "it is answered as it was typed");
    assert!(typed.len() <= MAX_BYTES && key.len() <= MAX_BYTES);
    assert_eq!(key.matches('@').count(), 1, "{key:?}");
    assert!(
        !key.chars().any(|c| c.is_control() || c.is_whitespace()),
        "{key:?}"
    );
    let (local, domain) = key.split_once('@').expect("an address");
    let is_host = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
    assert!(domain.chars().all(is_host), "{domain:?}");
    assert!(!local.is_empty() && domain.contains('.'), "{key:?}");

    assert_eq!(
        key_of(key).as_deref(),
        Some(key),
        "the canonical form is its own"
    );
    let spellings = [
        typed.nfc().collect::<String>(),
        typed.nfd().collect(),
        // Letter by letter: `str::to_lowercase` knows the end of a Greek word, IDNA does not.
        typed.chars().flat_map(char::to_lowercase).collect(),
        typed.to_ascii_uppercase(),
        key.to_ascii_uppercase(),
    ];
    for spelling in spellings {
        // Only its length can be what is wrong with another spelling.
        if spelling.len() <= MAX_BYTES && is_short(&spelling) {
            let other = key_of(&spelling);
            assert_eq!(other.as_deref(), Some(key), "{typed:?} as {spelling:?}");
        }
    }
    if typed.is_ascii() {
        assert_eq!(key, typed.to_ascii_lowercase(), "nothing else is folded");
    }
    check_mail(&email);
}

fn key_of(typed: &str) -> Option<String> {
    let email = Email::parse(typed).ok()?;
    Some(email.key().as_str().to_owned())
}

/// Decomposed, a local part can have more than the 64 characters that it may have.
fn is_short(spelling: &str) -> bool {
    let local = spelling.rsplit_once('@').map_or("", |(local, _)| local);
    local.chars().count() <= 64
}

/// One recipient, who is the same account, and no header that was not ours.
fn check_mail(email: &Email) {
    let letter = Letter {
        to: email.typed().to_owned(),
        language: Language::parse("en").expect("a language"),
        subject: "s".to_owned(),
        text: "t".to_owned(),
        html: "h".to_owned(),
    };
    let message = SENDER
        .message(&letter)
        .expect("whoever has an account can be mailed to");
    let recipients = message.envelope().to();
    assert_eq!(recipients.len(), 1, "{:?}", email.typed());
    let recipient = recipients[0].to_string();
    assert_eq!(
        key_of(&recipient).as_deref(),
        Some(email.key().as_str()),
        "{:?} is mailed to as {recipient:?}",
        email.typed()
    );
    let message = message.formatted();
    let head = message
        .split(|byte| *byte == b'\n')
        .take_while(|line| line.len() > 1);
    let named = |name: &[u8]| {
        let is_it =
            |line: &&[u8]| line.len() > name.len() && line[..name.len()].eq_ignore_ascii_case(name);
        head.clone().filter(is_it).count()
    };
    assert_eq!(
        (named(b"To:"), named(b"Cc:"), named(b"Bcc:")),
        (1, 0, 0),
        "{:?}",
        email.typed()
    );
}
