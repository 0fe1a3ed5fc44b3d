//! The fuzz targets' properties over the corpus in `fuzz/corpus`, and over random bytes, with an
//! ordinary compiler: so that neither can rot between two runs of `scripts/fuzz`.

#[path = "../fuzz/src/lib.rs"]
mod properties;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use rstest::rstest;

type Check = fn(&[u8]);

/// Every target.
const TARGETS: [(&str, Check); 6] = [
    ("config", properties::config::check),
    ("email", properties::email::check),
    ("forwarded", properties::forwarded::check),
    ("json_body", properties::json_body::check),
    ("jwt", properties::jwt::check),
    ("phc", properties::phc::check),
];

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz")
        .join(name)
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let name = |entry: std::io::Result<fs::DirEntry>| {
        let path = entry.expect("an entry").path();
        path.file_stem()
            .expect("a name")
            .to_str()
            .expect("UTF-8")
            .to_owned()
    };
    entries.map(name).collect()
}

/// The seeds of a target, each with its path.
fn seeds(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = fs::read_dir(folder("corpus").join(target)).expect("a corpus");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .map(|path| (path.clone(), fs::read(path).expect("readable")))
        .collect()
}

#[test]
fn every_target_has_a_corpus_and_is_here() {
    let here: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names(&folder("fuzz_targets")), here);
    assert_eq!(names(&folder("corpus")), here);
}

#[rstest]
#[case("config")]
#[case("email")]
#[case("forwarded")]
#[case("json_body")]
#[case("jwt")]
#[case("phc")]
fn the_corpus_and_what_is_near_it_keep_their_promises(#[case] target: &str) {
    let (_, check) = TARGETS
        .iter()
        .find(|(name, _)| *name == target)
        .expect("a target");
    let seeds = seeds(target);
    assert!(seeds.len() >= 8, "{target} has {} seeds", seeds.len());
    for (path, seed) in &seeds {
        // What was wrong is named by the panic itself.
        println!("{}", path.display());
        check(seed);
    }
    let config = Config {
        cases: 300,
        failure_persistence: None,
        // The same each time: to look further is what the fuzzer is for.
        rng_seed: RngSeed::Fixed(4),
        ..Config::default()
    };
    let seed = prop::sample::select(seeds).prop_map(|(_, seed)| seed);
    let edits = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 0..4);
    let near = (seed, edits).prop_map(|(mut seed, edits)| {
        for (at, byte, kind) in edits {
            let at = at.index(seed.len() + 1);
            match kind {
                0 => seed.insert(at, byte),
                1 => seed.truncate(at),
                _ if at == seed.len() => seed.push(byte),
                2 => seed[at] = byte,
                _ => drop(seed.remove(at)),
            }
        }
        seed
    });
    let outcome = TestRunner::new(config).run(&near, |data| {
        check(&data);
        Ok(())
    });
    outcome.expect("the promise is kept");
    if target == "config" {
        properties::config::clean();
    }
}
