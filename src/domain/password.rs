//! Passwords: the policy for new ones, the bound for presented ones, the form of stored ones.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use unicode_normalization::UnicodeNormalization;

use super::email::EmailKey;

/// The longest presented password that is looked at, in code points, whatever the policy was
/// when it was chosen (NIST SP 800-63B-4 section 3.1.1.2 asks for at least 64).
const MAX_PRESENTED: usize = 256;

/// The lowest `zxcvbn` score that the `nist` preset takes: 3 of 4, "safely unguessable".
const MIN_SCORE: u8 = 3;

/// How many characters of a `nist` password must not come from the address.
const MIN_OWN: usize = 8;

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
        let password: String = typed.nfc().take(self.max_length + 1).collect();
        let length = password.chars().count();
        let composed = match self.preset {
            Preset::Classic => {
                password.chars().any(char::is_alphabetic)
                    && password.chars().any(|c| c.is_ascii_digit())
            }
            Preset::Nist => true,
        };
        if length < self.min_length || length > self.max_length || !composed {
            return Err(PolicyViolation::Shape);
        }
        if self.preset == Preset::Nist && is_guessable(&password, email) {
            return Err(PolicyViolation::Guessable);
        }
        Ok(NewPassword(password.into()))
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
        let longest = self.max_length.max(MAX_PRESENTED);
        let password: String = typed.nfc().take(longest + 1).collect();
        (password.chars().count() <= longest).then(|| PresentedPassword {
            typed: (password != typed).then(|| typed.into()),
            nfc: password.into(),
        })
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

/// NIST SP 800-63B-4 section 3.1.1.2: compare with passwords that are commonly used, expected,
/// or derived from the context, here the address.
fn is_guessable(password: &str, email: Option<&EmailKey>) -> bool {
    let address = email.map_or("", EmailKey::as_str);
    let parts: Vec<&str> = std::iter::once(address)
        .chain(address.split('@'))
        .chain(address.split(['@', '.', '+', '-', '_']))
        .filter(|part| part.len() > 2)
        .collect();
    // What is left when everything from the address is taken out.
    let own = parts
        .iter()
        .fold(password.to_lowercase(), |own, part| own.replace(part, ""));
    own.chars().count() < MIN_OWN || u8::from(zxcvbn::zxcvbn(password, &parts).score()) < MIN_SCORE
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::email::Email;
    use rstest::rstest;

    fn check(policy: &PasswordPolicy, password: &str) -> Result<(), PolicyViolation> {
        let email = Email::parse("ann.droid@example.com").expect("valid");
        policy.check(password, Some(email.key())).map(drop)
    }

    /// SECURITY 15: bounds count code points.
    #[rstest]
    #[case("abc12", false)]
    #[case("abc123", true)]
    #[case("abcdef", false)]
    #[case("123456", false)]
    #[case("", false)]
    #[case("abcdefghijklmnopqrstuvw1", true)]
    #[case("abcdefghijklmnopqrstuvwx1", false)]
    #[case("1abcdefghijklmnopqrstuvwx", false)]
    #[case("\u{1f511}\u{1f511}\u{1f511}\u{1f511}a1", true)]
    #[case("\u{1f511}\u{1f511}\u{1f511}a1", false)]
    #[case("p\u{e4}ss1\u{e9}", true)]
    #[case("a\u{308}bcd1", false)] // six code points as typed, five after NFC
    fn the_classic_policy_counts_code_points(#[case] password: &str, #[case] accepted: bool) {
        assert_eq!(check(&Preset::Classic.policy(), password).is_ok(), accepted);
    }

    #[rstest]
    #[case("correct-horse-battery", true)]
    #[case(
        "\u{421}\u{438}\u{43d}\u{438}\u{439} \u{43a}\u{438}\u{442} \u{43f}\u{43b}\u{44b}\u{432}\u{451}\u{442}",
        true
    )]
    #[case("fourteen chars", false)]
    #[case("passwordpassword", false)]
    #[case("aaaaaaaaaaaaaaaaaaaa", false)]
    #[case("12345678901234567890", false)]
    #[case("qwertyuiopasdfghjkl", false)]
    #[case("ann.droid@example.com", false)]
    #[case("ann.droid.example", false)]
    fn the_nist_policy_refuses_what_is_expected(#[case] password: &str, #[case] accepted: bool) {
        assert_eq!(
            check(&Preset::Nist.policy(), password).is_ok(),
            accepted,
            "{password}"
        );
    }

    /// Two letters of the address are in every password; eight characters must be one's own, and
    /// the score may be 3.
    #[rstest]
    #[case("ann.droid@example.com", "sunnydays202020", true)]
    #[case("ann.droid@example.com", "annkq7!zv0pdroid", true)]
    #[case("ann.droid@example.com", "annkq7!zv0droid", false)]
    #[case("ab@cd.example.com", "1ab7cd,ab4cd!ab9cd", true)]
    fn the_nist_policy_is_exact(
        #[case] email: &str,
        #[case] password: &str,
        #[case] accepted: bool,
    ) {
        let email = Email::parse(email).expect("valid");
        let checked = Preset::Nist.policy().check(password, Some(email.key()));
        assert_eq!(checked.is_ok(), accepted);
    }

    #[test]
    fn the_message_is_made_from_the_policy_in_force() {
        assert_eq!(
            Preset::Classic.policy().message(),
            "Password must be 6-24 characters, including letters and digits"
        );
        let longer = PasswordPolicy {
            min_length: 10,
            ..Preset::Classic.policy()
        };
        assert!(
            longer
                .message()
                .starts_with("Password must be 10-24 characters")
        );
    }

    /// SECURITY 16.
    #[test]
    fn both_spellings_of_a_password_are_one() {
        let policy = Preset::Classic.policy();
        let nfc = policy.present("p\u{e4}ss123").expect("short");
        let nfd = policy.present("pa\u{308}ss123").expect("short");
        assert_eq!(nfc.as_bytes(), nfd.as_bytes());
    }

    /// SECURITY 15.
    #[test]
    fn a_presented_password_is_bounded() {
        let policy = Preset::Classic.policy();
        assert!(policy.present(&"x".repeat(MAX_PRESENTED)).is_some());
        assert!(policy.present(&"x".repeat(MAX_PRESENTED + 1)).is_none());
    }

    #[test]
    fn passwords_never_show_in_debug_output() {
        let policy = Preset::Classic.policy();
        let email = Email::parse("ann@example.com").expect("valid");
        let new = policy
            .check("canary123", Some(email.key()))
            .expect("meets the policy");
        let presented = policy.present("canary123").expect("short");
        assert!(!format!("{new:?} {presented:?}").contains("canary"));
        let stored = PasswordHash::from_phc("canary".to_owned());
        assert_eq!(format!("{stored:?}"), "PasswordHash([redacted])");
    }
}
