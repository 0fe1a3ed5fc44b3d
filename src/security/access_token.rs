//! Access tokens: HS256 JWTs that name an account and its token version (RFC 7519, RFC 8725).

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use uuid::{Timestamp, Uuid};

use crate::domain::account::AccountId;

/// Longer texts are not even decoded; our own tokens have about 300 bytes.
const MAX_BYTES: usize = 2048;

/// How far another instance's clock may be ahead, in seconds (SECURITY 22 allows 30).
const LEEWAY: i64 = 5;

/// Makes and checks access tokens with one key and one algorithm.
pub struct AccessTokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
    issuer: String,
    lifetime: Duration,
}

/// What a checked token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenSubject {
    pub account: AccountId,
    /// The account's token version when the token was made.
    pub version: i64,
}

/// The token is malformed, forged, expired or not ours. Which of them is nobody's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token is not valid")]
pub struct InvalidToken;

/// The library checks the signature and the issuer; serde checks that each claim is there with
/// its type (a float, a null or an array is refused, CVE-2026-25537).
#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    iat: i64,
    exp: i64,
    jti: String,
    ver: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    /// Whoever names an audience means somebody else (RFC 7519 section 4.1.3). The library
    /// passes over one of the wrong type, so it is looked at here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    aud: Option<serde_json::Value>,
}

impl AccessTokens {
    /// Tokens signed with `secret`, valid for `lifetime`, taken only from `issuer`.
    #[must_use]
    pub fn new(secret: &SecretString, issuer: String, lifetime: Duration) -> Self {
        let key = secret.expose_secret().as_bytes();
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_required_spec_claims(&["exp", "iss", "sub"]);
        validation.set_issuer(&[&issuer]);
        // The library reads the machine's clock; `verify` compares with ours.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        Self {
            encoding: EncodingKey::from_secret(key),
            decoding: DecodingKey::from_secret(key),
            validation,
            issuer,
            lifetime,
        }
    }

    /// A token for this account at this token version.
    ///
    /// # Errors
    /// When the token cannot be signed; the library gives no other reason than a broken key.
    pub fn issue(
        &self,
        subject: TokenSubject,
        now: DateTime<Utc>,
    ) -> Result<SecretString, jsonwebtoken::errors::Error> {
        let iat = now.timestamp();
        let seconds = u64::try_from(iat).unwrap_or_default();
        let made = Timestamp::from_unix(uuid::NoContext, seconds, now.timestamp_subsec_nanos());
        let claims = Claims {
            iss: self.issuer.clone(),
            sub: subject.account.to_string(),
            iat,
            exp: iat.saturating_add_unsigned(self.lifetime.as_secs()),
            jti: Uuid::new_v7(made).to_string(),
            ver: subject.version,
            nbf: None,
            aud: None,
        };
        jsonwebtoken::encode(&Header::default(), &claims, &self.encoding).map(SecretString::from)
    }

    /// Checks everything about a token that needs no database.
    ///
    /// # Errors
    /// [`InvalidToken`], whatever the reason.
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<TokenSubject, InvalidToken> {
        if token.len() > MAX_BYTES {
            return Err(InvalidToken);
        }
        let token = jsonwebtoken::decode::<Claims>(token, &self.decoding, &self.validation)
            .map_err(|_| InvalidToken)?;
        let claims = &token.claims;
        let now = now.timestamp();
        let timely = now < claims.exp
            && claims.iat <= now.saturating_add(LEEWAY)
            && claims
                .nbf
                .is_none_or(|nbf| nbf <= now.saturating_add(LEEWAY));
        let account: AccountId = claims.sub.parse().map_err(|_| InvalidToken)?;
        // "+1" and "01" parse as well, and are not what we write.
        let canonical = account > 0 && account.to_string() == claims.sub;
        if !(timely && canonical && claims.aud.is_none() && is_ours(&token.header)) {
            return Err(InvalidToken);
        }
        Ok(TokenSubject {
            account,
            version: claims.ver,
        })
    }
}

/// We write `alg` and `typ` and nothing else. Whoever adds a key, a certificate or a critical
/// extension wants us to look somewhere else (RFC 8725 sections 3.1, 3.10, 3.11).
fn is_ours(header: &Header) -> bool {
    *header == Header::default()
}

impl fmt::Debug for AccessTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessTokens")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
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
        assert!(!format!("{tokens:?}").contains("canary"));
    }
}
