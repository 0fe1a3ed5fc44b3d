//! Hashes made by other implementations (Python's bcrypt, hashlib, argon2-cffi, passlib, Django
//! and Werkzeug), all of `abc123` unless a test says otherwise.

use std::time::Duration;

use proptest::prelude::*;
use rstest::rstest;
use tokio::time::Instant;

use super::super::{HashError, HashMemory, HashParams, StoredHash, Verdict};
use crate::domain::password::{PasswordHash, Preset};

const CHEAP: HashParams = HashParams {
    memory_kib: 64,
    iterations: 1,
};

fn stored(text: &str) -> PasswordHash {
    PasswordHash::from_phc(text.to_owned())
}

fn verify(password: &[u8], hash: &str) -> Result<Verdict, HashError> {
    CHEAP.verify(password, &stored(hash), &mut HashMemory::default())
}

const OF_OTHERS: [&str; 23] = [
    "$2b$04$9jJBV4P58IL01CWNWYHHnOBGJJYk64rD9WlKjkaZTyMJzk3bl4LI6",
    "$2a$04$jYUPKqlKZBvnNR3GPbVoH.BiC6500CMnV6hBw3oYBIhfE/P6lrrba",
    "$2y$04$TWDmLFrP7tXn91S5dPLxf.wm9qpQOOy8hwRNu0mBT16.3v.nCxoim",
    "$2b$10$6K7aE0yd0U0QHvyuCIR/4u.LvHqBEWv4CfJnbrloqMYMeDtyBKv5C",
    "bcrypt$$2b$04$tOx0HxDB8z0X3cykk9gv0ef9NyUsJ3m3JfXTkbgS/Efo3EBfOXPJe",
    "$argon2d$v=19$m=256,t=2,p=2$MDEyMzQ1Njc4OWFiY2RlZg$SUJ2TRqtxOb+4T4bF4UEOWgBafq60oTC",
    "$argon2i$v=19$m=256,t=2,p=2$MDEyMzQ1Njc4OWFiY2RlZg$QJr1kwr86FKcSZ8LdouWCDqrt021qliu",
    "$argon2id$v=19$m=256,t=2,p=2$MDEyMzQ1Njc4OWFiY2RlZg$fPRAXO0zSoZBHRGX0B0CMlvPHD3+NapD",
    "$argon2id$v=16$m=256,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$adqZVsNgCR1B05pijnXmksZ0YO8sNuij1j6UpHQUbA0",
    "argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHRzYWx0$jQFTjEvDujFT/LqEdan+MJiqzwLOa3a1bmF3x0MJp4g",
    "$pbkdf2-sha256$1000$XmvNuffeu5eSco6RUkpp7Q$XwncsNS7.FrE2JbifwyNaxKU1eRpLYwRY5DYmbYJVEY",
    "$pbkdf2-sha512$1000$zvmf857zvpfynrP2Puccww$.DVt1UMur.YbNSQj.UjL.qhTud2q1SRe341kdqPYJCqUwrYYJyHGQXzjbfl04yC/yYrUXFY8zAA6aRQqexugeA",
    "$pbkdf2$1000$hDCmNIYQovQ.B.Acw/jf2w$U9T7bYIFWCXvJ2AodYrzJoRhORM",
    "$pbkdf2-sha256$i=1000,l=32$MDEyMzQ1Njc4OWFiY2RlZg$ZxIDE5kmVXgeRBJmlDz8McllYB7RvYHSzx77YGjaRGo",
    // As made of what Keycloak keeps.
    "$pbkdf2-sha512$i=1000$MDEyMzQ1Njc4OWFiY2RlZg==$aabICfwpDECSz5GTfFv2l5zic3oC5LZwrD32/m5Uuj36SJkbl2AvRnSMIJqAVyuO84kmsvwluLqfMIQmxpf8KQ==",
    "$pbkdf2-sha256$i=1000$MDEyMzQ1Njc4OWFiY2RlZg$ZxIDE5kmVXgeRBJmlDz8McllYB7RvYHSzx77YGjaRGrvX35x2T0lJOJTxbgzwt+rOg3RFVWLm6/EdujJut8gww",
    "pbkdf2_sha256$1000$saltsaltsalt$XY9WxaJqPl2Eu4UtHXlwdMEqFr6gFFpvcSp6nuDev3s=",
    "pbkdf2_sha1$1000$saltsaltsalt$8sxVJErs72v/UcJlWkeOx0LwnNM=",
    "pbkdf2:sha256:1000$9JUQM0vRoIpDkdJA$c3391ba9925da91fc33b022b8049fc6c1abbe84f4cd978b3eba0b40e8581dd86",
    "pbkdf2:sha384:1000$saltsaltsalt$a3970b0f798d4328367a54f11608d16efe1b5b413106e035439aa2892b983dd95b7199da1724ce1b7c6d59cc6985b874",
    "$scrypt$ln=8,r=8,p=1$8R5DaI3R+t9by9kbYyyF0A$7YDZh5Hm0+NY7+nnoovsnZxMNFBzssAPmd6INLwwftI",
    "$scrypt$ln=10,r=8,p=2$MDEyMzQ1Njc4OWFiY2RlZg$f+X1WYlseHm+6CnExzJyu+BO/P1Qf0qOUndiB8e+0E8",
    "scrypt:1024:8:1$1golDN9CNhJbOR0F$3ce26e1d3397edbc0ae2914ff55c8f49536d6f673c4b59932c5671baee65957e2625fc5d57588c12b63169ad2f2a1bf3d8f08697b6130ceaeaaf749ac8795983",
];

#[test]
fn the_right_password_matches_and_the_hash_is_to_be_replaced() {
    for hash in OF_OTHERS {
        let verdict = verify(b"abc123", hash).expect(hash);
        assert_eq!(verdict, Verdict::Match { outdated: true }, "{hash}");
        for wrong in [&b"abc124"[..], b"", b"abc123 ", b"abc12"] {
            assert_eq!(verify(wrong, hash).expect(hash), Verdict::Mismatch);
        }
    }
}

/// SECURITY 20: cut anywhere, a hash is an error or a mismatch; of PBKDF2's and scrypt's, which
/// begin alike whatever their length, 128 bits have to be left.
#[test]
fn a_hash_that_was_cut_does_not_match() {
    for hash in OF_OTHERS {
        let (_, last) = hash.rsplit_once('$').expect("parts");
        let stretchable = hash.contains("pbkdf2") || hash.contains("scrypt:");
        let stretchable = stretchable || hash.starts_with("$scrypt$");
        let beyond = if stretchable { last.len() - 20 } else { 0 };
        for length in 0..hash.len() - beyond {
            // A bcrypt hash has the salt in the same part.
            let verdict = verify(b"abc123", &hash[..length]);
            let matches = matches!(verdict, Ok(Verdict::Match { .. }));
            assert!(!matches, "{hash} cut to {length}");
        }
    }
}

/// What is longer than 72 bytes counts from the login on that replaces the hash.
#[test]
fn of_a_bcrypt_password_72_bytes_count() {
    let hash = "$2b$04$TbV6tkexttzB3s0MIno0E.6uAe5icvN8YEvAIKkTRFuMyGK4ZAkv6";
    let password = "a1".repeat(36);
    for longer in [&password, &format!("{password}x"), &"a1".repeat(100)] {
        let verdict = verify(longer.as_bytes(), hash).expect("a verdict");
        assert_eq!(verdict, Verdict::Match { outdated: true });
    }
    let verdict = verify(&password.as_bytes()[..71], hash).expect("a verdict");
    assert_eq!(verdict, Verdict::Mismatch);
}

/// SECURITY 16: we hash NFC, others what was typed.
#[rstest]
#[case(
    "$2b$04$gYvqGM2eRfox2hS6ou.Zle5qnbpZKICB43iZauJZc3Utm6.nM44ri",
    true,
    true
)]
#[case(
    "$2b$04$XYep84AJUKY4cCrPcOiOju0YgR1kxaC63MrNblsEkQSureQ..5MhG",
    false,
    true
)]
fn a_password_is_tried_in_nfc_and_as_it_was_typed(
    #[case] hash: &str,
    #[case] composed: bool,
    #[case] decomposed: bool,
) {
    let policy = Preset::Classic.policy();
    let prove = |typed: &str| {
        let presented = policy.present(typed).expect("short");
        let verdict = CHEAP.prove(&presented, &stored(hash), &mut HashMemory::default());
        matches!(verdict, Ok(Verdict::Match { outdated: true }))
    };
    assert_eq!(prove("p\u{e4}ss123"), composed);
    assert_eq!(prove("pa\u{308}ss123"), decomposed);
    assert!(!prove("pa\u{308}ss124"));
}

/// SECURITY 20: it is refused before anything is computed.
#[rstest]
#[case("$2b$15$9jJBV4P58IL01CWNWYHHnOBGJJYk64rD9WlKjkaZTyMJzk3bl4LI6")]
#[case("$2b$31$9jJBV4P58IL01CWNWYHHnOBGJJYk64rD9WlKjkaZTyMJzk3bl4LI6")]
#[case("$2b$99999999999$9jJBV4P58IL01CWNWYHHnOBGJJYk64rD9WlKjkaZTyMJzk3bl4LI6")]
#[case("$pbkdf2-sha256$4000001$XmvNuffeu5eSco6RUkpp7Q$XwncsNS7.FrE2JbifwyNaxKU1eRpLYwRY5DYmbYJVEY")]
#[case(
    "$pbkdf2-sha256$i=4294967295$XmvNuffeu5eSco6RUkpp7Q$XwncsNS7.FrE2JbifwyNaxKU1eRpLYwRY5DYmbYJVEY"
)]
#[case(
    "$pbkdf2-sha256$i=99999999999$XmvNuffeu5eSco6RUkpp7Q$XwncsNS7.FrE2JbifwyNaxKU1eRpLYwRY5DYmbYJVEY"
)]
// Two blocks of SHA-256 and four of SHA-1.
#[case(
    "$pbkdf2-sha256$i=2000001$MDEyMzQ1Njc4OWFiY2RlZg$ZxIDE5kmVXgeRBJmlDz8McllYB7RvYHSzx77YGjaRGrvX35x2T0lJOJTxbgzwt+rOg3RFVWLm6/EdujJut8gww"
)]
#[case(
    "$pbkdf2-sha1$i=1000001$MDEyMzQ1Njc4OWFiY2RlZg$ZxIDE5kmVXgeRBJmlDz8McllYB7RvYHSzx77YGjaRGrvX35x2T0lJOJTxbgzwt+rOg3RFVWLm6/EdujJut8gww"
)]
#[case("$scrypt$ln=22,r=8,p=1$8R5DaI3R+t9by9kbYyyF0A$7YDZh5Hm0+NY7+nnoovsnZxMNFBzssAPmd6INLwwftI")]
#[case("$scrypt$ln=63,r=8,p=1$8R5DaI3R+t9by9kbYyyF0A$7YDZh5Hm0+NY7+nnoovsnZxMNFBzssAPmd6INLwwftI")]
#[case("$scrypt$ln=19,r=8,p=1$8R5DaI3R+t9by9kbYyyF0A$7YDZh5Hm0+NY7+nnoovsnZxMNFBzssAPmd6INLwwftI")]
#[case("$scrypt$ln=18,r=8,p=5$8R5DaI3R+t9by9kbYyyF0A$7YDZh5Hm0+NY7+nnoovsnZxMNFBzssAPmd6INLwwftI")]
#[case(
    "$scrypt$ln=1,r=4294967295,p=1$8R5DaI3R+t9by9kbYyyF0A$7YDZh5Hm0+NY7+nnoovsnZxMNFBzssAPmd6INLwwftI"
)]
#[case(
    "$scrypt$ln=1,r=1,p=4294967295$8R5DaI3R+t9by9kbYyyF0A$7YDZh5Hm0+NY7+nnoovsnZxMNFBzssAPmd6INLwwftI"
)]
#[case("$scrypt$ln=1,r=33,p=1$8R5DaI3R+t9by9kbYyyF0A$7YDZh5Hm0+NY7+nnoovsnZxMNFBzssAPmd6INLwwftI")]
#[case("$scrypt$ln=1,r=1,p=17$8R5DaI3R+t9by9kbYyyF0A$7YDZh5Hm0+NY7+nnoovsnZxMNFBzssAPmd6INLwwftI")]
#[case("scrypt:2147483648:8:1$salt$3ce26e1d3397edbc0ae2914ff55c8f49")]
#[case("$argon2i$v=19$m=262145,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAA")]
fn a_hash_that_asks_for_too_much_is_refused_at_once(#[case] hash: &str) {
    let begun = Instant::now();
    let refused = verify(b"abc123", hash);
    assert!(
        matches!(refused, Err(HashError::TooExpensive)),
        "{refused:?}"
    );
    assert!(begun.elapsed() < Duration::from_millis(200));
}

/// SECURITY 20: the most that is allowed is still read; memory in KiB, passes, lanes.
#[rstest]
#[case("$2b$14$9jJBV4P58IL01CWNWYHHnOBGJJYk64rD9WlKjkaZTyMJzk3bl4LI6", (4, 1 << 14, 1))]
#[case(
    "$pbkdf2-sha256$4000000$XmvNuffeu5eSco6RUkpp7Q$XwncsNS7.FrE2JbifwyNaxKU1eRpLYwRY5DYmbYJVEY",
    (0, 4_000_000, 1)
)]
#[case(
    "$scrypt$ln=18,r=8,p=4$8R5DaI3R+t9by9kbYyyF0A$7YDZh5Hm0+NY7+nnoovsnZxMNFBzssAPmd6INLwwftI",
    (256 * 1024, 4, 1)
)]
#[case(
    "$scrypt$ln=10,r=32,p=16$8R5DaI3R+t9by9kbYyyF0A$7YDZh5Hm0+NY7+nnoovsnZxMNFBzssAPmd6INLwwftI",
    (4 * 1024, 16, 1)
)]
fn a_hash_may_ask_for_as_much_as_is_allowed(#[case] hash: &str, #[case] cost: (u32, u32, u32)) {
    let read = StoredHash::read(&stored(hash)).expect("a hash");
    assert_eq!((read.cost(), read.is_argon2()), (cost, false));
}

/// Its length is bounded before anything else looks at it.
#[test]
fn a_hash_has_at_most_512_bytes() {
    let digest = "c3391ba9925da91fc33b022b8049fc6c1abbe84f4cd978b3eba0b40e8581dd86";
    let of_length = |length: usize| {
        let ends = format!("pbkdf2:sha256:1000$${digest}").len();
        let salt = "s".repeat(length - ends);
        StoredHash::read(&stored(&format!("pbkdf2:sha256:1000${salt}${digest}")))
    };
    assert!(of_length(512).is_ok());
    assert!(matches!(of_length(513), Err(HashError::Malformed)));
    assert!(matches!(of_length(600), Err(HashError::Malformed)));
}

#[rstest]
#[case("$2b$04$9jJBV4P58IL01CWNWYHHnOBGJJYk64rD9WlKjkaZTyMJzk3bl4LI")]
#[case("$2b$04$9jJBV4P58IL01CWNWYHHnOBGJJYk64rD9WlKjkaZTyMJzk3bl4LI66")]
#[case("$2b$04$9jJBV4P58IL01CWNWYHHn\u{e4}BGJJYk64rD9WlKjkaZTyMJzk3bl4LI6")]
#[case("$2b$03$9jJBV4P58IL01CWNWYHHnOBGJJYk64rD9WlKjkaZTyMJzk3bl4LI6")]
#[case("$2b$-4$9jJBV4P58IL01CWNWYHHnOBGJJYk64rD9WlKjkaZTyMJzk3bl4LI6")]
#[case("$2x$04$9jJBV4P58IL01CWNWYHHnOBGJJYk64rD9WlKjkaZTyMJzk3bl4LI6")]
#[case("$pbkdf2-md5$1000$XmvNuffeu5eSco6RUkpp7Q$XwncsNS7.FrE2JbifwyNaxKU1eRpLYwRY5DYmbYJVEY")]
#[case("$pbkdf2md5$1000$XmvNuffeu5eSco6RUkpp7Q$XwncsNS7.FrE2JbifwyNaxKU1eRpLYwRY5DYmbYJVEY")]
#[case("$pbkdf2-sha256$0$XmvNuffeu5eSco6RUkpp7Q$XwncsNS7.FrE2JbifwyNaxKU1eRpLYwRY5DYmbYJVEY")]
#[case("$pbkdf2-sha256$i=1,i=2$XmvNuffeu5eSco6RUkpp7Q$XwncsNS7.FrE2JbifwyNaxKU1eRpLYwRY5DYmbYJVEY")]
#[case("$pbkdf2-sha256$l=32$XmvNuffeu5eSco6RUkpp7Q$XwncsNS7.FrE2JbifwyNaxKU1eRpLYwRY5DYmbYJVEY")]
#[case("$pbkdf2-sha256$1000$XmvNuffeu5eSco6RUkpp7Q$XwncsNS7.FrE2JbifwyN")]
#[case("$pbkdf2-sha256$1000$XmvNuffeu5eSco6RUkpp7Q$")]
#[case("$pbkdf2-sha256$1000$XmvNuffeu5eSco6RUkpp7Q$XwncsNS7.FrE2JbifwyNaxKU1eRpLYwRY5DYmbYJVEY$")]
#[case("pbkdf2_sha256$1000$saltsaltsalt")]
#[case("pbkdf2:sha256:1000$salt$c3391ba9925da91fc33b022b8049fc6c1abbe84f4cd978b3eba0b40e8581dd8")]
#[case("pbkdf2:sha256:1000$salt$x3391ba9925da91fc33b022b8049fc6c1abbe84f4cd978b3eba0b40e8581dd86")]
#[case("$scrypt$ln=0,r=8,p=1$8R5DaI3R+t9by9kbYyyF0A$7YDZh5Hm0+NY7+nnoovsnZxMNFBzssAPmd6INLwwftI")]
#[case("$scrypt$ln=8,r=0,p=1$8R5DaI3R+t9by9kbYyyF0A$7YDZh5Hm0+NY7+nnoovsnZxMNFBzssAPmd6INLwwftI")]
#[case("$scrypt$ln=8,r=8,p=0$8R5DaI3R+t9by9kbYyyF0A$7YDZh5Hm0+NY7+nnoovsnZxMNFBzssAPmd6INLwwftI")]
#[case("$scrypt$ln=8,r=8$8R5DaI3R+t9by9kbYyyF0A$7YDZh5Hm0+NY7+nnoovsnZxMNFBzssAPmd6INLwwftI")]
#[case(
    "$scrypt$ln=8,r=8,p=1,p=1$8R5DaI3R+t9by9kbYyyF0A$7YDZh5Hm0+NY7+nnoovsnZxMNFBzssAPmd6INLwwftI"
)]
#[case("scrypt:1000:8:1$salt$3ce26e1d3397edbc0ae2914ff55c8f49")]
#[case("scrypt:0:8:1$salt$3ce26e1d3397edbc0ae2914ff55c8f49")]
#[case("argon2$bcrypt$$2b$04$9jJBV4P58IL01CWNWYHHnOBGJJYk64rD9WlKjkaZTyMJzk3bl4LI6")]
#[case("5f4dcc3b5aa765d61d8327deb882cf99")]
#[case("abc123")]
fn what_is_malformed_is_an_error_and_never_a_match(#[case] hash: &str) {
    let refused = verify(b"abc123", hash);
    assert!(matches!(refused, Err(HashError::Malformed)), "{refused:?}");
}

proptest! {
    /// Any text is read or refused, and what is read asks for no more than is allowed.
    #[test]
    fn no_text_makes_the_reader_panic(
        name in r"\$2[abxy]\$|\$pbkdf2(-sha(1|256|512))?\$|pbkdf2_sha256\$|pbkdf2:sha256:|\$scrypt\$|scrypt:|\$argon2id?\$|bcrypt\$|",
        params in r"[0-9]{0,11}\$|(ln|i|l|r|p|m|t|v)=[0-9]{0,11}(,(ln|r|p|l|i|t)=[0-9]{0,11}){0,3}\$|\PC{0,20}",
        rest in r"[./A-Za-z0-9+=$]{0,120}|\PC{0,60}",
    ) {
        let text = format!("{name}{params}{rest}");
        if let Ok(read) = StoredHash::read(&stored(&text)) {
            let (memory_kib, passes, lanes) = read.cost();
            prop_assert!(memory_kib <= 256 * 1024 && passes <= 4_000_000 && lanes <= 8, "{}", text);
        }
    }
}
