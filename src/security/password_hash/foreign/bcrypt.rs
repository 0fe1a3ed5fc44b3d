//! bcrypt, as the old API has it: `$2b$10$` and 53 characters.
//!
//! It hashes no more than 72 bytes. Of a longer password the rest does not count until the login
//! that replaces the hash; from then on all of it does.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::GeneralPurpose;
use zeroize::Zeroizing;

use super::{HashError, LENIENT, equal};

/// About a second; each step doubles it.
const MAX_COST: u32 = 14;
const MIN_COST: u32 = 4;

const SALT_CHARACTERS: usize = 22;
const HASH_BYTES: usize = 23;
const MOST_HASHED: usize = 72;

pub(in super::super) struct Bcrypt {
    cost: u32,
    salt: [u8; 16],
    expected: [u8; HASH_BYTES],
}

/// The three names of what is one function for us. `$2x$` is a broken one.
pub(super) fn after_name(stored: &str) -> Option<&str> {
    ["$2a$", "$2b$", "$2y$"]
        .iter()
        .find_map(|name| stored.strip_prefix(name))
}

impl Bcrypt {
    pub(super) fn read(after_name: &str) -> Result<Self, HashError> {
        let (cost, rest) = after_name.split_once('$').ok_or(HashError::Malformed)?;
        let cost = super::number(cost)?;
        if cost < MIN_COST {
            return Err(HashError::Malformed);
        }
        let (salt, hash) = rest
            .split_at_checked(SALT_CHARACTERS)
            .ok_or(HashError::Malformed)?;
        let read = Self {
            cost,
            salt: decode(salt)?,
            expected: decode(hash)?,
        };
        if cost > MAX_COST {
            return Err(HashError::TooExpensive);
        }
        Ok(read)
    }

    pub(super) fn cost(&self) -> (u32, u32, u32) {
        // Its tables are 4 KiB.
        (4, 1 << self.cost, 1)
    }

    pub(super) fn matches(&self, password: &[u8]) -> bool {
        // It counts the NUL at the end, as far as there is room. None is inside: no request with
        // one gets here.
        let mut key = Zeroizing::new(Vec::with_capacity(password.len() + 1));
        key.extend_from_slice(password);
        key.push(0);
        key.truncate(MOST_HASHED);
        let computed = bcrypt::bcrypt(self.cost, self.salt, &key);
        equal(&computed[..HASH_BYTES], &self.expected)
    }
}

fn decode<const BYTES: usize>(text: &str) -> Result<[u8; BYTES], HashError> {
    const ITS_OWN: GeneralPurpose = GeneralPurpose::new(&alphabet::BCRYPT, LENIENT);
    let decoded = ITS_OWN.decode(text).ok();
    decoded
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or(HashError::Malformed)
}
