use jsonwebtoken::{DecodingKey, Validation};
use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::clock::{Clock as _, ManualClock};

const SUBJECT: TokenSubject = TokenSubject {
    account: 7,
    version: 3,
};

fn tokens(issuer: &str, key: &str) -> AccessTokens {
    let lifetime = Duration::from_mins(1);
    AccessTokens::new(&key.to_owned().into(), issuer.to_owned(), lifetime)
}

#[test]
fn a_token_says_who_and_which_version_until_its_last_second() {
    let (tokens, clock) = (tokens("a", "k"), ManualClock::starting_now());
    let made = clock.now();
    let token = tokens.issue(SUBJECT, made).expect("signed");
    let verify = |seconds| {
        let now = made + chrono::TimeDelta::seconds(seconds);
        tokens.verify(token.expose_secret(), now)
    };
    assert_eq!(verify(0), Ok(SUBJECT));
    assert_eq!(verify(59), Ok(SUBJECT));
    assert_eq!(verify(60), Err(InvalidToken));
    // Made by an instance whose clock is ahead.
    assert_eq!(verify(-LEEWAY), Ok(SUBJECT));
    assert_eq!(verify(-LEEWAY - 1), Err(InvalidToken));
}

/// SECURITY 21, 22.
#[test]
fn another_key_issuer_or_spelling_is_refused() {
    let (ours, clock) = (tokens("a", "k"), ManualClock::starting_now());
    let now = clock.now();
    for others in [tokens("b", "k"), tokens("a", "l"), tokens("A", "k")] {
        let token = others.issue(SUBJECT, now).expect("signed");
        assert_eq!(ours.verify(token.expose_secret(), now), Err(InvalidToken));
    }
    let token = ours.issue(SUBJECT, now).expect("signed");
    let token = token.expose_secret();
    let (head, tail) = token.split_at(40);
    for spelling in [
        format!(" {token}"),
        format!("{token} "),
        format!("{token}\n"),
        format!("{token}\0"),
        format!("{head}\n{tail}"),
        format!("{head} {tail}"),
        token.replace('.', ". "),
        token.replace('.', "\u{2024}"),
        token.to_uppercase(),
        String::new(),
    ] {
        assert_eq!(ours.verify(&spelling, now), Err(InvalidToken), "{spelling}");
    }
    assert_eq!(ours.verify(token, now), Ok(SUBJECT));
}

#[test]
fn two_tokens_of_one_moment_differ_and_the_key_is_never_shown() {
    let (tokens, clock) = (tokens("a", "canary-key"), ManualClock::starting_now());
    let issue = || tokens.issue(SUBJECT, clock.now()).expect("signed");
    assert_ne!(issue().expose_secret(), issue().expose_secret());
    assert_eq!(format!("{tokens:?}"), r#"AccessTokens { issuer: "a", .. }"#);
}

/// A token with these claims, signed with the right key.
fn signed(tokens: &AccessTokens, claims: &str) -> String {
    let signed = format!("{}.{}", tokens.header, URL_SAFE_NO_PAD.encode(claims));
    let signature = hmac::sign(&tokens.checking, signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// SECURITY 23: the bound is on the whole text, also where its parts would fit the buffer.
#[test]
fn the_longest_token_is_taken_and_a_longer_one_is_not() {
    let (tokens, clock) = (tokens("a", "k"), ManualClock::starting_now());
    let now = clock.now();
    let (iat, exp) = (now.timestamp(), now.timestamp() + 60);
    let of_length = |length: usize| {
        (0..MAX_BYTES)
            .map(|more| {
                let jti = "x".repeat(more);
                let claims = format!(
                    r#"{{"iss":"a","sub":"7","iat":{iat},"exp":{exp},"jti":"{jti}","ver":3}}"#
                );
                signed(&tokens, &claims)
            })
            .find(|token| token.len() >= length)
            .expect("long enough")
    };
    let longest = of_length(MAX_BYTES);
    assert_eq!(longest.len(), MAX_BYTES);
    assert_eq!(tokens.verify(&longest, now), Ok(SUBJECT));
    let longer = of_length(MAX_BYTES + 1);
    assert_eq!(tokens.verify(&longer, now), Err(InvalidToken));
}

/// Numbers that parse and that we never write.
#[test]
fn no_other_spelling_of_a_number_names_an_account() {
    let (tokens, clock) = (tokens("a", "k"), ManualClock::starting_now());
    let now = clock.now();
    let (iat, exp) = (now.timestamp(), now.timestamp() + 60);
    for (sub, expected) in [
        ("7", Ok(SUBJECT)),
        ("0", Err(InvalidToken)),
        ("-0", Err(InvalidToken)),
        ("-7", Err(InvalidToken)),
        ("+7", Err(InvalidToken)),
        ("07", Err(InvalidToken)),
    ] {
        let claims =
            format!(r#"{{"iss":"a","sub":"{sub}","iat":{iat},"exp":{exp},"jti":"x","ver":3}}"#);
        assert_eq!(
            tokens.verify(&signed(&tokens, &claims), now),
            expected,
            "{sub}"
        );
    }
}

/// SECURITY 22: what limits a token further than we would is not overlooked, not even as `null`.
#[test]
fn claims_that_we_never_write_are_heeded() {
    let (tokens, clock) = (tokens("a", "k"), ManualClock::starting_now());
    let now = clock.now();
    let (iat, exp) = (now.timestamp(), now.timestamp() + 60);
    let (latest, later) = (iat + LEEWAY, iat + LEEWAY + 1);
    for (more, expected) in [
        (format!(r#","nbf":{iat}"#), Ok(SUBJECT)),
        (format!(r#","nbf":{latest}"#), Ok(SUBJECT)),
        (format!(r#","nbf":{later}"#), Err(InvalidToken)),
        (r#","nbf":null"#.to_owned(), Err(InvalidToken)),
        (r#","aud":"a""#.to_owned(), Err(InvalidToken)),
        (r#","aud":[]"#.to_owned(), Err(InvalidToken)),
        (r#","aud":null"#.to_owned(), Err(InvalidToken)),
    ] {
        let claims =
            format!(r#"{{"iss":"a","sub":"7","iat":{iat},"exp":{exp},"jti":"x","ver":3{more}}}"#);
        let verdict = tokens.verify(&signed(&tokens, &claims), now);
        assert_eq!(verdict, expected, "{more}");
    }
}

#[test]
fn the_header_that_is_compared_is_the_one_that_is_written() {
    let (tokens, clock) = (tokens("a", "k"), ManualClock::starting_now());
    let token = tokens.issue(SUBJECT, clock.now()).expect("signed");
    let header = token.expose_secret().split('.').next();
    assert_eq!(header, Some(tokens.header.as_str()));
}

/// The library's opinion, without the clock.
fn library_accepts(token: &str, key: &str) -> bool {
    let mut validation = Validation::default();
    validation.set_issuer(&["a"]);
    validation.set_required_spec_claims(&["exp", "iss", "sub"]);
    validation.validate_exp = false;
    let key = DecodingKey::from_secret(key.as_bytes());
    jsonwebtoken::decode::<serde_json::Value>(token, &key, &validation).is_ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// SECURITY 21, 22. Whatever is changed in a token, ours is never the more lenient check.
    #[test]
    fn what_the_library_refuses_is_refused(
        at in any::<Index>(),
        with in prop_oneof!["[A-Za-z0-9_=.-]{0,3}", "\\PC{0,3}"],
        cut in 0_usize..4,
    ) {
        let (tokens, clock) = (tokens("a", "k"), ManualClock::starting_now());
        let now = clock.now();
        let token = tokens.issue(SUBJECT, now).expect("signed");
        let mut token = token.expose_secret().to_owned();
        let at = at.index(token.len());
        token.replace_range(at..(at + cut).min(token.len()), &with);
        let accepted = tokens.verify(&token, now);
        if accepted.is_ok() {
            prop_assert!(library_accepts(&token, "k"), "{token}");
            prop_assert_eq!(accepted, Ok(SUBJECT));
        }
    }

    /// The same claims under another spelling of the header, in another order, with escapes.
    #[test]
    fn spellings_of_good_claims_are_judged_alike(
        header in prop_oneof![
            Just(OUR_HEADER), Just(r#"{"alg":"HS256","typ":"JWT"}"#),
            Just(r#"{ "alg":"HS256", "typ":"JWT" }"#), Just(r#"{"alg":"HS256"}"#),
            Just(r#"{"alg":"none","typ":"JWT"}"#), Just("{}"), Just(""),
        ],
        iss in prop_oneof![Just(r#""a""#), Just(r#""\u0061""#), Just(r#""b""#), Just("1")],
        sub in prop_oneof![Just(r#""7""#), Just(r#""\u0037""#), Just("7"), Just(r#""07""#)],
    ) {
        let (tokens, clock) = (tokens("a", "k"), ManualClock::starting_now());
        let now = clock.now();
        let (iat, exp) = (now.timestamp(), now.timestamp() + 60);
        let claims = format!(
            r#"{{"jti":"x","exp":{exp},"sub":{sub},"iat":{iat},"ver":3,"iss":{iss}}}"#
        );
        let encode = |part: &str| URL_SAFE_NO_PAD.encode(part);
        let signed = format!("{}.{}", encode(header), encode(&claims));
        let signature = hmac::sign(&tokens.checking, signed.as_bytes());
        let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature));
        let ours = header.contains("typ") && header.contains("HS256");
        let good = ours && !iss.contains('b') && iss != "1" && sub != "7" && !sub.contains("07");
        prop_assert_eq!(tokens.verify(&token, now).is_ok(), good, "{} {}", header, claims);
        prop_assert!(!good || library_accepts(&token, "k"));
    }
}
