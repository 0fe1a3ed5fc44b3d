//! The HS256 key: what is too weak to sign with, and how a development key is made and kept.

use std::collections::HashSet;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand::TryRng as _;
use rand::rngs::SysRng;
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

/// RFC 7518 section 3.2: an HS256 key is at least as long as the hash, 256 bits.
pub const MIN_BYTES: usize = 32;

/// Words of samples, tutorials and templates; a secret that contains one is not a secret.
const SAMPLES: [&str; 13] = [
    "secret",
    "changeme",
    "change-me",
    "change_me",
    "password",
    "example",
    "doorward",
    "your-256-bit",
    "placeholder",
    "replace",
    "jwt-key",
    "0123456789",
    // The one-time token in the OpenAPI description.
    "8c4vt1yvzbqy",
];

/// Why a secret is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakSecret {
    #[error("is shorter than 32 bytes")]
    Short,
    #[error("is too regular to be random")]
    Regular,
    #[error("contains a word that samples and templates use")]
    Sample,
}

/// Refuses secrets that can be guessed.
///
/// # Errors
/// [`WeakSecret`] names what is wrong without showing the value.
pub fn check(secret: &SecretString) -> Result<(), WeakSecret> {
    let text = secret.expose_secret();
    if text.len() < MIN_BYTES {
        return Err(WeakSecret::Short);
    }
    let lower = text.to_lowercase();
    // A JWT looks like this; it is shown to every client, and our documents show some. Random
    // base64 may begin so, and has no dots.
    let is_jwt = text.starts_with("eyJ") && text.contains('.');
    if is_jwt || SAMPLES.iter().any(|sample| lower.contains(sample)) {
        return Err(WeakSecret::Sample);
    }
    // 32 random hex digits have 14 different bytes on average and 9 or fewer once in 10,000.
    // Pairs see what repeats: a random text of n bytes has nearly n - 1 different ones.
    let bytes = text.as_bytes();
    let different: HashSet<u8> = bytes.iter().copied().collect();
    let pairs: HashSet<&[u8]> = bytes.windows(2).collect();
    let runs = bytes
        .windows(2)
        .filter(|pair| pair[0].abs_diff(pair[1]) <= 1)
        .count();
    if different.len() < 9 || pairs.len() < 20 || runs * 2 > bytes.len() {
        return Err(WeakSecret::Regular);
    }
    Ok(())
}

/// Where the development secret is.
#[must_use]
pub fn path(directory: &Path) -> PathBuf {
    directory.join("jwt_secret")
}

/// Reads the development secret, or makes one: `jwt_secret` in the data directory, mode 0600.
/// Two processes that start together end up with the same one.
///
/// # Errors
/// When the file can neither be read nor made.
pub fn load_or_create(directory: &Path) -> io::Result<SecretString> {
    let path = path(directory);
    if !path.exists() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)?;
        let mut bytes = [0; 48];
        SysRng
            .try_fill_bytes(&mut bytes)
            .map_err(io::Error::other)?;
        // Written whole under another name first: a crash leaves no half secret behind.
        // Not by the process id: in two containers that share a volume both are 1.
        let draft = directory.join(format!(".jwt_secret.{}", Uuid::new_v4()));
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft)?;
        file.write_all(STANDARD.encode(bytes).as_bytes())?;
        file.sync_all()?;
        let linked = fs::hard_link(&draft, &path);
        fs::remove_file(&draft)?;
        or_there(linked)?;
    }
    Ok(fs::read_to_string(&path)?.trim().to_owned().into())
}

/// Whoever was faster made one that is as good.
fn or_there(linked: io::Result<()>) -> io::Result<()> {
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn verdict(secret: &str) -> Result<(), WeakSecret> {
        check(&secret.to_owned().into())
    }

    /// SECURITY 24.
    #[test]
    fn weak_secrets_are_refused() {
        assert_eq!(verdict(""), Err(WeakSecret::Short));
        assert_eq!(
            verdict("k7Qw3ZrT9xLm2VbN8pYc4HsD6fGj1Ae"),
            Err(WeakSecret::Short)
        );
        for regular in [
            &"a".repeat(64),
            &"ab".repeat(32),
            &"abcd1234".repeat(8),
            "abcdefghijklmnopqrstuvwxyzabcdefghij",
            "zyxwvutsrqponmlkjihgfedcba9876543210",
            &"correct1".repeat(5),
        ] {
            assert_eq!(verdict(regular), Err(WeakSecret::Regular), "{regular}");
        }
        for sample in [
            "your-256-bit-secret-your-256-bit-secret",
            "change-me-please-to-something-random-99",
            "MySuperSecretKeyThatIsLongEnough12",
            "k7Qw3ZrT9xLm2VbN8pYc4HsD-doorward-fGj1Ae",
        ] {
            assert_eq!(verdict(sample), Err(WeakSecret::Sample), "{sample}");
        }
    }

    /// What is refused as too regular, to the character.
    #[test]
    fn the_bounds_of_regularity_are_exact() {
        let walk = |alphabet: &str, steps: &[usize]| {
            let letters: Vec<char> = alphabet.chars().collect();
            let mut walked = String::new();
            for step in steps {
                walked.extend((0..letters.len()).map(|n| letters[n * step % letters.len()]));
            }
            walked
        };
        let far_apart = "acegikmoqsuwyACEGIKM";
        for (secret, verdict_on_it) in [
            // 32 bytes.
            ("k7Qw3ZrT9xLm2VbN8pYc4HsD6fGj1Ae5", Ok(())),
            // Eight and nine different letters, in many pairs.
            (&walk("adgjmpsv", &[1, 3, 5, 7]), Err(WeakSecret::Regular)),
            (&walk("adgjmpsvy", &[1, 2, 4, 5]), Ok(())),
            // Nineteen and twenty different pairs.
            (&far_apart[..19].repeat(2), Err(WeakSecret::Regular)),
            (&far_apart.repeat(2), Ok(())),
            // Half of the pairs are neighbours.
            ("abdeghjkmnpqstvwABDEGHJKMNPQSTVW", Ok(())),
            // Random base64 may begin like a JWT; a JWT has dots.
            ("eyJw3ZrT9xLm2VbN8pYc4HsD6fGj1Ae5", Ok(())),
            ("eyJw3ZrT9xLm2VbN.pYc4HsD6fGj1Ae5", Err(WeakSecret::Sample)),
        ] {
            assert_eq!(verdict(secret), verdict_on_it, "{secret}");
        }
    }

    #[test]
    fn random_secrets_in_usual_spellings_are_taken() {
        for _ in 0..2_000 {
            let mut bytes = [0; 32];
            SysRng.try_fill_bytes(&mut bytes).expect("random bytes");
            assert_eq!(verdict(&STANDARD.encode(bytes)), Ok(()));
            let hex = bytes
                .iter()
                .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
            assert_eq!(verdict(&hex), Ok(()));
        }
    }

    #[test]
    fn the_development_secret_is_made_once_and_is_private() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data");
        let first = load_or_create(&data).expect("made");
        let second = load_or_create(&data).expect("read");
        assert_eq!(first.expose_secret(), second.expose_secret());
        assert_eq!(check(&first), Ok(()));
        assert_eq!(
            fs::metadata(data.join("jwt_secret"))
                .expect("there")
                .permissions()
                .mode()
                & 0o777,
            0o600
        );
        assert_eq!(
            fs::read_dir(data).expect("readable").count(),
            1,
            "no draft is left"
        );
    }

    #[test]
    fn only_a_secret_that_is_there_already_is_as_good_as_a_new_one() {
        assert!(or_there(Ok(())).is_ok());
        assert!(or_there(Err(io::ErrorKind::AlreadyExists.into())).is_ok());
        let failed = or_there(Err(io::ErrorKind::PermissionDenied.into())).expect_err("failed");
        assert_eq!(failed.kind(), io::ErrorKind::PermissionDenied);
    }

    /// As two containers that share a volume, in which both are process 1.
    #[test]
    fn several_that_start_together_end_up_with_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let barrier = std::sync::Barrier::new(16);
        let load = || {
            barrier.wait();
            let secret = load_or_create(folder.path()).expect("a secret");
            secret.expose_secret().to_owned()
        };
        let made: HashSet<String> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..16).map(|_| scope.spawn(load)).collect();
            let made = threads
                .into_iter()
                .map(|thread| thread.join().expect("no panic"));
            made.collect()
        });
        assert_eq!(made.len(), 1);
        let files = fs::read_dir(folder.path()).expect("readable").count();
        assert_eq!(files, 1, "no draft is left");
    }
}
