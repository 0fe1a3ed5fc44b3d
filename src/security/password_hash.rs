//! Password hashes: Argon2id (RFC 9106) as PHC strings, with bounded parameters. Those of other
//! software are understood as well, and replaced by such a one at the next login.

mod engine;
mod foreign;
mod memory;
mod stored;

use std::time::Duration;

use argon2::password_hash::phc::{ParamsString, PasswordHash as Phc, Salt};
use argon2::{ARGON2ID_IDENT, Algorithm, Params, Version};

pub use engine::{Engine, EngineChoice};
pub use memory::HashMemory;
pub use stored::{MAX_ITERATIONS, MAX_MEMORY_KIB, StoredHash};

use crate::domain::password::{PasswordHash, PresentedPassword};

/// OWASP ASVS 5.0 11.4.2 and the OWASP Password Storage Cheat Sheet: m=19456 KiB, t=2, p=1.
pub const DEFAULT_MEMORY_KIB: u32 = 19_456;
/// Passes that go with [`DEFAULT_MEMORY_KIB`].
pub const DEFAULT_ITERATIONS: u32 = 2;

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

/// What a comparison said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The right password.
    Match {
        /// The hash was made with other parameters than those in force, or elsewhere.
        outdated: bool,
    },
    /// The wrong password.
    Mismatch,
}

/// The stored hash is not one that we can check: our fault or the database's, never the user's.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    #[error("the stored hash is malformed or of an unknown kind")]
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
        let hash = memory.compute(
            Algorithm::Argon2id,
            &params,
            Version::V0x13,
            password,
            &salt,
            HASH_BYTES,
        )?;
        let phc = Phc {
            algorithm: ARGON2ID_IDENT,
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&params).map_err(|_| HashError::Malformed)?,
            salt: Some(Salt::new(&salt).map_err(|_| HashError::Malformed)?),
            hash: Some(hash),
        };
        Ok(PasswordHash::from_phc(phc.to_string()))
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
        let stored = StoredHash::read(stored)?;
        let outdated = stored.is_outdated(self)?;
        let matches = stored.matches(password, memory);
        memory.shrink_to(self.memory_kib);
        Ok(if matches? {
            Verdict::Match { outdated }
        } else {
            Verdict::Mismatch
        })
    }

    /// Compares a password with a stored hash: in NFC, as we hash it, and then, where the hash may
    /// be another software's, as it was typed. Two hashes at most, and one for nearly everybody.
    ///
    /// # Errors
    /// [`HashError`] when the stored hash cannot be checked.
    pub fn prove(
        self,
        password: &PresentedPassword,
        stored: &PasswordHash,
        memory: &mut HashMemory,
    ) -> Result<Verdict, HashError> {
        let verdict = self.verify(password.as_bytes(), stored, memory)?;
        match password.as_typed() {
            Some(typed)
                if verdict == Verdict::Mismatch
                    && StoredHash::read(stored)?.is_outdated(self)? =>
            {
                self.verify(typed, stored, memory)
            }
            _ => Ok(verdict),
        }
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
            Algorithm::Argon2id,
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
