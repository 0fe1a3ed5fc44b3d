//! Signs tokens that the service would never make.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use uuid::Uuid;

/// The header of the service's own tokens.
pub const HEADER: &str = r#"{"typ":"JWT","alg":"HS256"}"#;

/// A signing secret that a test shares with the service: `("jwt.secret", &forge.secret)`.
pub struct Forge {
    pub secret: String,
}

impl Forge {
    pub fn new() -> Self {
        let random = || Uuid::new_v4().simple().to_string();
        Self {
            secret: format!("{}{}", random(), random()),
        }
    }

    /// HMAC-SHA256 over any header and any claims.
    pub fn sign(&self, header: &str, claims: &str) -> String {
        self.sign_with(Algorithm::HS256, header, claims)
    }

    /// HMAC of any width; what the header says is another matter.
    pub fn sign_with(&self, algorithm: Algorithm, header: &str, claims: &str) -> String {
        let encode = |part: &str| URL_SAFE_NO_PAD.encode(part);
        self.sign_message(algorithm, &format!("{}.{}", encode(header), encode(claims)))
    }

    /// The message as it is, and its HMAC.
    pub fn sign_message(&self, algorithm: Algorithm, message: &str) -> String {
        let key = EncodingKey::from_secret(self.secret.as_bytes());
        let signature = crypto::sign(message.as_bytes(), &key, algorithm).expect("signed");
        format!("{message}.{signature}")
    }
}
