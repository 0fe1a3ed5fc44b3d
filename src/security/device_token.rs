//! Device tokens: what a browser shows so that others' wrong passwords do not count against it.
//!
//! A token is base64url of `id (16 bytes) ‖ expiry (8) ‖ account (8) ‖ token version (8) ‖
//! HMAC-SHA-256 (32)`. The code covers the canonical address as well, which the token does not
//! hold, so that it is good for one address alone. It dies with the access tokens of its time: whoever
//! knew an older password is a stranger. It proves no password; it only says on which counter a
//! wrong one goes.

use std::fmt;
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use super::access_token::TokenSubject;
use crate::domain::device::{Device, DeviceId};
use crate::domain::email::EmailKey;

/// Keeps this key apart from the one that signs access tokens (NIST SP 800-108: a label each).
const LABEL: &[u8] = b"doorward device token";

const SIGNED: usize = 16 + 8 + 8 + 8;
const BYTES: usize = SIGNED + 32;
/// 96 characters.
const TEXT: usize = (BYTES * 4).div_ceil(3);

/// Makes and recognizes device tokens.
pub struct DeviceTokens {
    key: hmac::Key,
    lifetime: Duration,
}

impl DeviceTokens {
    /// Tokens under a key derived from `secret`, valid for `lifetime`.
    #[must_use]
    pub fn new(secret: &SecretString, lifetime: Duration) -> Self {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes());
        let derived = hmac::sign(&secret, LABEL);
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()),
            lifetime,
        }
    }

    /// A token for this address: a device that is known keeps its number.
    #[must_use]
    pub fn issue(
        &self,
        known: Option<DeviceId>,
        address: &EmailKey,
        owner: TokenSubject,
        now: DateTime<Utc>,
    ) -> SecretString {
        let id = known.unwrap_or_else(Uuid::new_v4);
        let lifetime = TimeDelta::from_std(self.lifetime).unwrap_or(TimeDelta::MAX);
        let expires_at = (now + lifetime).timestamp();
        let mut token = Vec::with_capacity(BYTES);
        token.extend_from_slice(id.as_bytes());
        for number in [expires_at, owner.account, owner.version] {
            token.extend_from_slice(&number.to_be_bytes());
        }
        let code = hmac::sign(&self.key, &message(&token, address));
        token.extend_from_slice(code.as_ref());
        URL_SAFE_NO_PAD.encode(token).into()
    }

    /// The device that shows this token, if it is one of ours, for this address, and in time.
    #[must_use]
    pub fn recognize(&self, token: &str, account: &EmailKey, now: DateTime<Utc>) -> Option<Device> {
        let mut bytes = [0; BYTES];
        if !Self::could_be(token) || URL_SAFE_NO_PAD.decode_slice(token, &mut bytes) != Ok(BYTES) {
            return None;
        }
        let (signed, code) = bytes.split_at(SIGNED);
        hmac::verify(&self.key, &message(signed, account), code).ok()?;
        let (id, numbers) = signed.split_at(16);
        let mut numbers = numbers.chunks_exact(8);
        let mut next = || Some(i64::from_be_bytes(numbers.next()?.try_into().ok()?));
        let (expires_at, account, version) = (next()?, next()?, next()?);
        let id = Uuid::from_slice(id).ok()?;
        let device = Device {
            id,
            account,
            version,
        };
        (now.timestamp() < expires_at).then_some(device)
    }

    /// Whether a text has the shape of a token; nothing is said about where it comes from.
    #[must_use]
    pub fn could_be(text: &str) -> bool {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        text.len() == TEXT && text.bytes().all(plain)
    }

    /// How long a token is valid.
    #[must_use]
    pub fn lifetime(&self) -> Duration {
        self.lifetime
    }
}

/// What the code covers; the first part has a fixed length.
fn message(signed: &[u8], account: &EmailKey) -> Vec<u8> {
    [signed, account.as_str().as_bytes()].concat()
}

impl fmt::Debug for DeviceTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceTokens")
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::email::Email;
    use proptest::prelude::*;

    const DAY: Duration = Duration::from_hours(24);

    fn tokens(secret: &str) -> DeviceTokens {
        DeviceTokens::new(&SecretString::from(secret), 90 * DAY)
    }

    fn key(address: &str) -> EmailKey {
        Email::parse(address).expect("an address").key().clone()
    }

    const OWNER: TokenSubject = TokenSubject {
        account: 7,
        version: 3,
    };

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).expect("a time")
    }

    #[test]
    fn a_token_is_recognized_for_its_address_until_it_expires() {
        let (tokens, ann) = (tokens("one"), key("ann@example.com"));
        let token = tokens.issue(None, &ann, OWNER, now());
        let token = token.expose_secret();
        assert_eq!(token.len(), TEXT);
        let device = tokens.recognize(token, &ann, now()).expect("recognized");
        assert_eq!(
            (device.account, device.version),
            (OWNER.account, OWNER.version)
        );
        let second = TimeDelta::seconds(1);
        let last = now() + 90 * DAY - second;
        assert!(tokens.recognize(token, &ann, last).is_some());
        assert!(tokens.recognize(token, &ann, last + second).is_none());
        assert!(
            tokens
                .recognize(token, &key("bob@example.com"), now())
                .is_none()
        );
        assert!(
            super::tests::tokens("other")
                .recognize(token, &ann, now())
                .is_none()
        );
    }

    #[test]
    fn a_known_device_keeps_its_number_and_a_new_one_gets_one() {
        let (tokens, ann) = (tokens("one"), key("ann@example.com"));
        let number = |token: SecretString| {
            let device = tokens.recognize(token.expose_secret(), &ann, now());
            device.expect("recognized").id
        };
        let (a, b) = (
            tokens.issue(None, &ann, OWNER, now()),
            tokens.issue(None, &ann, OWNER, now()),
        );
        let a = number(a);
        assert_ne!(a, number(b));
        assert_eq!(a, number(tokens.issue(Some(a), &ann, OWNER, now())));
    }

    /// An access token is signed with the secret itself; neither code passes as the other.
    #[test]
    fn the_key_is_not_the_secret() {
        let (tokens, ann) = (tokens("one"), key("ann@example.com"));
        let token = tokens.issue(None, &ann, OWNER, now());
        let bytes = URL_SAFE_NO_PAD
            .decode(token.expose_secret())
            .expect("base64");
        let (signed, code) = bytes.split_at(SIGNED);
        let secret = hmac::Key::new(hmac::HMAC_SHA256, b"one");
        assert!(hmac::verify(&secret, &message(signed, &ann), code).is_err());
    }

    #[test]
    fn the_lifetime_is_shown_and_the_key_is_not() {
        let tokens = tokens("canary-key");
        assert_eq!(tokens.lifetime(), 90 * DAY);
        let shown = format!("{tokens:?}");
        assert_eq!(shown, "DeviceTokens { lifetime: 7776000s, .. }");
    }

    /// What has not the shape is not even put into an answer.
    #[test]
    fn only_ninety_six_plain_characters_could_be_a_token() {
        let plain = format!("{}aZ09-_", "x".repeat(TEXT - 6));
        assert!(DeviceTokens::could_be(&plain));
        for other in [
            String::new(),
            plain[1..].to_owned(),
            format!("{plain}x"),
            plain.replace('-', "="),
            plain.replace('_', "\n"),
            "=".repeat(TEXT),
        ] {
            assert!(!DeviceTokens::could_be(&other), "{other:?}");
        }
    }

    proptest! {
        #[test]
        fn no_other_text_is_recognized(position in 0..TEXT, other in "[A-Za-z0-9_=+/-]{1}") {
            let (tokens, ann) = (tokens("one"), key("ann@example.com"));
            let token = tokens.issue(None, &ann, OWNER, now());
            let mut text = token.expose_secret().to_owned();
            text.replace_range(position..=position, &other);
            prop_assume!(text != token.expose_secret());
            prop_assert!(tokens.recognize(&text, &ann, now()).is_none());
        }

        #[test]
        fn any_text_is_refused_without_a_panic(text in ".{0,100}") {
            prop_assert!(tokens("one").recognize(&text, &key("ann@example.com"), now()).is_none());
        }
    }
}
