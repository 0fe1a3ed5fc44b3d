//! The two engines against each other, and what is done when they differ.

use super::*;
use crate::security::password_hash::{HashMemory, HashParams, Verdict};
use argon2::password_hash::phc::Output;
use proptest::prelude::*;
use std::time::Duration;
use tokio::time::Instant;

/// In force, in these tests; the usual ones take long without optimisation.
const LIVE: HashParams = HashParams {
    memory_kib: 2_000,
    iterations: 2,
};

fn compute(memory: &mut HashMemory, case: &Case) -> Output {
    let params = case.params().expect("allowed");
    let (password, salt) = (&case.password, &case.salt);
    memory
        .compute(
            Algorithm::Argon2id,
            &params,
            Version::V0x13,
            password,
            salt,
            case.length,
        )
        .expect("computed")
}

#[test]
fn the_engines_agree_on_this_machine() {
    assert!(agree(fast, LIVE));
    assert_eq!(EngineChoice::Auto.engine(LIVE), Engine::Fast);
    assert_eq!(EngineChoice::Portable.engine(LIVE), Engine::Portable);
}

/// Every start pays for it; without optimisation it takes longer.
#[test]
fn the_comparison_takes_a_few_milliseconds() {
    let best = (0..5).map(|_| {
        let before = Instant::now();
        assert!(agree(fast, LIVE));
        before.elapsed()
    });
    let best = best.min().expect("some");
    assert!(best < Duration::from_millis(250), "{best:?}");
}

#[test]
fn an_engine_that_is_wrong_in_one_bit_of_one_case_is_not_used() {
    fn flips(engine: &mut Fast, case: &Case) -> Option<Vec<u8>> {
        let mut tag = fast(engine, case)?;
        if case.memory_kib == 4_096 {
            tag[31] ^= 1;
        }
        Some(tag)
    }
    assert!(!agree(flips, LIVE));
    assert!(!agree(
        |engine, case| fast(engine, case).filter(|_| case.memory_kib != 9),
        LIVE
    ));
    assert!(!agree(
        |_, case| portable(case).filter(|_| case.lanes == 1),
        LIVE
    ));
}

#[test]
fn an_engine_that_panics_is_not_used() {
    assert!(!agree(|_, _| panic!("on purpose"), LIVE));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// What one hash leaves in the memory must not change the next, so it is kept for all.
    #[test]
    fn both_engines_say_the_same(
        cases in prop::collection::vec(
            (
                prop_oneof![8 => 8_u32..300, 1 => 300_u32..6_000],
                1_u32..=4,
                1_u32..=4,
                prop::collection::vec(any::<u8>(), 0..=512),
                prop::collection::vec(any::<u8>(), 8..=48),
                Output::MIN_LENGTH..=Output::MAX_LENGTH,
            ),
            1..4,
        )
    ) {
        let mut raw = Fast::default();
        let mut memories = [HashMemory::new(Engine::Fast), HashMemory::new(Engine::Portable)];
        for (memory_kib, iterations, lanes, password, salt, length) in cases {
            let memory_kib = memory_kib.max(8 * lanes);
            let (secret, data) = (Vec::new(), Vec::new());
            let case =
                Case { memory_kib, iterations, lanes, password, salt, secret, data, length };
            let [fast_tag, portable_tag] = memories.each_mut().map(|memory| compute(memory, &case));
            prop_assert_eq!(fast_tag, portable_tag);
            prop_assert_eq!(fast(&mut raw, &case), portable(&case));
            prop_assert_eq!(Some(portable_tag.as_ref().to_vec()), portable(&case));
        }
    }
}

/// What the portable engine has to do in between takes the place of the fast one's memory.
#[test]
fn the_memories_of_both_engines_are_never_held_together() {
    let mut memory = HashMemory::new(Engine::Fast);
    let case = |memory_kib, lanes| Case {
        memory_kib,
        iterations: 1,
        lanes,
        salt: vec![7; 16],
        length: 32,
        ..Case::default()
    };
    for lanes in [1, 2, 1, 4, 1] {
        compute(&mut memory, &case(1_024, lanes));
        assert_eq!(memory.kib(), 1_024, "{lanes} lanes");
    }
    compute(&mut memory, &case(4_096, 1));
    assert_eq!(memory.kib(), 4_096);
    compute(&mut memory, &case(64, 1));
    assert_eq!(memory.kib(), 4_096, "kept until it is told to shrink");
    memory.shrink_to(1_024);
    assert_eq!(memory.kib(), 0);
}

/// Whoever changes `password.engine` changes nothing else.
#[test]
fn each_engine_verifies_the_hashes_of_the_other() {
    let params = HashParams {
        memory_kib: 256,
        iterations: 2,
    };
    let engines = [Engine::Fast, Engine::Portable];
    for (one, other) in [(0, 1), (1, 0), (0, 0)] {
        let (mut one, mut other) = (
            HashMemory::new(engines[one]),
            HashMemory::new(engines[other]),
        );
        let stored = params.hash(b"abc123", &mut one).expect("hashed");
        let right = params.verify(b"abc123", &stored, &mut other);
        let wrong = params.verify(b"abc124", &stored, &mut other);
        assert_eq!(
            right.expect("a verdict"),
            Verdict::Match { outdated: false }
        );
        assert_eq!(wrong.expect("a verdict"), Verdict::Mismatch);
    }
}

#[test]
fn the_compared_cases_are_varied_and_all_allowed() {
    let cases: Vec<Case> = (0..20).flat_map(|_| cases(LIVE)).collect();
    for case in &cases {
        assert!(case.params().is_some(), "{case:?}");
        assert!((1..=3).contains(&case.iterations), "{case:?}");
    }
    let (fixed, random) = cases[..FIXED.len() + 1 + RANDOM_CASES].split_at(FIXED.len() + 1);
    for (case, (_, _, length)) in fixed.iter().zip(FIXED) {
        let bytes = (0..=250).cycle().take(length);
        assert_eq!(case.password, bytes.collect::<Vec<u8>>());
    }
    assert!(
        random
            .iter()
            .all(|case| (8..264).contains(&case.memory_kib))
    );
    assert!(random.iter().any(|case| case.password.len() > 2));
}

#[test]
fn an_engine_is_described_by_its_name() {
    assert_eq!(Engine::Portable.describe(), "portable");
    assert!(Engine::Fast.describe().starts_with("fast ("));
}
