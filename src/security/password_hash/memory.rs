//! One hashing thread's memory, and the computation in it by either engine.

use std::fmt;

use argon2::password_hash::phc::Output;
use argon2::{Algorithm, Argon2, Block, Params, Version};

use super::HashError;
use super::engine::{Engine, Fast};

/// One worker's memory, used again for each hash: it saves a third of the time.
///
/// It is not wiped in between, which would cost a fifth of the time. With two passes or more,
/// what a hash leaves in it is no short cut for guessing: to check a guess against any block
/// takes half a hash at least. (With one pass it is one: an early block can be checked sooner.)
/// The fast engine does not wipe its small state on the stack either.
#[derive(Default)]
pub struct HashMemory {
    engine: Engine,
    /// Never held together with the fast engine's.
    blocks: Vec<Block>,
    fast: Fast,
}

impl HashMemory {
    /// Empty, for an engine; what that cannot do is left to the portable one.
    #[must_use]
    pub fn new(engine: Engine) -> Self {
        Self {
            engine,
            ..Self::default()
        }
    }

    pub(super) fn compute(
        &mut self,
        algorithm: Algorithm,
        params: &Params,
        version: Version,
        password: &[u8],
        salt: &[u8],
        length: usize,
    ) -> Result<Output, HashError> {
        let mut buffer = [0; Output::MAX_LENGTH];
        let output = buffer.get_mut(..length).ok_or(HashError::Malformed)?;
        // What we write ourselves. Anything else is rare, and gone after its next login.
        let usual = (algorithm, version) == (Algorithm::Argon2id, Version::V0x13)
            && params.p_cost() == 1
            && params.data().is_empty();
        if self.engine == Engine::Fast && usual {
            self.blocks = Vec::new();
            self.fast
                .hash(params, password, salt, output)
                .map_err(HashError::Fast)?;
        } else {
            self.fast.clear();
            let blocks = self.portable(params.block_count());
            Argon2::new(algorithm, version, params.clone())
                .hash_password_into_with_memory(password, salt, output, blocks)
                .map_err(HashError::Argon2)?;
        }
        Output::new(output).map_err(|_| HashError::Malformed)
    }

    fn portable(&mut self, count: usize) -> &mut [Block] {
        if self.blocks.get(..count).is_none() {
            // What is too small goes before its successor comes.
            self.blocks = Vec::new();
            self.blocks.resize(count, Block::new());
        }
        &mut self.blocks[..count]
    }

    /// How much is held, in KiB.
    #[must_use]
    pub fn kib(&self) -> usize {
        self.blocks.capacity() + self.fast.kib()
    }

    /// Gives back what one expensive old hash needed.
    pub(super) fn shrink_to(&mut self, memory_kib: u32) {
        let usual = usize::try_from(memory_kib).unwrap_or(usize::MAX);
        self.blocks.truncate(usual);
        self.blocks.shrink_to_fit();
        if self.fast.kib() > usual {
            self.fast.clear();
        }
    }
}

/// What is in it was made from passwords.
impl fmt::Debug for HashMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HashMemory({:?}, {} KiB)", self.engine, self.kib())
    }
}
