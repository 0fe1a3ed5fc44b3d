//! The configuration: settings that are all right, or errors that name the wrong ones and show no
//! value; never a panic.

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use doorward::config::{Config, Sources};

/// Takes the place of every `~` in a value, and must not be seen again.
const CANARY: &str = "cAnArY";

/// What `DOORWARD__…` variables and short names stand for the secrets.
const SECRETS: [&str; 5] = [
    "DATABASE_URL",
    "DOORWARD__DATABASE__URL",
    "JWT_SECRET",
    "DOORWARD__JWT__SECRET",
    "DOORWARD__MAIL__SMTP_URL",
];

static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = std::env::temp_dir().join(format!("doorward-fuzz.{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    folder
});

/// `data` is lines `NAME=value`, then perhaps a line `---` and a configuration file.
pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (lines, file) = match text.split_once("---\n") {
        Some((lines, file)) => (lines, Some(file)),
        None => (text, None),
    };
    let variables: Vec<(String, String)> = lines.lines().filter_map(variable).collect();
    if let Some(file) = file {
        fs::write(FOLDER.join("default.toml"), file.replace('~', CANARY)).expect("written");
    }
    settings(&variables, file.is_some());
    if file.is_some() {
        fs::remove_file(FOLDER.join("default.toml")).expect("removed");
    }
}

/// Removes what [`check`] needs on the disk.
pub fn clean() {
    drop(fs::remove_dir_all(&*FOLDER));
}

/// A variable of ours; but none that would make us read some other file of this machine.
fn variable(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once('=')?;
    let ours = name.starts_with("DOORWARD__")
        || ["DOORWARD_ENV", "DATABASE_URL", "JWT_SECRET", "HOST", "PORT"].contains(&name);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let reads = name.to_lowercase().ends_with("_file") || !name.bytes().all(plain);
    (ours && !reads).then(|| (name.to_owned(), value.replace('~', CANARY)))
}

/// In a database's URL only what stands before the `@` is one; its name is shown.
fn is_secret(name: &str, value: &str) -> bool {
    let of_database = name.starts_with("DATABASE") || name.starts_with("DOORWARD__DATABASE");
    let shown = value.rsplit_once('@').map_or(value, |(_, shown)| shown);
    SECRETS.contains(&name) && !(of_database && shown.contains(CANARY))
}

fn settings(variables: &[(String, String)], has_file: bool) {
    let folder = if has_file {
        FOLDER.display().to_string()
    } else {
        "/nonexistent".to_owned()
    };
    let only_secrets = !has_file
        && variables
            .iter()
            .all(|(name, value)| !value.contains(CANARY) || is_secret(name, value));
    let own = ("DOORWARD_CONFIG_DIR".to_owned(), folder);
    let sources = match Sources::new(variables.iter().cloned().chain([own])) {
        Ok(sources) => sources,
        Err(error) => return assert!(!error.contains(CANARY), "{error}"),
    };
    for (key, text, origin) in Config::in_force(&sources) {
        let secret = ["database.url", "jwt.secret", "mail.smtp_url"].contains(&key.as_str());
        assert!(!secret || text.is_empty() || text == "[hidden]", "{key}");
        assert!(!origin.contains(CANARY), "{key} is from {origin}");
    }
    match Config::load(&sources) {
        Ok(config) => {
            let shown = format!("{config:?}");
            assert!(!only_secrets || !shown.contains(CANARY), "{shown}");
            consistent(&config);
        }
        Err(errors) => {
            assert!(!errors.0.is_empty());
            for error in &errors.0 {
                // A key of the file may have any name.
                let of_key = has_file && error.ends_with("there is no such setting");
                assert!(of_key || !error.contains(CANARY), "{error}");
            }
            if !has_file {
                each_is_named(&errors.0);
            }
        }
    }
}

/// Every error begins with the key, or with the variable that is wrong.
fn each_is_named(errors: &[String]) {
    for error in errors {
        let (name, why) = error.split_once(':').expect("a name and a reason");
        let key = name.split(" (from ").next().expect("a key");
        assert!(name.starts_with(key) && !why.trim().is_empty(), "{error}");
        assert!(name.contains(" (from ") || name.contains('_'), "{error}");
    }
}

/// What no combination of allowed values may lead to.
fn consistent(config: &Config) {
    let password = &config.password;
    assert!(password.policy.min_length <= password.policy.max_length);
    assert!((1..=1024).contains(&password.policy.max_length));
    let hash = password.hash;
    let strong = hash.memory_kib >= 19_456 && hash.iterations >= 2 || hash.memory_kib >= 47_104;
    assert!(strong, "{hash:?}");
    assert!(password.hash_threads >= 1 && password.hash_queue >= 1);
    assert!([400, 401].contains(&config.http.token_error_status));
    assert!(config.lockout.failures >= 1 && !config.lockout.freeze.is_zero());
    assert!(config.jwt.lifetime.as_secs() >= 60);
    let links = config.base_url();
    assert!(links.starts_with("http"), "{links}");
    assert!(!links.ends_with('/'), "{links}");
    let production = config.environment.to_string() == "production";
    assert!(
        !production || config.links_base_url.is_some(),
        "production links to a given address"
    );
    assert!(
        !production || config.jwt.secret.is_some(),
        "production signs with a given secret"
    );
    for origin in &config.http.cors_origins {
        let plain = origin.bytes().all(|byte| byte.is_ascii_graphic());
        assert!(plain && !origin.contains('*'), "{origin}");
    }
}
