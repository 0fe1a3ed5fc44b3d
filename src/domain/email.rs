//! E-mail addresses: the one place that decides what is an address and which two are the same.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use validator::ValidateEmail;

/// RFC 5321 section 4.5.3.1.3: a path is at most 256 octets including the angle brackets.
pub const MAX_BYTES: usize = 254;

/// RFC 5321 section 4.5.3.1.1: a local part is at most 64 octets.
const MAX_LOCAL_BYTES: usize = 64;

/// An address as its owner typed it, together with its canonical form.
#[derive(Clone, PartialEq, Eq)]
pub struct Email {
    typed: String,
    key: EmailKey,
}

/// The canonical form: NFC, lower case, IDNA domain. It keys the unique index, the lockout and
/// every look-up, so that no flow can disagree with another on who is meant (CVE-2025-6004).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EmailKey(String);

/// The text is not an address that this service accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address")]
pub struct InvalidEmail;

impl Email {
    /// Parses `local@domain`: no trimming, no quoting, no comments, no address literals.
    ///
    /// The local part may hold letters and digits of any script (RFC 6531) beside the ASCII
    /// characters of the HTML standard's `input type=email`; the domain needs at least two labels.
    /// A mark that does not compose with its letter is refused: such an account could never be
    /// mailed to, since our mail library takes letters and digits alone.
    ///
    /// # Errors
    /// [`InvalidEmail`] for everything else, and for more than [`MAX_BYTES`] in either form.
    pub fn parse(typed: &str) -> Result<Self, InvalidEmail> {
        if typed.len() > MAX_BYTES {
            return Err(InvalidEmail);
        }
        let (local, domain) = typed.rsplit_once('@').ok_or(InvalidEmail)?;
        let local: String = local.nfc().flat_map(char::to_lowercase).nfc().collect();
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| InvalidEmail)?;
        let key = format!("{local}@{domain}");
        let acceptable = key.len() <= MAX_BYTES
            && local.len() <= MAX_LOCAL_BYTES
            && is_dot_atom(&local)
            && is_host_name(&domain)
            && format!("{}@{domain}", ascii_stand_in(&local)).validate_email();
        if !acceptable {
            return Err(InvalidEmail);
        }
        Ok(Self {
            typed: typed.to_owned(),
            key: EmailKey(key),
        })
    }

    /// The address as it was typed; what we answer and what we send mail to.
    #[must_use]
    pub fn typed(&self) -> &str {
        &self.typed
    }

    /// The canonical form.
    #[must_use]
    pub fn key(&self) -> &EmailKey {
        &self.key
    }
}

impl EmailKey {
    /// The canonical form as text, for a bound parameter.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Addresses are personal data: they never reach a log through `Debug`.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email([redacted])")
    }
}

impl fmt::Debug for EmailKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailKey([redacted])")
    }
}

/// RFC 5321 `Dot-string`: no dot first, last or twice in a row. Nothing that looks like an encoded
/// word (RFC 2047): there are mail servers that decode `=?utf-8?q?ann?=@b.de` to `ann@b.de`, and
/// worse, and so send one account's mail to another address.
fn is_dot_atom(local: &str) -> bool {
    local.split('.').all(|atom| !atom.is_empty()) && !local.contains("=?")
}

/// At least two labels, and a top-level label that is not a number, so never an IPv4 address.
fn is_host_name(domain: &str) -> bool {
    domain
        .rsplit_once('.')
        .is_some_and(|(_, top)| top.len() >= 2 && !top.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The HTML rule knows ASCII alone; letters and digits of other scripts stand as `a`.
fn ascii_stand_in(local: &str) -> String {
    local
        .chars()
        .map(|c| match c {
            c if c.is_ascii() => c,
            c if c.is_alphanumeric() => 'a',
            _ => ' ',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(typed: &str) -> Option<String> {
        Email::parse(typed).ok().map(|email| email.key.0)
    }

    /// SECURITY 3, 35.
    #[test]
    fn what_is_not_an_address_is_refused() {
        for typed in [
            "",
            "@",
            "a",
            "a@",
            "@b.de",
            "aaa---+++@@@",
            "a b@c.de",
            " a@b.de",
            "a@b.de ",
            "a@b",
            "a@[127.0.0.1]",
            "a@127.0.0.1",
            "a..b@c.de",
            ".a@b.de",
            "a.@b.de",
            "\"a\"@b.de",
            "a@b.de\r\nBcc: x@y.de",
            "a\0@b.de",
            "a@b.de,c@d.de",
            "a@b.de;c@d.de",
            "<a@b.de>",
            "a(comment)@b.de",
            "=?utf-8?q?a?=@b.de",
            "x=?iso-8859-1?b?YUBiLmRl?=@c.de",
            "a\u{200b}@b.de",
            "a\u{202e}@b.de",
            "a\u{307}\u{323}\u{301}@b.de",
            "\u{915}\u{94d}\u{937}@b.de",
            "\u{130}@b.de",
            "a@b..de",
            "a@-b.de",
            "a@b_c.de",
            "a@b.1",
            "a@b.12",
            "a@b.c",
            "a@b.de\0",
            "a,b@c.de",
            "a@b.c d",
        ] {
            assert_eq!(key(typed), None, "{typed:?}");
        }
        let long = format!("{}@example.com", "a".repeat(65));
        assert_eq!(key(&long), None);
        // 64 characters, 128 octets.
        let long = format!("{}@example.com", "\u{e9}".repeat(64));
        assert_eq!(key(&long), None);
        let long = format!("a@{}.com", "b.".repeat(130));
        assert_eq!(key(&long), None);
    }

    /// The canonical form has 250 octets; as it is typed it is the owner's to read, and stored.
    #[test]
    fn an_address_that_is_too_long_as_typed_is_refused() {
        let domain = format!("{}example.com", "b234567890.".repeat(16));
        let address = |local: &str| format!("{}@{domain}", local.repeat(31));
        assert!(key(&address("\u{e9}")).is_some());
        let typed = address("e\u{301}");
        assert!(typed.len() > MAX_BYTES);
        assert_eq!(key(&typed), None);
    }

    /// SECURITY 3.
    #[test]
    fn one_canonical_form_for_every_spelling() {
        for (typed, canonical) in [
            ("Ann@Example.COM", "ann@example.com"),
            ("ann+tag@example.com", "ann+tag@example.com"),
            ("ann@b\u{fc}cher.example", "ann@xn--bcher-kva.example"),
            ("ann@bu\u{308}cher.example", "ann@xn--bcher-kva.example"),
            ("ann@xn--bcher-kva.example", "ann@xn--bcher-kva.example"),
            ("ann@XN--BCHER-KVA.example", "ann@xn--bcher-kva.example"),
            ("JOS\u{c9}@example.com", "jos\u{e9}@example.com"),
            ("jose\u{301}@example.com", "jos\u{e9}@example.com"),
            ("ann@example\u{3002}com", "ann@example.com"),
        ] {
            assert_eq!(key(typed).as_deref(), Some(canonical), "{typed:?}");
            assert_eq!(Email::parse(typed).expect("valid").typed(), typed);
        }
    }

    /// A dotless i or a long s must not become somebody else's ASCII address.
    #[test]
    fn look_alikes_stay_apart() {
        assert_ne!(key("\u{131}@example.com"), key("i@example.com"));
        assert_ne!(key("\u{17f}am@example.com"), key("sam@example.com"));
    }

    #[test]
    fn an_address_never_shows_in_debug_output() {
        let email = Email::parse("canary@example.com").expect("valid");
        let shown = format!("{email:?} {:?}", email.key());
        assert_eq!(shown, "Email([redacted]) EmailKey([redacted])");
    }

    proptest! {
        /// SECURITY 3: the canonical form is a fixed point and ignores case and composition.
        #[test]
        fn the_canonical_form_is_a_fixed_point(
            local in "[a-zA-Z0-9\u{c0}-\u{ff}\u{391}-\u{3a9}\u{300}-\u{304}]{1,12}",
            domain in "[a-zA-Z\u{e0}-\u{ff}]{1,10}",
        ) {
            let typed = format!("{local}@{domain}.example");
            let Ok(email) = Email::parse(&typed) else { return Ok(()) };
            let canonical = email.key().as_str().to_owned();
            prop_assert_eq!(key(&canonical), Some(canonical.clone()));
            prop_assert_eq!(key(&typed.nfd().collect::<String>()), Some(canonical.clone()));
            prop_assert_eq!(key(&typed.nfc().collect::<String>()), Some(canonical));
        }

        /// No input whatever makes the parser panic or let a control character through.
        #[test]
        fn any_text_is_parsed_or_refused(typed in "\\PC{0,40}|.{0,40}|[a@.\\x00-\\x20]{0,20}") {
            if let Ok(email) = Email::parse(&typed) {
                prop_assert!(!email.key().as_str().chars().any(char::is_control));
                prop_assert!(!email.typed().chars().any(char::is_control));
                prop_assert_eq!(email.key().as_str().matches('@').count(), 1);
            }
        }
    }
}
