//! The raw ceiling of password hashing: nothing but hashes, each thread in its own memory, which
//! it uses again as doorward's threads do.

use std::thread;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use argon2_rust::params::{Memory, TagLen};
use serde_json::json;
use tokio::time::Instant;

/// What is hashed, and its salt; bench/run gives the C libraries the same.
const PASSWORD: &[u8] = b"abc123";
const SALT: &[u8; 16] = b"doorward-bench-0";

#[derive(Debug, clap::Args)]
pub struct Options {
    /// Which implementation
    #[arg(long, value_enum)]
    engine: EngineName,
    /// Threads that hash
    #[arg(long)]
    threads: usize,
    /// How long
    #[arg(long)]
    seconds: f64,
    /// Memory of a hash in KiB
    #[arg(long, default_value_t = 19_456)]
    memory_kib: u32,
    /// Passes over the memory
    #[arg(long, default_value_t = 2)]
    iterations: u32,
}

/// The implementations: one line here and one arm in [`engine`].
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum EngineName {
    /// The crate argon2
    Argon2,
    /// The crate argon2-rust, with what the processor has
    #[value(name = "argon2-rust")]
    Simd,
}

/// Hashes once and gives the tag.
type Engine = Box<dyn FnMut() -> anyhow::Result<[u8; 32]>>;

/// An implementation with its memory, made by the thread that uses it.
fn engine(name: EngineName, memory_kib: u32, iterations: u32) -> anyhow::Result<Engine> {
    match name {
        EngineName::Argon2 => {
            let params = Params::new(memory_kib, iterations, 1, Some(32))
                .map_err(|error| anyhow!("argon2: {error}"))?;
            let mut memory = vec![Block::new(); params.block_count()];
            let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            Ok(Box::new(move || {
                let mut tag = [0; 32];
                argon2
                    .hash_password_into_with_memory(PASSWORD, SALT, &mut tag, &mut memory)
                    .map_err(|error| anyhow!("argon2: {error}"))?;
                Ok(tag)
            }))
        }
        EngineName::Simd => {
            let params = argon2_rust::Params::builder()
                .memory(Memory::kib(memory_kib.into()))
                .passes(iterations)
                .lanes(1)
                .threads(1)
                .tag_len(TagLen::bytes(32))
                .build()?;
            let (id, version) = (
                argon2_rust::Algorithm::Argon2id,
                argon2_rust::Version::V0x13,
            );
            let mut hasher = argon2_rust::Argon2::new(id, version, params).hasher();
            Ok(Box::new(move || {
                let mut tag = [0; 32];
                hasher.hash_into_with_ad(PASSWORD, SALT, &[], &[], &mut tag)?;
                Ok(tag)
            }))
        }
    }
}

/// What one thread did.
struct Share {
    hashes: u32,
    seconds: f64,
    tag: [u8; 32],
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    let shares = thread::scope(|scope| {
        let threads: Vec<_> = (0..options.threads)
            .map(|_| scope.spawn(|| hash_for(options)))
            .collect();
        let joined = threads.into_iter().map(thread::ScopedJoinHandle::join);
        joined
            .map(|share| share.map_err(|_| anyhow!("a thread panicked"))?)
            .collect::<anyhow::Result<Vec<Share>>>()
    })?;
    let hashes: u32 = shares.iter().map(|share| share.hashes).sum();
    let rates = shares
        .iter()
        .map(|share| f64::from(share.hashes) / share.seconds);
    let per_second: f64 = rates.sum();
    let tag = shares.first().map_or([0; 32], |share| share.tag);
    let tag = tag
        .iter()
        .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    let report = json!({ "hashes": hashes, "per_second": per_second, "tag": tag });
    #[expect(clippy::print_stdout, reason = "the harness reads it")]
    {
        println!("{report}");
    }
    Ok(())
}

fn hash_for(options: &Options) -> anyhow::Result<Share> {
    let mut hash = engine(options.engine, options.memory_kib, options.iterations)?;
    // The first one makes the system find the memory.
    let tag = hash().context("the first hash")?;
    let (started, mut hashes) = (Instant::now(), 0);
    let length = Duration::from_secs_f64(options.seconds);
    while started.elapsed() < length {
        hash()?;
        hashes += 1;
    }
    Ok(Share {
        hashes,
        seconds: started.elapsed().as_secs_f64(),
        tag,
    })
}
