//! Hashes that other software made: understood and compared with, never made.

mod bcrypt;
mod pbkdf2;
mod scrypt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use self::bcrypt::Bcrypt;
use self::pbkdf2::Pbkdf2;
use self::scrypt::Scrypt;
use super::HashError;

/// 128 bits: less could be met by chance, or be what is left of a hash that was cut.
const FEWEST_BYTES: usize = 16;
/// SHA-512's size; no software makes longer ones.
const MOST_BYTES: usize = 64;

/// A hash of another software that asks for no more than is allowed.
pub(super) enum Foreign {
    Bcrypt(Bcrypt),
    Pbkdf2(Pbkdf2),
    Scrypt(Scrypt),
}

impl Foreign {
    /// `None` when the text is of none of these kinds.
    pub(super) fn read(stored: &str) -> Option<Result<Self, HashError>> {
        if let Some(rest) = bcrypt::after_name(stored) {
            return Some(Bcrypt::read(rest).map(Self::Bcrypt));
        }
        if stored.starts_with("$pbkdf2") || stored.starts_with("pbkdf2") {
            return Some(Pbkdf2::read(stored).map(Self::Pbkdf2));
        }
        if stored.starts_with("$scrypt$") || stored.starts_with("scrypt:") {
            return Some(Scrypt::read(stored).map(Self::Scrypt));
        }
        None
    }

    /// Memory in KiB, passes, lanes.
    pub(super) fn cost(&self) -> (u32, u32, u32) {
        match self {
            Self::Bcrypt(hash) => hash.cost(),
            Self::Pbkdf2(hash) => hash.cost(),
            Self::Scrypt(hash) => hash.cost(),
        }
    }

    pub(super) fn matches(&self, password: &[u8]) -> Result<bool, HashError> {
        match self {
            Self::Bcrypt(hash) => Ok(hash.matches(password)),
            Self::Pbkdf2(hash) => Ok(hash.matches(password)),
            Self::Scrypt(hash) => hash.matches(password),
        }
    }
}

fn equal(computed: &[u8], expected: &[u8]) -> bool {
    verify_slices_are_equal(computed, expected).is_ok()
}

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    // Some software leaves rubbish in the bits that are not used.
    .with_decode_allow_trailing_bits(true);

/// The usual alphabet with or without padding, or passlib's, which has `.` for `+`.
fn base64(text: &str) -> Result<Vec<u8>, HashError> {
    const USUAL: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
    let decoded = USUAL.decode(text.replace('.', "+"));
    decoded.map_err(|_| HashError::Malformed)
}

fn hex(text: &str) -> Result<Vec<u8>, HashError> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pair = |pair: &[u8]| match pair {
        [high, low] => u8::try_from(digit(*high)? * 16 + digit(*low)?).ok(),
        _ => None,
    };
    let bytes: Option<Vec<u8>> = text.as_bytes().chunks(2).map(pair).collect();
    bytes.ok_or(HashError::Malformed)
}

/// What the computation has to give.
fn expected(bytes: Vec<u8>) -> Result<Vec<u8>, HashError> {
    if (FEWEST_BYTES..=MOST_BYTES).contains(&bytes.len()) {
        Ok(bytes)
    } else {
        Err(HashError::Malformed)
    }
}

/// A number as such software writes it: digits and nothing else.
fn number(text: &str) -> Result<u32, HashError> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(HashError::Malformed);
    }
    // More than fits is more than is allowed.
    text.parse().map_err(|_| HashError::TooExpensive)
}

#[cfg(test)]
mod tests;
