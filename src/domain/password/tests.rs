//! What the presets take, and what never shows.

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
#[case("abc\0de1", false)]
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
fn the_nist_policy_is_exact(#[case] email: &str, #[case] password: &str, #[case] accepted: bool) {
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
    assert!(policy.present(&"x".repeat(MAX_LENGTH)).is_some());
    assert!(policy.present(&"x".repeat(MAX_LENGTH + 1)).is_none());
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
