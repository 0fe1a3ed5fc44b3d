//! Stored hashes: nothing huge is allocated, and every verdict is the argon2 crate's own.

use argon2::Argon2;
use argon2::password_hash::PasswordVerifier as _;
use argon2::password_hash::phc::PasswordHash as Phc;
use doorward::domain::password::PasswordHash;
use doorward::security::password_hash::{Engine, HashMemory, HashParams, StoredHash, Verdict};

/// What the service hashes with here; cheap, to be fast.
const OURS: HashParams = HashParams {
    memory_kib: 64,
    iterations: 1,
};

/// The password of the hashes in the corpus.
const PASSWORD: &[u8] = b"abc123";

/// `data` is the text in `users.password_hash`.
pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let stored = PasswordHash::from_phc(text.to_owned());
    assert!(!format!("{stored:?}").contains('$'));
    let Ok(read) = StoredHash::read(&stored) else {
        let mut memory = HashMemory::default();
        assert!(OURS.verify(PASSWORD, &stored, &mut memory).is_err());
        assert_eq!(memory.kib(), 0, "nothing is allocated for what is refused");
        return;
    };
    let (memory_kib, passes, lanes) = read.cost();
    let most = if read.is_argon2() { 16 } else { 4_000_000 };
    assert!(
        memory_kib <= 256 * 1024 && passes <= most && lanes <= 8,
        "{text}"
    );
    // As much as is allowed takes seconds; the bounds are what matters there.
    if memory_kib > 256 || passes > if read.is_argon2() { 3 } else { 1_000 } {
        return;
    }
    let mut verdicts = [Engine::Portable, Engine::Fast].map(|engine| {
        let mut memory = HashMemory::new(engine);
        let verdict = OURS.verify(PASSWORD, &stored, &mut memory).ok();
        assert!(
            memory.kib() <= 64,
            "{} KiB are kept for {text}",
            memory.kib()
        );
        verdict.map(|verdict| matches!(verdict, Verdict::Match { .. }))
    });
    assert_eq!(
        verdicts[0], verdicts[1],
        "both engines say the same of {text}"
    );
    if !read.is_argon2() {
        return;
    }
    let text = text.strip_prefix("argon2").unwrap_or(text);
    let theirs = Phc::new(text).expect("it was read");
    let theirs = Argon2::default().verify_password(PASSWORD, &theirs).is_ok();
    assert_eq!(verdicts[0].take().unwrap_or(false), theirs, "{text}");
}
