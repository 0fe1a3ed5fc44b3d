//! Settings that would make passwords or tokens easy to attack refuse to start.

use std::fs;
use std::path::Path;

use doorward::http::openapi;
use doorward::security::signing_secret;
use rstest::rstest;

use crate::configuration::{GOOD_SECRET, errors};

/// SECURITY 17.
#[rstest]
#[case(19_456, 2, true)]
#[case(19_455, 2, false)]
#[case(19_456, 1, false)]
#[case(19_455, 16, false)]
#[case(19_457, 2, true)]
#[case(19_456, 3, true)]
#[case(47_104, 1, true)]
#[case(47_103, 1, false)]
#[case(47_103, 2, true)]
#[case(262_144, 1, true)]
#[case(12_288, 3, false)]
#[case(8, 1, false)]
fn hashing_weaker_than_owasp_asks_for_refuses_to_start(
    #[case] memory_kib: u32,
    #[case] iterations: u32,
    #[case] strong: bool,
) {
    let (memory, passes) = (memory_kib.to_string(), iterations.to_string());
    let set = [
        ("DOORWARD__PASSWORD__MEMORY_KIB", &*memory),
        ("DOORWARD__PASSWORD__ITERATIONS", &passes),
    ];
    let errors = errors(&set);
    assert_eq!(errors.is_empty(), strong, "{errors:?}");
    for error in errors {
        assert!(
            error.contains("19456 with 2") && error.contains("47104 with 1"),
            "{error}"
        );
    }
}

/// SECURITY 24.
#[test]
fn a_secret_that_can_be_guessed_refuses_to_start() {
    for secret in [
        "x",
        "k7Qw3ZrT9xLm2VbN8pYc4HsD6fGj1Ae",
        &"a".repeat(64),
        &"0123456789abcdef".repeat(4),
        "your-256-bit-secret-your-256-bit-secret",
        "ChangeMe-ChangeMe-ChangeMe-ChangeMe-1",
        "$(openssl rand -base64 48)",
        "                                                  ",
    ] {
        for env in ["development", "production"] {
            let set = [
                ("DOORWARD_ENV", env),
                ("JWT_SECRET", secret),
                ("DOORWARD__LINKS__BASE_URL", "https://app.example.org"),
                ("DOORWARD__MAIL__TRANSPORT", "off"),
            ];
            let errors = errors(&set);
            assert_eq!(errors.len(), 1, "{secret}: {errors:?}");
            assert!(
                errors[0].starts_with("jwt.secret (from JWT_SECRET): "),
                "{}",
                errors[0]
            );
            assert!(
                errors[0].contains("at least 32 random bytes"),
                "{}",
                errors[0]
            );
            assert!(
                secret.len() < 2 || !errors[0].contains(secret),
                "{}",
                errors[0]
            );
        }
    }
    assert_eq!(errors(&[("JWT_SECRET", GOOD_SECRET)]), Vec::<String>::new());
}

/// SECURITY 24: whatever our own documents show as a secret, somebody copies.
#[test]
fn no_value_from_our_documents_is_taken_as_a_secret() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let description = serde_json::to_string(&openapi::description()).expect("JSON");
    let mut texts = vec![("/openapi.json".to_owned(), description)];
    for place in [
        "README.md",
        "SECURITY.md",
        "CONTRIBUTING.md",
        "Dockerfile",
        "compose.yaml",
        ".env.example",
        ".github",
        "bench/README.md",
        "config",
        "docs",
    ] {
        collect(&root.join(place), &mut texts);
    }
    assert!(texts.len() >= 4, "at least the files in config");
    for (path, text) in texts {
        // Everything that is long enough and could stand after `JWT_SECRET=`.
        let words = text.split(|c: char| c.is_whitespace() || "\"'`=,()<>[]{}|\\".contains(c));
        // The name of a test is no value; `security_cases` sees to it that it is one.
        let words = words.filter(|word| !word.contains(".rs::"));
        for word in words.filter(|word| word.len() >= signing_secret::MIN_BYTES) {
            // Neither an address, a mount, a file, an image, a metric nor a pinned version is taken for
            // a secret.
            if word.contains(":/")
                || word.contains(".png")
                || word.contains(".json")
                || word.starts_with("doorward_")
                || word.starts_with("gcr.io/")
                || word.starts_with("#/")
                || word.contains('@')
                || word.contains("sha256:")
            {
                continue;
            }
            let verdict = signing_secret::check(&word.to_owned().into());
            assert!(verdict.is_err(), "{path}: {word} is taken as JWT_SECRET");
        }
    }
}

fn collect(path: &Path, texts: &mut Vec<(String, String)>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).expect("readable") {
            collect(&entry.expect("an entry").path(), texts);
        }
    } else if path.is_file() {
        let bytes = fs::read(path).expect("readable");
        // Nobody copies a secret out of a picture's bytes.
        if path.extension().is_none_or(|extension| extension != "png") {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            texts.push((path.display().to_string(), text));
        }
    }
}
