//! The settings of a test.

use doorward::config::{Config, Sources};
use tempfile::TempDir;

/// All requests of a test come from one address.
const UNLIMITED: [&str; 13] = [
    "limits.login_per_source",
    "limits.login_per_account",
    "limits.wrong_passwords_per_source",
    "limits.create_per_source",
    "limits.create_per_account",
    "limits.forgot_per_source",
    "limits.forgot_per_account",
    "limits.resend_per_source",
    "limits.resend_per_account",
    "limits.confirm_per_source",
    "limits.confirm_per_account",
    "limits.reset_per_source",
    "limits.reset_per_account",
];

/// Its own folder, mails as files.
pub fn load_config(folder: &TempDir, database_url: &str, settings: &[(&str, &str)]) -> Config {
    let defaults = [
        ("data.directory", folder.path().to_str().expect("UTF-8")),
        ("database.url", database_url),
        ("mail.transport", "file"),
        ("links.base_url", "https://app.example.com"),
        ("password.hash_threads", "2"),
    ];
    let variable = |(key, value): &(&str, &str)| {
        let name = format!("DOORWARD__{}", key.to_uppercase().replace('.', "__"));
        (name, (*value).to_owned())
    };
    let off = UNLIMITED.map(|key| (key, "off"));
    let none = ("DOORWARD_CONFIG_DIR".to_owned(), "/nonexistent".to_owned());
    let variables = defaults
        .iter()
        .chain(&off)
        .chain(settings)
        .map(variable)
        .chain([none]);
    let sources = Sources::new(variables).expect("sources");
    Config::load(&sources).expect("a valid configuration")
}
