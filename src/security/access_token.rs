//! Access tokens: HS256 JWTs that name an account and its token version (RFC 7519, RFC 8725).

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use jsonwebtoken::{EncodingKey, Header};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer, Serialize};
use uuid::{Timestamp, Uuid};

use crate::domain::account::AccountId;

/// Longer texts are not even decoded; our own tokens have about 300 bytes.
const MAX_BYTES: usize = 2048;

/// How far another instance's clock may be ahead, in seconds (SECURITY 22 allows 30).
const LEEWAY: i64 = 5;

/// Makes and checks access tokens with one key and one algorithm.
///
/// The check is the one thing that every request of a product pays, so it is not the library's:
/// the key is set up once, the header that we write ourselves is compared and not parsed, and the
/// claims are read where they are. A property test compares it with the library.
pub struct AccessTokens {
    signing: EncodingKey,
    checking: hmac::Key,
    /// The header of our own tokens, in base64url.
    header: String,
    issuer: String,
    lifetime: Duration,
}

/// A token version that no token from elsewhere has. An account that comes from there gets a new
/// number, which may have been somebody else's, and the key may be the same.
#[must_use]
pub fn fresh_version() -> i64 {
    rand::random_range(1 << 32..1 << 52)
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

/// Serde checks that each claim is there once with its type (a float, a null or an array is
/// refused, CVE-2026-25537).
#[derive(Serialize, Deserialize)]
struct Claims<'a> {
    #[serde(borrow)]
    iss: Cow<'a, str>,
    #[serde(borrow)]
    sub: Cow<'a, str>,
    iat: i64,
    exp: i64,
    #[serde(borrow)]
    jti: Cow<'a, str>,
    ver: i64,
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    nbf: Option<i64>,
    /// Whoever names an audience means somebody else (RFC 7519 section 4.1.3).
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    aud: Option<serde_json::Value>,
}

/// A claim that is there has a value: serde alone would take `null` for a claim that is not.
fn given<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// Another spelling of our own header: `alg` and `typ` and nothing else, not even `null`. Whoever
/// adds a key, a certificate or a critical extension wants us to look somewhere else (RFC 8725
/// sections 3.1, 3.10, 3.11).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OtherHeader<'a> {
    #[serde(borrow)]
    typ: Cow<'a, str>,
    #[serde(borrow)]
    alg: Cow<'a, str>,
}

impl AccessTokens {
    /// Tokens signed with `secret`, valid for `lifetime`, taken only from `issuer`.
    #[must_use]
    pub fn new(secret: &SecretString, issuer: String, lifetime: Duration) -> Self {
        let key = secret.expose_secret().as_bytes();
        Self {
            signing: EncodingKey::from_secret(key),
            checking: hmac::Key::new(hmac::HMAC_SHA256, key),
            header: URL_SAFE_NO_PAD.encode(OUR_HEADER),
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
            iss: self.issuer.as_str().into(),
            sub: subject.account.to_string().into(),
            iat,
            exp: iat.saturating_add_unsigned(self.lifetime.as_secs()),
            jti: Uuid::new_v7(made).to_string().into(),
            ver: subject.version,
            nbf: None,
            aud: None,
        };
        jsonwebtoken::encode(&Header::default(), &claims, &self.signing).map(SecretString::from)
    }

    /// Checks everything about a token that needs no database.
    ///
    /// # Errors
    /// [`InvalidToken`], whatever the reason.
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<TokenSubject, InvalidToken> {
        if token.len() > MAX_BYTES {
            return Err(InvalidToken);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(InvalidToken)?;
        let (header, claims) = signed.split_once('.').ok_or(InvalidToken)?;
        let mut bytes = [0; MAX_BYTES];
        if header != self.header && !is_ours(decode(header, &mut bytes)?) {
            return Err(InvalidToken);
        }
        let signature = decode(signature, &mut bytes)?;
        // In constant time (RFC 2104; the length is checked with it).
        hmac::verify(&self.checking, signed.as_bytes(), signature).map_err(|_| InvalidToken)?;
        let claims = decode(claims, &mut bytes)?;
        // Serde would take an array for an object.
        if !claims.starts_with(b"{") {
            return Err(InvalidToken);
        }
        let claims: Claims<'_> = serde_json::from_slice(claims).map_err(|_| InvalidToken)?;

        let now = now.timestamp();
        let latest = now.saturating_add(LEEWAY);
        let timely =
            now < claims.exp && claims.iat <= latest && claims.nbf.is_none_or(|nbf| nbf <= latest);
        let account: AccountId = claims.sub.parse().map_err(|_| InvalidToken)?;
        // "+1" and "01" parse as well, and are not what we write.
        let canonical = account > 0 && !claims.sub.starts_with(['+', '0']);
        if !(timely && canonical && claims.iss == self.issuer && claims.aud.is_none()) {
            return Err(InvalidToken);
        }
        Ok(TokenSubject {
            account,
            version: claims.ver,
        })
    }
}

/// Base64url without padding, each value in its one spelling.
fn decode<'b>(text: &str, bytes: &'b mut [u8]) -> Result<&'b [u8], InvalidToken> {
    let length = URL_SAFE_NO_PAD.decode_slice(text, bytes);
    length
        .ok()
        .and_then(|length| bytes.get(..length))
        .ok_or(InvalidToken)
}

/// What [`Header::default`] is written as.
const OUR_HEADER: &str = r#"{"typ":"JWT","alg":"HS256"}"#;

fn is_ours(header: &[u8]) -> bool {
    // Serde would take an array for an object.
    header.starts_with(b"{")
        && serde_json::from_slice(header)
            .is_ok_and(|OtherHeader { typ, alg }| typ == "JWT" && alg == "HS256")
}

impl fmt::Debug for AccessTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessTokens")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
