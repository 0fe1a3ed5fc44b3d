//! Which implementation computes Argon2id: the `argon2` crate, or `argon2-rust`, which uses
//! what the processor has (AVX-512, AVX2, NEON) and is about twice as fast.
//!
//! The second one is young and has `unsafe` code, so it is compared with the first at start and
//! not used when they differ in a single bit. The first one does all that is not hashing.

use std::panic::catch_unwind;
use std::sync::OnceLock;

use argon2::{Algorithm, Argon2, AssociatedData, Params, ParamsBuilder, Version};
use argon2_rust::params::{Memory, TagLen};
use argon2_rust::{Error, Hasher};

use super::HashParams;

/// `password.engine`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EngineChoice {
    /// The fast one, when it passes the comparison.
    Auto,
    /// The `argon2` crate alone.
    Portable,
}

/// An implementation of Argon2id; both give the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Engine {
    #[default]
    Portable,
    Fast,
}

impl EngineChoice {
    /// The engine to use. The first call for [`Self::Auto`] compares them, on small cases and on
    /// one with the parameters in force, which takes about as long as three hashes.
    #[must_use]
    pub fn engine(self, live: HashParams) -> Engine {
        static AGREE: OnceLock<bool> = OnceLock::new();
        match self {
            Self::Portable => Engine::Portable,
            Self::Auto if *AGREE.get_or_init(|| agree(fast, live)) => Engine::Fast,
            Self::Auto => {
                tracing::error!(
                    "the fast Argon2 engine computes wrong hashes on this machine and is not \
                     used; logins are slower. Set password.engine = \"portable\" to silence \
                     this, and report it with the processor's model"
                );
                Engine::Portable
            }
        }
    }
}

impl Engine {
    /// The name for logs, with the processor's instructions that are used.
    #[must_use]
    pub fn describe(self) -> String {
        match self {
            Self::Portable => "portable".to_owned(),
            Self::Fast => format!("fast ({})", argon2_rust::detected_backend()),
        }
    }
}

/// The fast engine with its memory.
pub(super) struct Fast(Hasher);

fn in_use(params: argon2_rust::Params) -> argon2_rust::Argon2 {
    let (id, version) = (
        argon2_rust::Algorithm::Argon2id,
        argon2_rust::Version::V0x13,
    );
    argon2_rust::Argon2::new(id, version, params)
}

impl Default for Fast {
    fn default() -> Self {
        Self(in_use(argon2_rust::Params::default()).hasher())
    }
}

impl Fast {
    /// Argon2id, version 0x13.
    pub(super) fn hash(
        &mut self,
        params: &Params,
        password: &[u8],
        salt: &[u8],
        output: &mut [u8],
    ) -> Result<(), Error> {
        self.hash_with(params, password, salt, &[], &[], output)
    }

    fn hash_with(
        &mut self,
        params: &Params,
        password: &[u8],
        salt: &[u8],
        secret: &[u8],
        data: &[u8],
        output: &mut [u8],
    ) -> Result<(), Error> {
        let length = u64::try_from(output.len()).unwrap_or(u64::MAX);
        let params = argon2_rust::Params::builder()
            .memory(Memory::kib(params.m_cost().into()))
            .passes(params.t_cost())
            .lanes(params.p_cost())
            .threads(1)
            .tag_len(TagLen::bytes(length))
            .build()?;
        self.0.set_argon2(in_use(params));
        self.0
            .hash_into_with_ad(password, salt, secret, data, output)
    }

    pub(super) fn kib(&self) -> usize {
        self.0.reserved_blocks()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

/// One computation that both engines are asked for.
#[derive(Debug, Default)]
struct Case {
    memory_kib: u32,
    iterations: u32,
    lanes: u32,
    password: Vec<u8>,
    salt: Vec<u8>,
    secret: Vec<u8>,
    data: Vec<u8>,
    length: usize,
}

impl Case {
    fn params(&self) -> Option<Params> {
        ParamsBuilder::new()
            .m_cost(self.memory_kib)
            .t_cost(self.iterations)
            .p_cost(self.lanes)
            .output_len(self.length)
            .data(AssociatedData::new(&self.data).ok()?)
            .build()
            .ok()
    }
}

/// Argon2id of RFC 9106, section 5.3.
const RFC_9106: [u8; 32] = [
    0x0d, 0x64, 0x0d, 0xf5, 0x8d, 0x78, 0x76, 0x6c, 0x08, 0xc0, 0x37, 0xa3, 0x4a, 0x8b, 0x53, 0xc9,
    0xd0, 0x1e, 0xf0, 0x45, 0x2d, 0x75, 0xb6, 0x5e, 0xb5, 0x25, 0x20, 0xe9, 0x6b, 0x01, 0xe6, 0x59,
];

fn rfc_9106() -> Case {
    Case {
        memory_kib: 32,
        iterations: 3,
        lanes: 4,
        password: vec![1; 32],
        salt: vec![2; 16],
        secret: vec![3; 8],
        data: vec![4; 12],
        length: 32,
    }
}

/// Memory, passes and password length: all sizes of a segment's end, more than a block of
/// addresses (128 KiB in a segment), and memory that is mapped and not allocated (2 MiB and more).
const FIXED: [(u32, u32, usize); 8] = [
    (8, 1, 0),
    (8, 3, 6),
    (9, 2, 63),
    (15, 1, 64),
    (64, 2, 128),
    (100, 3, 24),
    (1_000, 2, 12),
    (4_096, 1, 256),
];

const RANDOM_CASES: usize = 8;

/// Whether `fast` says what the RFC and the `argon2` crate say.
fn agree(fast: fn(&mut Fast, &Case) -> Option<Vec<u8>>, live: HashParams) -> bool {
    let compared = catch_unwind(move || {
        let mut engine = Fast::default();
        let rfc = rfc_9106();
        fast(&mut engine, &rfc).is_some_and(|tag| tag == RFC_9106)
            && portable(&rfc).is_some_and(|tag| tag == RFC_9106)
            && cases(live).iter().all(|case| {
                let tag = fast(&mut engine, case);
                tag.is_some() && tag == portable(case)
            })
    });
    compared.unwrap_or(false)
}

/// The fixed ones, the one in force, and some that are different at every start.
fn cases(live: HashParams) -> Vec<Case> {
    let live = (live.memory_kib, live.iterations, 24);
    let fixed = FIXED
        .into_iter()
        .chain([live])
        .map(|(memory_kib, iterations, length)| {
            let byte = |at: usize| u8::try_from(at % 251).unwrap_or(0);
            Case {
                memory_kib,
                iterations,
                lanes: 1,
                password: (0..length).map(byte).collect(),
                salt: (0..16).map(byte).collect(),
                length: 32,
                ..Case::default()
            }
        });
    let random = (0..RANDOM_CASES).map(|_| {
        let bytes: [u8; 131] = rand::random();
        let (numbers, rest) = bytes.split_at(3);
        let (salt, password) = rest.split_at(16);
        Case {
            memory_kib: 8 + u32::from(numbers[0]),
            iterations: 1 + u32::from(numbers[1] % 3),
            lanes: 1,
            password: password[..usize::from(numbers[2]) % password.len()].to_vec(),
            salt: salt.to_vec(),
            length: 32,
            ..Case::default()
        }
    });
    fixed.chain(random).collect()
}

fn portable(case: &Case) -> Option<Vec<u8>> {
    let mut tag = vec![0; case.length];
    let (id, version, params) = (Algorithm::Argon2id, Version::V0x13, case.params()?);
    let argon2 = if case.secret.is_empty() {
        Argon2::new(id, version, params)
    } else {
        Argon2::new_with_secret(&case.secret, id, version, params).ok()?
    };
    argon2
        .hash_password_into(&case.password, &case.salt, &mut tag)
        .ok()?;
    Some(tag)
}

fn fast(engine: &mut Fast, case: &Case) -> Option<Vec<u8>> {
    let mut tag = vec![0; case.length];
    let (params, password) = (case.params()?, &case.password);
    engine
        .hash_with(
            &params,
            password,
            &case.salt,
            &case.secret,
            &case.data,
            &mut tag,
        )
        .ok()?;
    Some(tag)
}

#[cfg(test)]
mod tests;
