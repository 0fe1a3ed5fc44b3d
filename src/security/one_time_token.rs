//! One-time tokens: 256 random bits for the mail, their SHA-256 digest for the database.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::TryRng as _;
use rand::rngs::SysRng;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::domain::one_time_token::TokenDigest;

const BYTES: usize = 32;

/// A token as its owner holds it; it is written into one mail and never stored.
pub struct OneTimeToken(Zeroizing<[u8; BYTES]>);

impl OneTimeToken {
    /// A new token from the operating system's generator.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn generate() -> Result<Self, rand::rngs::SysError> {
        let mut bytes = Zeroizing::new([0; BYTES]);
        SysRng.try_fill_bytes(bytes.as_mut())?;
        Ok(Self(bytes))
    }

    /// A token that somebody presents; `None` when it cannot be one of ours.
    #[must_use]
    pub fn parse(presented: &str) -> Option<Self> {
        // A longer text is refused before it is decoded.
        if presented.len() != BYTES.div_ceil(3) * 4 - 1 {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(presented).ok()?;
        Some(Self(Zeroizing::new(bytes.try_into().ok()?)))
    }

    /// The text for the mail: 43 characters of base64url.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        Zeroizing::new(URL_SAFE_NO_PAD.encode(self.0.as_ref()))
    }

    /// What is stored and looked up. 256 random bits need no salt and no slow hash (OWASP ASVS
    /// 5.0 11.4.1 names those for what people choose).
    #[must_use]
    pub fn digest(&self) -> TokenDigest {
        TokenDigest::new(Sha256::digest(self.0.as_ref()).into())
    }
}

impl fmt::Debug for OneTimeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneTimeToken([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_the_way_through_a_mail() {
        let token = OneTimeToken::generate().expect("random bytes");
        let mailed = token.reveal();
        assert_eq!(mailed.len(), 43);
        let presented = OneTimeToken::parse(&mailed).expect("one of ours");
        assert_eq!(presented.digest(), token.digest());
        assert_ne!(presented.digest().as_bytes(), presented.0.as_ref());
    }

    /// SECURITY 30.
    #[test]
    fn what_cannot_be_a_token_is_refused_without_a_look_up() {
        let token = OneTimeToken::generate().expect("random bytes").reveal();
        let cut = &token[..42];
        let padded = format!("{}=", *token);
        let wrong_alphabet = format!("{}+", &token[..42]);
        for presented in [
            "",
            "x",
            cut,
            &padded,
            &wrong_alphabet,
            &"a".repeat(100_000),
            "\0",
        ] {
            assert!(OneTimeToken::parse(presented).is_none());
        }
    }

    #[test]
    fn two_tokens_differ_and_never_show_in_debug_output() {
        let (a, b) = (
            OneTimeToken::generate().expect("a"),
            OneTimeToken::generate().expect("b"),
        );
        assert_ne!(a.digest(), b.digest());
        assert_eq!(format!("{a:?}"), "OneTimeToken([redacted])");
    }
}
