//! The settings of passwords and of hashing.

use std::time::Duration;

use crate::config::PasswordConfig;
use crate::config::reader::Reader;
use crate::domain::password::{MAX_LENGTH, PasswordPolicy, Preset};
use crate::security::password_hash::{
    DEFAULT_ITERATIONS, DEFAULT_MEMORY_KIB, EngineChoice, HashParams, MAX_ITERATIONS,
    MAX_MEMORY_KIB,
};

pub(super) fn read(r: &mut Reader, hash_wait: Option<Duration>) -> Option<PasswordConfig> {
    let presets = [("classic", Preset::Classic), ("nist", Preset::Nist)];
    let preset = r.choice("password.policy", &presets);
    let min_length = r.range_or("password.min_length", "preset", 1..=256);
    let max_length = r.range_or("password.max_length", "preset", 1..=MAX_LENGTH);
    let memory_kib = r.range("password.memory_kib", 8..=MAX_MEMORY_KIB);
    let iterations = r.range("password.iterations", 1..=MAX_ITERATIONS);
    let threads = r.range_or("password.hash_threads", "auto", 1..=256);
    let hash_queue = r.range("password.hash_queue", 1..=100_000);
    let hash_nice = r.range("password.hash_nice", 0..=19);
    let engines = [
        ("auto", EngineChoice::Auto),
        ("portable", EngineChoice::Portable),
    ];
    let engine = r.choice("password.engine", &engines);

    let hash = memory_kib
        .zip(iterations)
        .and_then(|(memory_kib, iterations)| {
            let strong = memory_kib >= DEFAULT_MEMORY_KIB && iterations >= DEFAULT_ITERATIONS
                || memory_kib >= 47_104;
            let weak =
                "is too weak; allowed: 19456 with 2 iterations or more, 47104 with 1 or more";
            if strong {
                Some(HashParams {
                    memory_kib,
                    iterations,
                })
            } else {
                r.reject("password.memory_kib", weak)
            }
        });
    let policy = preset
        .zip(min_length.zip(max_length))
        .and_then(|(preset, (min, max))| {
            let own = preset.policy();
            let policy = PasswordPolicy {
                min_length: min.or(own.min_length),
                max_length: max.or(own.max_length),
                ..own
            };
            let crossed = "is more than password.max_length";
            if policy.min_length <= policy.max_length {
                Some(policy)
            } else {
                r.reject("password.min_length", crossed)
            }
        });
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Some(PasswordConfig {
        policy: policy?,
        hash: hash?,
        hash_threads: threads?.or(cores),
        hash_queue: hash_queue?,
        hash_wait: hash_wait?,
        hash_nice: hash_nice?,
        engine: engine?,
    })
}
