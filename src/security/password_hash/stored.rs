//! A stored hash that was read: what it asks for is known and bounded, and nothing allocated yet.

use std::str::FromStr as _;

use argon2::password_hash::phc::{Output, PasswordHash as Phc, Salt};
use argon2::{Algorithm, Params, Version};

use super::foreign::Foreign;
use super::{HashError, HashMemory, HashParams};
use crate::domain::password::PasswordHash;

/// The most that a stored hash may ask for, and so the most that can be configured; beyond it
/// nothing is allocated (SECURITY 20).
pub const MAX_MEMORY_KIB: u32 = 256 * 1024;
/// The same for passes.
pub const MAX_ITERATIONS: u32 = 16;
const MAX_LANES: u32 = 8;

/// Longer than any hash that we know of.
const MAX_BYTES: usize = 512;

/// A stored hash that was read and asks for no more than is allowed.
pub struct StoredHash(Kind);

enum Kind {
    Argon2(Argon2Hash),
    Foreign(Foreign),
}

/// Any of the three kinds of Argon2, as a PHC string.
struct Argon2Hash {
    algorithm: Algorithm,
    params: Params,
    version: Version,
    salt: Salt,
    expected: Output,
}

impl StoredHash {
    /// Reads a stored hash. Nothing is allocated for what it asks for yet.
    ///
    /// # Errors
    /// [`HashError::Malformed`], or [`HashError::TooExpensive`] beyond the bounds (SECURITY 20).
    pub fn read(stored: &PasswordHash) -> Result<Self, HashError> {
        let stored = stored.as_str();
        if stored.len() > MAX_BYTES {
            return Err(HashError::Malformed);
        }
        // Django's names before what is otherwise the usual form.
        let stored = ["argon2", "bcrypt$"]
            .iter()
            .find_map(|name| stored.strip_prefix(name))
            .unwrap_or(stored);
        let kind = match Foreign::read(stored) {
            Some(foreign) => Kind::Foreign(foreign?),
            None => Kind::Argon2(Argon2Hash::read(stored)?),
        };
        Ok(Self(kind))
    }

    /// What it takes to compare with it: memory in KiB, passes, lanes.
    #[must_use]
    pub fn cost(&self) -> (u32, u32, u32) {
        match &self.0 {
            Kind::Argon2(Argon2Hash { params, .. }) => {
                (params.m_cost(), params.t_cost(), params.p_cost())
            }
            Kind::Foreign(foreign) => foreign.cost(),
        }
    }

    /// Whether it is one of ours, or at least an Argon2 hash like ours.
    #[must_use]
    pub fn is_argon2(&self) -> bool {
        matches!(self.0, Kind::Argon2(_))
    }

    pub(super) fn is_outdated(&self, in_force: HashParams) -> Result<bool, HashError> {
        match &self.0 {
            Kind::Argon2(hash) => Ok(hash.params != in_force.argon2()?
                || (hash.algorithm, hash.version) != (Algorithm::Argon2id, Version::V0x13)),
            Kind::Foreign(_) => Ok(true),
        }
    }

    pub(super) fn matches(
        &self,
        password: &[u8],
        memory: &mut HashMemory,
    ) -> Result<bool, HashError> {
        match &self.0 {
            Kind::Argon2(hash) => {
                let computed = memory.compute(
                    hash.algorithm,
                    &hash.params,
                    hash.version,
                    password,
                    hash.salt.as_ref(),
                    hash.expected.len(),
                )?;
                // `Output` compares in constant time.
                Ok(computed == hash.expected)
            }
            Kind::Foreign(foreign) => foreign.matches(password),
        }
    }
}

impl Argon2Hash {
    fn read(stored: &str) -> Result<Self, HashError> {
        let phc = Phc::from_str(stored).map_err(|_| HashError::Malformed)?;
        let (Some(salt), Some(expected)) = (phc.salt, phc.hash) else {
            return Err(HashError::Malformed);
        };
        let algorithm =
            Algorithm::try_from(phc.algorithm.as_str()).map_err(|_| HashError::Malformed)?;
        let version = phc.version.map_or(Ok(Version::V0x10), Version::try_from);
        let version = version.map_err(|_| HashError::Malformed)?;
        let params = Params::try_from(&phc).map_err(|_| HashError::Malformed)?;
        if params.m_cost() > MAX_MEMORY_KIB
            || params.t_cost() > MAX_ITERATIONS
            || params.p_cost() > MAX_LANES
        {
            return Err(HashError::TooExpensive);
        }
        Ok(Self {
            algorithm,
            params,
            version,
            salt,
            expected,
        })
    }
}
