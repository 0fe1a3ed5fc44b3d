//! Password hashes: Argon2id (RFC 9106) as PHC strings, with bounded parameters.

use std::fmt;
use std::str::FromStr as _;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash as Phc, Salt};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, Version};

use crate::domain::password::PasswordHash;

/// OWASP ASVS 5.0 11.4.2 and the OWASP Password Storage Cheat Sheet: m=19456 KiB, t=2, p=1.
pub const DEFAULT_MEMORY_KIB: u32 = 19_456;
/// Passes that go with [`DEFAULT_MEMORY_KIB`].
pub const DEFAULT_ITERATIONS: u32 = 2;

/// The most that a stored hash may ask for; beyond it nothing is allocated (SECURITY 20).
const MAX_MEMORY_KIB: u32 = 256 * 1024;
const MAX_ITERATIONS: u32 = 16;
const MAX_LANES: u32 = 8;

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
}

/// One worker's memory, used again for each hash: it saves a third of the time.
#[derive(Default)]
pub struct HashMemory(Vec<Block>);

impl HashParams {
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
        let hash = memory.compute(params.clone(), Version::V0x13, password, &salt, HASH_BYTES)?;
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
        let outdated = params != self.argon2()? || version != Version::V0x13;
        let computed = memory.compute(params, version, password, salt.as_ref(), expected.len())?;
        memory.shrink_to(self.memory_kib);
        // `Output` compares in constant time.
        Ok(if computed == expected {
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
            self.argon2()?,
            Version::V0x13,
            password,
            &[0; SALT_BYTES],
            HASH_BYTES,
        )?;
        Ok(Verdict::Mismatch)
    }
}

/// What is in it was made from passwords.
impl fmt::Debug for HashMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HashMemory({} KiB)", self.0.len())
    }
}

impl HashMemory {
    fn compute(
        &mut self,
        params: Params,
        version: Version,
        password: &[u8],
        salt: &[u8],
        length: usize,
    ) -> Result<Output, HashError> {
        let blocks = params.block_count();
        if self.0.len() < blocks {
            self.0.resize(blocks, Block::new());
        }
        let argon2 = Argon2::new(Algorithm::Argon2id, version, params);
        let mut buffer = [0; Output::MAX_LENGTH];
        let output = buffer.get_mut(..length).ok_or(HashError::Malformed)?;
        argon2
            .hash_password_into_with_memory(password, salt, output, &mut self.0[..blocks])
            .map_err(HashError::Argon2)?;
        Output::new(output).map_err(|_| HashError::Malformed)
    }

    /// Gives back what one expensive old hash needed.
    fn shrink_to(&mut self, memory_kib: u32) {
        let usual = usize::try_from(memory_kib).unwrap_or(usize::MAX);
        if self.0.len() > usual {
            self.0.truncate(usual);
            self.0.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests;
