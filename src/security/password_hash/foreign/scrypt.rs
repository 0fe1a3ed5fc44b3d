//! scrypt (RFC 7914) in the spellings of PHC and Werkzeug:
//!
//! ```text
//! $scrypt$ln=17,r=8,p=1$<base64>$<base64>
//! scrypt:32768:8:1$<salt as it is>$<hex>
//! ```

use scrypt::Params;

use super::{HashError, base64, equal, expected, hex, number};
use crate::security::password_hash::MAX_MEMORY_KIB;

/// Of the memory, as often as it is gone through: about two seconds.
const MAX_WORK_KIB: u32 = 4 * MAX_MEMORY_KIB;
/// They take memory too; everybody uses 8 and 1.
const MAX_R: u32 = 32;
const MAX_P: u32 = 16;

pub(in super::super) struct Scrypt {
    params: Params,
    memory_kib: u32,
    passes: u32,
    salt: Vec<u8>,
    expected: Vec<u8>,
}

impl Scrypt {
    pub(super) fn read(stored: &str) -> Result<Self, HashError> {
        let own_form = stored.strip_prefix("$scrypt$");
        let mut parts = own_form.unwrap_or(stored).split('$');
        let mut part = || parts.next().ok_or(HashError::Malformed);
        let (log_n, r, p) = if own_form.is_some() {
            phc_params(part()?)?
        } else {
            werkzeug_params(part()?)?
        };
        let (salt, hash) = (part()?, part()?);
        if parts.next().is_some() {
            return Err(HashError::Malformed);
        }
        let (salt, hash) = if own_form.is_some() {
            (base64(salt)?, base64(hash)?)
        } else {
            (salt.as_bytes().to_vec(), hex(hash)?)
        };
        let expected = expected(hash)?;
        if log_n == 0 || r == 0 || p == 0 {
            return Err(HashError::Malformed);
        }
        let memory_kib = memory_kib(log_n, r).ok_or(HashError::TooExpensive)?;
        let work_kib = memory_kib.saturating_mul(p);
        if memory_kib > MAX_MEMORY_KIB || work_kib > MAX_WORK_KIB || r > MAX_R || p > MAX_P {
            return Err(HashError::TooExpensive);
        }
        let log_n = u8::try_from(log_n).map_err(|_| HashError::TooExpensive)?;
        Ok(Self {
            params: Params::new(log_n, r, p).map_err(|_| HashError::Malformed)?,
            memory_kib,
            passes: p,
            salt,
            expected,
        })
    }

    pub(super) fn cost(&self) -> (u32, u32, u32) {
        (self.memory_kib, self.passes, 1)
    }

    pub(super) fn matches(&self, password: &[u8]) -> Result<bool, HashError> {
        let mut computed = vec![0; self.expected.len()];
        scrypt::scrypt(password, &self.salt, &self.params, &mut computed)
            .map_err(|_| HashError::Malformed)?;
        Ok(equal(&computed, &self.expected))
    }
}

/// 128 bytes for each of `2^log_n` times `r`, and at least one KiB.
fn memory_kib(log_n: u32, r: u32) -> Option<u32> {
    let blocks = 1_u32.checked_shl(log_n)?.checked_mul(r)?;
    Some(blocks.div_ceil(8))
}

/// `ln=17,r=8,p=1`, in any order.
fn phc_params(params: &str) -> Result<(u32, u32, u32), HashError> {
    let (mut log_n, mut r, mut p) = (None, None, None);
    for param in params.split(',') {
        let place = match param.split_once('=') {
            Some(("ln", value)) => (&mut log_n, value),
            Some(("r", value)) => (&mut r, value),
            Some(("p", value)) => (&mut p, value),
            _ => return Err(HashError::Malformed),
        };
        if place.0.replace(number(place.1)?).is_some() {
            return Err(HashError::Malformed);
        }
    }
    let params = log_n.zip(r).zip(p).map(|((log_n, r), p)| (log_n, r, p));
    params.ok_or(HashError::Malformed)
}

/// `scrypt:32768:8:1`
fn werkzeug_params(params: &str) -> Result<(u32, u32, u32), HashError> {
    let parts: Vec<&str> = params.split(':').collect();
    let ["scrypt", n, r, p] = parts[..] else {
        return Err(HashError::Malformed);
    };
    let n = number(n)?;
    if !n.is_power_of_two() {
        return Err(HashError::Malformed);
    }
    Ok((n.ilog2(), number(r)?, number(p)?))
}
