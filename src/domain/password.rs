//! Passwords: the policy for new ones, the bound for presented ones, the form of stored ones.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use unicode_normalization::UnicodeNormalization;

use super::email::EmailKey;

mod guess;

/// The longest password that a policy can take, in code points. One as long is always looked at
/// when it is presented, whatever the policy is by then.
pub const MAX_LENGTH: usize = 1_024;

/// Which rules a new password has to meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    /// The old API's rule: 6 to 24 characters with at least one letter and one digit.
    Classic,
    /// NIST SP 800-63B-4: 15 to 256 characters, no composition rule, no common password and
    /// none made of the address.
    Nist,
}

/// The policy in force: a preset and its bounds in Unicode code points after NFC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordPolicy {
    pub preset: Preset,
    pub min_length: usize,
    pub max_length: usize,
}

/// A password that met the policy, in NFC; the only thing that can be hashed for storage.
#[derive(Debug, Clone)]
pub struct NewPassword(SecretString);

/// A new password of the right shape, in NFC, which may still be easy to guess.
#[derive(Debug, Clone)]
pub struct ShapedPassword {
    nfc: SecretString,
    preset: Preset,
}

/// A password that somebody presents, in NFC and short enough to be hashed.
#[derive(Debug, Clone)]
pub struct PresentedPassword {
    nfc: SecretString,
    /// What was typed, when that is something else.
    typed: Option<SecretString>,
}

/// A stored hash: a PHC string or another software's, made and checked by `security`.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

/// Why a new password was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PolicyViolation {
    /// Too short, too long, or without a letter or a digit where the preset asks for them.
    #[error("the password does not have the required shape")]
    Shape,
    /// Among the first that an attacker would try, or made of the address.
    #[error("the password is too easy to guess")]
    Guessable,
}

impl Preset {
    /// The policy with the preset's own bounds.
    #[must_use]
    pub fn policy(self) -> PasswordPolicy {
        let (min_length, max_length) = match self {
            Self::Classic => (6, 24),
            Self::Nist => (15, 256),
        };
        PasswordPolicy {
            preset: self,
            min_length,
            max_length,
        }
    }
}

impl PasswordPolicy {
    /// Checks a new password for the account with this address, as far as the address is known.
    ///
    /// # Errors
    /// [`PolicyViolation`]; nothing has been hashed by then.
    pub fn check(
        &self,
        typed: &str,
        email: Option<&EmailKey>,
    ) -> Result<NewPassword, PolicyViolation> {
        self.check_shape(typed)?.check_guess(email)
    }

    /// Checks the length, and what it is made of.
    ///
    /// # Errors
    /// [`PolicyViolation::Shape`].
    pub fn check_shape(&self, typed: &str) -> Result<ShapedPassword, PolicyViolation> {
        let password: String = typed.nfc().take(self.max_length + 1).collect();
        let length = password.chars().count();
        let composed = match self.preset {
            Preset::Classic => {
                password.chars().any(char::is_alphabetic)
                    && password.chars().any(|c| c.is_ascii_digit())
            }
            Preset::Nist => true,
        };
        // No request can present one with a NUL.
        let presentable = !password.contains('\0');
        if length < self.min_length || length > self.max_length || !composed || !presentable {
            return Err(PolicyViolation::Shape);
        }
        Ok(ShapedPassword {
            nfc: password.into(),
            preset: self.preset,
        })
    }

    /// The policy in the words that clients of the old API compare.
    #[must_use]
    pub fn message(&self) -> String {
        format!("Password must be {}", self.shape())
    }

    /// How long a password is and what it is made of, in words.
    #[must_use]
    pub fn shape(&self) -> String {
        let Self {
            min_length,
            max_length,
            ..
        } = self;
        match self.preset {
            Preset::Classic => {
                format!("{min_length}-{max_length} characters, including letters and digits")
            }
            Preset::Nist => format!("{min_length}-{max_length} characters"),
        }
    }

    /// Takes a presented password, or `None` when it is longer than any password can be.
    #[must_use]
    pub fn present(&self, typed: &str) -> Option<PresentedPassword> {
        let password: String = typed.nfc().take(MAX_LENGTH + 1).collect();
        (password.chars().count() <= MAX_LENGTH).then(|| PresentedPassword {
            typed: (password != typed).then(|| typed.into()),
            nfc: password.into(),
        })
    }
}

impl ShapedPassword {
    /// Refuses what is easy to guess, where the preset does. That takes some 10 ms of a processor:
    /// limits come first.
    ///
    /// # Errors
    /// [`PolicyViolation::Guessable`].
    pub fn check_guess(self, email: Option<&EmailKey>) -> Result<NewPassword, PolicyViolation> {
        let guessable = match self.preset {
            Preset::Classic => false,
            Preset::Nist => guess::is_easy(self.nfc.expose_secret(), email),
        };
        if guessable {
            return Err(PolicyViolation::Guessable);
        }
        Ok(NewPassword(self.nfc))
    }
}

impl NewPassword {
    /// The NFC bytes to hash.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }
}

impl PresentedPassword {
    /// The NFC bytes to hash.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.nfc.expose_secret().as_bytes()
    }

    /// The bytes that were typed, when they are not in NFC: other software hashed those.
    #[must_use]
    pub fn as_typed(&self) -> Option<&[u8]> {
        let typed = self.typed.as_ref()?;
        Some(typed.expose_secret().as_bytes())
    }

    /// The same password for storage under newer hashing parameters.
    #[must_use]
    pub fn to_rehash(&self) -> NewPassword {
        NewPassword(self.nfc.clone())
    }
}

impl PasswordHash {
    /// Takes a stored hash; it is parsed when a password is compared with it.
    #[must_use]
    pub fn from_phc(phc: String) -> Self {
        Self(phc)
    }

    /// The text that is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash([redacted])")
    }
}

#[cfg(test)]
mod tests;
