//! Secrets and proofs: password hashes, access tokens, one-time tokens. All
//! randomness that has to stay secret is here.

pub mod access_token;
pub mod device_token;
pub mod hash_pool;
pub mod one_time_token;
pub mod password_hash;
pub mod signing_secret;
