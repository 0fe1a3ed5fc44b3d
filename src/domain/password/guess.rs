//! What an attacker would try first.

use crate::domain::email::EmailKey;

/// The lowest `zxcvbn` score that is taken: 3 of 4, "safely unguessable".
const MIN_SCORE: u8 = 3;

/// How many characters must not come from the address.
const MIN_OWN: usize = 8;

/// The characters that stand for one letter, as in `p4$$word`, where there are several for it.
/// zxcvbn tries every combination of those that a password has.
const STAND_INS: [&str; 7] = ["4@", "({[<", "69", "1!|", "1|7", "$5", "+7"];

/// Those that stand for either of two letters.
const AMBIGUOUS: &str = "1|7";

/// The work for a password of 100 characters, the most that zxcvbn looks at, with one spelling.
const AFFORDABLE: usize = 100 * 101 / 2;

/// NIST SP 800-63B-4 section 3.1.1.2: compare with passwords that are commonly used, expected,
/// or derived from the context, here the address.
pub(super) fn is_easy(password: &str, email: Option<&EmailKey>) -> bool {
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
    let score = || u8::from(zxcvbn::zxcvbn(affordable(password), &parts).score());
    own.chars().count() < MIN_OWN || score() < MIN_SCORE
}

/// As much of the beginning as can be looked at in a bounded time: each part of it in each spelling
/// is looked for in all word lists. Without that, 100 characters with all stand-ins take over a
/// second. A password is at least as hard to guess as its beginning.
fn affordable(password: &str) -> &str {
    let mut spellings = [0; STAND_INS.len()];
    let mut seen = String::new();
    for (length, (at, character)) in (1..).zip(password.char_indices()) {
        if !seen.contains(character) {
            seen.push(character);
            let times = if AMBIGUOUS.contains(character) { 2 } else { 1 };
            for (group, spellings) in STAND_INS.iter().zip(&mut spellings) {
                if group.contains(character) {
                    *spellings += times;
                }
            }
        }
        let spellings: usize = spellings.iter().map(|count| count.max(&1)).product();
        if spellings * length * (length + 1) / 2 > AFFORDABLE {
            return &password[..at];
        }
    }
    password
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    /// SECURITY 15: the time for one password is bounded; the whole of a usual one is looked at.
    #[rstest]
    #[case("correct horse battery staple", 28)]
    #[case("Tr0ub4dor&3, and again Tr0ub4dor&3", 34)]
    #[case(&"p4ssw0rd".repeat(20), 100)]
    #[case(&"p4ssw0rd!".repeat(20), 100)]
    #[case(&"p4ssw0rd!1".repeat(20), 40)]
    #[case(&"({[<".repeat(40), 49)]
    #[case(&"4@8({[<3691!|70$5+%2".repeat(5), 11)]
    #[case(&"\u{e9}".repeat(200), 100)]
    fn as_much_is_looked_at_as_is_affordable(#[case] password: &str, #[case] length: usize) {
        assert_eq!(affordable(password).chars().count(), length, "{password}");
        assert!(password.starts_with(affordable(password)));
    }
}
