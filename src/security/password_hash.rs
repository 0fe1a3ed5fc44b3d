//! Password hashes: Argon2id (RFC 9106) as PHC strings, with bounded parameters.

mod engine;
mod memory;

use std::str::FromStr as _;
use std::time::Duration;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash as Phc, Salt};
use argon2::{ARGON2ID_IDENT, Params, Version};

pub use engine::{Engine, EngineChoice};
pub use memory::HashMemory;

use crate::domain::password::PasswordHash;

/// OWASP ASVS 5.0 11.4.2 and the OWASP Password Storage Cheat Sheet: m=19456 KiB, t=2, p=1.
pub const DEFAULT_MEMORY_KIB: u32 = 19_456;
/// Passes that go with [`DEFAULT_MEMORY_KIB`].
pub const DEFAULT_ITERATIONS: u32 = 2;

/// The most that a stored hash may ask for; beyond it nothing is allocated (SECURITY 20).
const MAX_MEMORY_KIB: u32 = 256 * 1024;
const MAX_ITERATIONS: u32 = 16;
const MAX_LANES: u32 = 8;

/// What one pass takes for each KiB, on an ordinary machine.
const A_BLOCK: Duration = Duration::from_nanos(250);

const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;

/// Argon2id parameters for new hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashParams {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub iterations: u32,
}

/// A stored hash that was read and asks for no more than is allowed.
pub struct StoredHash {
    params: Params,
    version: Version,
    salt: Salt,
    expected: Output,
}

/// What a comparison said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The right password.
    Match {
        /// The hash was made with other parameters than those in force.
        outdated: bool,
    },
    /// The wrong password.
    Mismatch,
}

/// The stored hash is not one that we can check: our fault or the database's, never the user's.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    #[error("the stored hash is malformed or not Argon2id")]
    Malformed,
    #[error("the stored hash asks for more memory or time than is allowed")]
    TooExpensive,
    #[error("the operating system gave no random bytes")]
    NoRandomness,
    #[error("argon2: {0}")]
    Argon2(argon2::Error),
    #[error("argon2-rust: {0}")]
    Fast(argon2_rust::Error),
}

impl StoredHash {
    /// What it takes to compare with it: memory in KiB, passes, lanes.
    #[must_use]
    pub fn cost(&self) -> (u32, u32, u32) {
        let params = &self.params;
        (params.m_cost(), params.t_cost(), params.p_cost())
    }
}

impl HashParams {
    /// About what one hash takes, for who has not measured it yet.
    #[must_use]
    pub fn assumed_time(self) -> Duration {
        A_BLOCK.saturating_mul(self.memory_kib.saturating_mul(self.iterations))
    }

    fn argon2(self) -> Result<Params, HashError> {
        Params::new(self.memory_kib, self.iterations, 1, Some(HASH_BYTES))
            .map_err(HashError::Argon2)
    }

    /// Hashes a password with a new salt.
    ///
    /// # Errors
    /// [`HashError`] when the system gives no randomness or the parameters are impossible.
    pub fn hash(self, password: &[u8], memory: &mut HashMemory) -> Result<PasswordHash, HashError> {
        let mut salt = [0; SALT_BYTES];
        rand::TryRng::try_fill_bytes(&mut rand::rngs::SysRng, &mut salt)
            .map_err(|_| HashError::NoRandomness)?;
        let params = self.argon2()?;
        let hash = memory.compute(&params, Version::V0x13, password, &salt, HASH_BYTES)?;
        let phc = Phc {
            algorithm: ARGON2ID_IDENT,
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&params).map_err(|_| HashError::Malformed)?,
            salt: Some(Salt::new(&salt).map_err(|_| HashError::Malformed)?),
            hash: Some(hash),
        };
        Ok(PasswordHash::from_phc(phc.to_string()))
    }

    /// Reads a stored hash. Nothing is allocated for it yet.
    ///
    /// # Errors
    /// [`HashError::Malformed`], or [`HashError::TooExpensive`] beyond the bounds (SECURITY 20).
    pub fn read(self, stored: &PasswordHash) -> Result<StoredHash, HashError> {
        let phc = Phc::from_str(stored.as_str()).map_err(|_| HashError::Malformed)?;
        let (Some(salt), Some(expected)) = (phc.salt, phc.hash) else {
            return Err(HashError::Malformed);
        };
        if phc.algorithm != ARGON2ID_IDENT {
            return Err(HashError::Malformed);
        }
        let version = phc.version.map_or(Ok(Version::V0x10), Version::try_from);
        let version = version.map_err(|_| HashError::Malformed)?;
        let params = Params::try_from(&phc).map_err(|_| HashError::Malformed)?;
        if params.m_cost() > MAX_MEMORY_KIB.max(self.memory_kib)
            || params.t_cost() > MAX_ITERATIONS.max(self.iterations)
            || params.p_cost() > MAX_LANES
        {
            return Err(HashError::TooExpensive);
        }
        Ok(StoredHash {
            params,
            version,
            salt,
            expected,
        })
    }

    /// Compares a password with a stored hash in constant time.
    ///
    /// # Errors
    /// [`HashError`] when the stored hash cannot be checked.
    pub fn verify(
        self,
        password: &[u8],
        stored: &PasswordHash,
        memory: &mut HashMemory,
    ) -> Result<Verdict, HashError> {
        let StoredHash {
            params,
            version,
            salt,
            expected,
        } = self.read(stored)?;
        let outdated = params != self.argon2()? || version != Version::V0x13;
        let computed = memory.compute(&params, version, password, salt.as_ref(), expected.len());
        memory.shrink_to(self.memory_kib);
        // `Output` compares in constant time.
        Ok(if computed? == expected {
            Verdict::Match { outdated }
        } else {
            Verdict::Mismatch
        })
    }

    /// Spends what [`Self::verify`] spends, for an address without an account (CVE-2025-6011).
    ///
    /// # Errors
    /// [`HashError`] when the parameters are impossible.
    pub fn verify_nobody(
        self,
        password: &[u8],
        memory: &mut HashMemory,
    ) -> Result<Verdict, HashError> {
        memory.compute(
            &self.argon2()?,
            Version::V0x13,
            password,
            &[0; SALT_BYTES],
            HASH_BYTES,
        )?;
        Ok(Verdict::Mismatch)
    }
}

#[cfg(test)]
mod tests;
