//! Password hashes against the reference implementation, and against poisoned rows.

use super::*;
use argon2::Argon2;
use argon2::password_hash::{CustomizedPasswordHasher as _, PasswordVerifier as _};
use rstest::rstest;

const CHEAP: HashParams = HashParams {
    memory_kib: 64,
    iterations: 1,
};

fn stored(phc: &str) -> PasswordHash {
    PasswordHash::from_phc(phc.to_owned())
}

/// A PHC string with these parameters and no particular output.
fn asking_for(params: &str) -> PasswordHash {
    let (salt, hash) = ("c29tZXNhbHRzb21lc2FsdA", "A".repeat(43));
    stored(&format!("$argon2id$v=19${params}${salt}${hash}"))
}

#[test]
fn what_a_stored_hash_costs_is_what_it_says() {
    let read = StoredHash::read(&asking_for("m=256,t=2,p=3")).expect("a hash");
    assert_eq!((read.cost(), read.is_argon2()), ((256, 2, 3), true));
}

/// The reference implementation's test vectors (phc-winner-argon2, `src/test.c`).
#[rstest]
#[case(
    "password",
    "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
)]
#[case(
    "password",
    "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
)]
#[case(
    "password",
    "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc"
)]
fn hashes_of_the_reference_implementation_are_understood(
    #[case] password: &str,
    #[case] phc: &str,
    #[values(Engine::Portable, Engine::Fast)] engine: Engine,
) {
    let mut memory = HashMemory::new(engine);
    let mut verify = |password: &str| {
        let verdict = CHEAP.verify(password.as_bytes(), &stored(phc), &mut memory);
        verdict.expect("a verdict")
    };
    assert_eq!(verify(password), Verdict::Match { outdated: true });
    assert_eq!(verify("Password"), Verdict::Mismatch);
    assert_eq!(verify(""), Verdict::Mismatch);
}

/// With the crate's own way to hash and to verify, in both directions. The memory is used
/// again for each, so that what one hash leaves in it cannot change the next.
#[rstest]
fn we_and_the_crate_say_the_same(#[values(Engine::Portable, Engine::Fast)] engine: Engine) {
    let passwords = [
        "",
        "abc123",
        "p\u{e4}ssw\u{f6}rd\u{1f511}",
        &"x".repeat(1_000),
    ];
    let mut memory = HashMemory::new(engine);
    for (memory_kib, iterations) in [(1_024, 1), (64, 1), (8, 3), (100, 2), (4_096, 2)] {
        let params = HashParams {
            memory_kib,
            iterations,
        };
        for password in passwords.map(str::as_bytes) {
            let ours = params.hash(password, &mut memory).expect("hashed");
            let phc = Phc::new(ours.as_str()).expect("a PHC string");
            let theirs = Argon2::default();
            assert!(theirs.verify_password(password, &phc).is_ok());
            assert!(theirs.verify_password(b"another", &phc).is_err());
            let verdict = params
                .verify(password, &ours, &mut memory)
                .expect("a verdict");
            assert_eq!(verdict, Verdict::Match { outdated: false });
            let verdict = params
                .verify(b"another", &ours, &mut memory)
                .expect("a verdict");
            assert_eq!(verdict, Verdict::Mismatch);

            let theirs = theirs
                .hash_password_customized(
                    password,
                    b"a salt of ours, 24 bytes",
                    None,
                    None,
                    params.argon2().expect("parameters"),
                )
                .expect("hashed");
            let theirs = stored(&theirs.to_string());
            let verdict = params
                .verify(password, &theirs, &mut memory)
                .expect("a verdict");
            assert_eq!(verdict, Verdict::Match { outdated: false });
        }
    }
}

#[test]
fn a_hash_is_salted_and_says_with_what_it_was_made() {
    let mut memory = HashMemory::default();
    let one = CHEAP.hash(b"abc123", &mut memory).expect("hashed");
    let other = CHEAP.hash(b"abc123", &mut memory).expect("hashed");
    assert_ne!(one, other);
    assert!(one.as_str().starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
}

/// SECURITY 20.
#[rstest]
#[case(asking_for("m=4194304,t=2,p=1"))]
#[case(asking_for("m=262145,t=2,p=1"))]
#[case(asking_for("m=4294967295,t=4294967295,p=1"))]
#[case(asking_for("m=64,t=1000000,p=1"))]
#[case(asking_for("m=64,t=17,p=1"))]
#[case(asking_for("m=8192,t=1,p=200"))]
#[case(asking_for("m=8192,t=1,p=9"))]
fn a_stored_hash_that_asks_for_too_much_allocates_nothing(
    #[case] stored: PasswordHash,
    #[values(Engine::Portable, Engine::Fast)] engine: Engine,
) {
    let mut memory = HashMemory::new(engine);
    let refused = CHEAP.verify(b"abc123", &stored, &mut memory);
    assert!(
        matches!(refused, Err(HashError::TooExpensive)),
        "{refused:?}"
    );
    assert_eq!(memory.kib(), 0);
}

/// SECURITY 20: beside those, nothing that we do not know is tried.
#[rstest]
#[case("")]
#[case("$")]
#[case("abc123")]
#[case("$2x$04$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW")]
#[case("$argon2id")]
#[case("$argon2id$v=19$m=64,t=1,p=1")]
#[case("$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA")]
#[case("$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$")]
#[case("$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$AAAA")]
#[case("$argon2id$v=19$m=64,t=1,p=1$c29t$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
#[case("$argon2id$v=18$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAA")]
#[case("$argon2id$v=19$m=7,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAA")]
#[case("$argon2id$v=19$m=64,t=0,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAA")]
#[case("$argon2id$v=19$m=64,t=1,p=0$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAA")]
#[case("$argon2id$v=19$m=-1,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAA")]
#[case("$argon2id$v=19$m=4294967296,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAA")]
#[case("$argon2x$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAA")]
#[case("$yescrypt$ln=4,r=8,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAA")]
fn a_stored_hash_of_no_known_kind_is_an_error_and_never_a_match(
    #[case] phc: &str,
    #[values(Engine::Portable, Engine::Fast)] engine: Engine,
) {
    let mut memory = HashMemory::new(engine);
    let refused = CHEAP.verify(b"", &stored(phc), &mut memory);
    assert!(refused.is_err(), "{refused:?}");
    assert!(memory.kib() <= 64);
}

/// SECURITY 20: cut anywhere, a hash is an error or a mismatch.
#[test]
fn a_truncated_hash_never_matches() {
    let mut memory = HashMemory::default();
    let whole = CHEAP.hash(b"abc123", &mut memory).expect("hashed");
    for length in 0..whole.as_str().len() {
        let cut = stored(&whole.as_str()[..length]);
        let verdict = CHEAP.verify(b"abc123", &cut, &mut memory);
        assert!(
            !matches!(verdict, Ok(Verdict::Match { .. })),
            "{length}: {verdict:?}"
        );
    }
}

/// Whoever had expensive settings before does not pay for them for ever.
#[rstest]
#[case(b"abc123")]
#[case(b"wrong1")]
fn the_memory_of_an_expensive_old_hash_is_given_back(
    #[case] password: &[u8],
    #[values(Engine::Portable, Engine::Fast)] engine: Engine,
) {
    let expensive = HashParams {
        memory_kib: 4_096,
        iterations: 1,
    };
    let old = expensive.hash(b"abc123", &mut HashMemory::default());
    let old = old.expect("hashed");
    let mut memory = HashMemory::new(engine);
    CHEAP
        .verify(password, &old, &mut memory)
        .expect("a verdict");
    assert!(memory.kib() <= 64);
    CHEAP
        .verify_nobody(password, &mut memory)
        .expect("a verdict");
    assert_eq!(memory.kib(), 64);
}

#[rstest]
#[case(64, 1, false)]
#[case(65, 1, true)]
#[case(63, 1, true)]
#[case(64, 2, true)]
fn a_hash_with_other_parameters_is_outdated(
    #[case] memory_kib: u32,
    #[case] iterations: u32,
    #[case] outdated: bool,
) {
    let mut memory = HashMemory::default();
    let made_with = HashParams {
        memory_kib,
        iterations,
    };
    let hash = made_with.hash(b"abc123", &mut memory).expect("hashed");
    let verdict = CHEAP.verify(b"abc123", &hash, &mut memory);
    assert_eq!(verdict.expect("a verdict"), Verdict::Match { outdated });
}

/// SECURITY 8: and it costs what a real comparison costs.
#[test]
fn nobody_matches_no_password() {
    for password in ["", "abc123"] {
        let mut memory = HashMemory::default();
        let verdict = CHEAP.verify_nobody(password.as_bytes(), &mut memory);
        assert_eq!(verdict.expect("a verdict"), Verdict::Mismatch);
        assert_eq!(memory.kib(), 64);
    }
}

/// SECURITY 20: the most that is allowed is still computed.
#[rstest]
#[case("m=262144,t=1,p=1")]
#[case("m=64,t=16,p=1")]
#[case("m=64,t=1,p=8")]
fn a_stored_hash_may_ask_for_as_much_as_is_allowed(#[case] params: &str) {
    let mut memory = HashMemory::new(Engine::Fast);
    let verdict = CHEAP.verify(b"abc123", &asking_for(params), &mut memory);
    assert_eq!(verdict.expect("a verdict"), Verdict::Mismatch);
}

/// Version 0x10 is beyond the fast engine.
#[rstest]
fn hashes_of_the_older_version_are_understood(
    #[values(Engine::Portable, Engine::Fast)] engine: Engine,
) {
    let (params, salt) = (CHEAP.argon2().expect("parameters"), [7; SALT_BYTES]);
    let mut expected = [0; HASH_BYTES];
    Argon2::new(Algorithm::Argon2id, Version::V0x10, params.clone())
        .hash_password_into(b"abc123", &salt, &mut expected)
        .expect("hashed");
    let mut memory = HashMemory::new(engine);
    let computed = memory.compute(
        Algorithm::Argon2id,
        &params,
        Version::V0x10,
        b"abc123",
        &salt,
        HASH_BYTES,
    );
    assert_eq!(computed.expect("computed").as_ref(), expected);
}

/// One login after the other allocates nothing.
#[rstest]
fn the_usual_memory_is_kept(#[values(Engine::Portable, Engine::Fast)] engine: Engine) {
    let mut memory = HashMemory::new(engine);
    let stored = CHEAP.hash(b"abc123", &mut memory).expect("hashed");
    CHEAP
        .verify(b"abc123", &stored, &mut memory)
        .expect("a verdict");
    assert_eq!(memory.kib(), 64);
    assert_eq!(
        format!("{memory:?}"),
        format!("HashMemory({engine:?}, 64 KiB)")
    );
}

#[test]
fn the_assumed_time_grows_with_memory_and_passes() {
    let usual = HashParams {
        memory_kib: DEFAULT_MEMORY_KIB,
        iterations: DEFAULT_ITERATIONS,
    };
    assert_eq!(usual.assumed_time(), Duration::from_micros(9_728));
}
