//! One-time tokens: what they are good for, and what is stored of them.

use std::fmt;

/// A token made for one purpose is never taken for another (RFC 8725 section 3.12).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Choose a new password without the old one.
    Reset,
    /// Prove that the mailbox is one's own.
    Confirm,
}

impl Purpose {
    /// The word in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Confirm => "confirm",
        }
    }
}

/// What the database holds instead of the token: its SHA-256 digest.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenDigest([u8; 32]);

impl TokenDigest {
    /// Takes the digest of a token.
    #[must_use]
    pub fn new(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenDigest([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_never_shows_in_debug_output() {
        let shown = format!("{:?}", TokenDigest::new([7; 32]));
        assert_eq!(shown, "TokenDigest([redacted])");
    }
}
