//! Request bodies: one JSON object, bounded in size and time, without duplicate keys.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRef, FromRequest, Request};
use axum::http::{HeaderMap, header};
use http_body_util::BodyExt as _;
use serde::de::{DeserializeOwned, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::HttpSettings;
use super::problem::Problem;
use super::problem_kind as kind;

/// The longest body that is parsed, in bytes; the longest useful one has about 2,000.
const MAX_BYTES: usize = 32 * 1024;

/// A body of type `T`.
#[derive(Debug)]
pub struct Json<T>(pub(super) T);

/// One text field. What is not a text, or holds a NUL, is as good as missing: each field has
/// its own words for that, which old clients know.
#[derive(Default)]
pub struct Text(Option<String>);

impl<S, T> FromRequest<S> for Json<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
    Arc<HttpSettings>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let patience = Arc::<HttpSettings>::from_ref(state).read_timeout;
        let is_json = is_json(request.headers());
        let read = tokio::time::timeout(patience, read(request.into_body())).await;
        let bytes = read.unwrap_or_else(|_| Err(Problem::of(&kind::REQUEST_TIMEOUT)))?;
        // Nothing at all is an object without fields, as it was for the old API.
        let text = if bytes.is_empty() {
            b"{}"
        } else {
            bytes.as_slice()
        };
        if !is_json && !bytes.is_empty() {
            return Err(Problem::of(&kind::UNSUPPORTED_MEDIA_TYPE));
        }
        // The error may quote the body, so it is not looked at.
        let parsed = parse(text).map_err(|_| Problem::of(&kind::MALFORMED_BODY))?;
        Ok(Self(parsed))
    }
}

/// One JSON object as a `T`.
///
/// # Errors
/// For everything else, and for a key that is there twice.
pub fn parse<T: DeserializeOwned>(text: &[u8]) -> serde_json::Result<T> {
    let Object(fields) = serde_json::from_slice(text)?;
    serde_json::from_value(Value::Object(fields.into_iter().collect()))
}

async fn read(mut body: Body) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Problem::of(&kind::MALFORMED_BODY))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if bytes.len() + data.len() > MAX_BYTES {
            return Err(Problem::of(&kind::BODY_TOO_LARGE));
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

/// `application/json` or `application/…+json`, with any parameters.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(value)) = headers
        .get(header::CONTENT_TYPE)
        .map(|value| value.to_str())
    else {
        return false;
    };
    let essence = value
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// The fields of an object. `serde_json` bounds the depth; twice the same key is refused, since
/// two readers could disagree on which counts.
struct Object(BTreeMap<String, Value>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
        let mut fields = BTreeMap::new();
        while let Some((key, value)) = map.next_entry::<String, Value>()? {
            if fields.insert(key, value).is_some() {
                return Err(A::Error::custom("duplicate key"));
            }
        }
        Ok(Object(fields))
    }
}

impl Text {
    /// The text, unless it is missing.
    #[must_use]
    pub fn get(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// The text, unless it is missing or empty.
    #[must_use]
    pub fn given(&self) -> Option<&str> {
        self.get().filter(|text| !text.is_empty())
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(match Value::deserialize(deserializer)? {
            Value::String(text) if !text.contains('\0') => Some(text),
            _ => None,
        }))
    }
}

/// Fields hold passwords.
impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Text([redacted])")
    }
}
