//! PBKDF2 (RFC 8018) in the spellings of PHC, passlib, Django and Werkzeug:
//!
//! ```text
//! $pbkdf2-sha256$i=600000,l=32$<base64>$<base64>
//! $pbkdf2-sha256$29000$<base64>$<base64>
//! pbkdf2_sha256$600000$<salt as it is>$<base64>
//! pbkdf2:sha256:600000$<salt as it is>$<hex>
//! ```

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2::{self, Algorithm};

use super::{HashError, base64, equal, expected, hex, number};

/// Iterations times blocks of output: some two seconds.
const MAX_ROUNDS: u32 = 4_000_000;

pub(in super::super) struct Pbkdf2 {
    algorithm: Algorithm,
    digest_bytes: usize,
    iterations: NonZeroU32,
    salt: Vec<u8>,
    expected: Vec<u8>,
}

impl Pbkdf2 {
    pub(super) fn read(stored: &str) -> Result<Self, HashError> {
        let own_form = stored.strip_prefix('$');
        let mut parts = own_form.unwrap_or(stored).split('$');
        let mut part = || parts.next().ok_or(HashError::Malformed);
        let (mut name, salt, hash, iterations);
        if own_form.is_some() {
            name = part()?;
            iterations = phc_iterations(part()?)?;
            salt = base64(part()?)?;
            hash = base64(part()?)?;
        } else {
            name = part()?;
            let werkzeug = name.rsplit_once(':');
            iterations = match werkzeug {
                Some((rest, iterations)) => {
                    name = rest;
                    number(iterations)?
                }
                None => number(part()?)?,
            };
            salt = part()?.as_bytes().to_vec();
            let text = part()?;
            hash = if werkzeug.is_some() {
                hex(text)?
            } else {
                base64(text)?
            };
        }
        if parts.next().is_some() {
            return Err(HashError::Malformed);
        }
        let (algorithm, digest_bytes) = algorithm(name)?;
        let read = Self {
            algorithm,
            digest_bytes,
            iterations: NonZeroU32::new(iterations).ok_or(HashError::Malformed)?,
            salt,
            expected: expected(hash)?,
        };
        if read.rounds() > MAX_ROUNDS {
            return Err(HashError::TooExpensive);
        }
        Ok(read)
    }

    fn rounds(&self) -> u32 {
        let blocks = self.expected.len().div_ceil(self.digest_bytes);
        let blocks = u32::try_from(blocks).unwrap_or(u32::MAX);
        self.iterations.get().saturating_mul(blocks)
    }

    pub(super) fn cost(&self) -> (u32, u32, u32) {
        (0, self.rounds(), 1)
    }

    pub(super) fn matches(&self, password: &[u8]) -> bool {
        let mut computed = vec![0; self.expected.len()];
        pbkdf2::derive(
            self.algorithm,
            self.iterations,
            &self.salt,
            password,
            &mut computed,
        );
        equal(&computed, &self.expected)
    }
}

/// `29000`, or `i=600000` with or without `l=32`, which the hash itself says better.
fn phc_iterations(params: &str) -> Result<u32, HashError> {
    let mut iterations = None;
    if !params.contains('=') {
        return number(params);
    }
    for param in params.split(',') {
        match param.split_once('=') {
            Some(("i", value)) if iterations.is_none() => iterations = Some(number(value)?),
            Some(("l", value)) => drop(number(value)?),
            _ => return Err(HashError::Malformed),
        }
    }
    iterations.ok_or(HashError::Malformed)
}

/// With the size of its digest in bytes. passlib's plain `pbkdf2` is the one with SHA-1.
fn algorithm(name: &str) -> Result<(Algorithm, usize), HashError> {
    let digest = name.strip_prefix("pbkdf2").ok_or(HashError::Malformed)?;
    Ok(match digest.strip_prefix(['-', '_', ':']) {
        Some("sha256") => (pbkdf2::PBKDF2_HMAC_SHA256, 32),
        Some("sha384") => (pbkdf2::PBKDF2_HMAC_SHA384, 48),
        Some("sha512") => (pbkdf2::PBKDF2_HMAC_SHA512, 64),
        Some("sha1") => (pbkdf2::PBKDF2_HMAC_SHA1, 20),
        None if digest.is_empty() => (pbkdf2::PBKDF2_HMAC_SHA1, 20),
        _ => return Err(HashError::Malformed),
    })
}
