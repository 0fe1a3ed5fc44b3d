//! Where settings come from: the built-in files, files beside the program, the environment.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fmt, fs};

use config::{File, FileFormat, Value, ValueKind};

const DEFAULT: &str = include_str!("../../config/default.toml");
const DEVELOPMENT: &str = include_str!("../../config/development.toml");
const PRODUCTION: &str = include_str!("../../config/production.toml");

const PREFIX: &str = "DOORWARD__";

/// The variables of ours that are no settings.
const ENVIRONMENT: &str = "DOORWARD_ENV";
const DIRECTORY: &str = "DOORWARD_CONFIG_DIR";

/// Of names that Kubernetes makes of the services in a namespace, which we may be one of; and of
/// those of our tests.
const OTHERS: [&str; 3] = ["_SERVICE_", "_PORT", "DOORWARD_TEST_"];

/// The short names that everybody knows, and the settings they stand for.
const SHORT_NAMES: [(&str, &str); 5] = [
    ("DATABASE_URL", "database.url"),
    ("JWT_SECRET", "jwt.secret"),
    ("HOST", "http.host"),
    ("PORT", "http.port"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "telemetry.otlp_endpoint"),
];

/// The settings that are secrets: hidden when shown, and readable from a file.
pub(super) const SECRETS: [&str; 3] = ["database.url", "jwt.secret", "mail.smtp_url"];

/// Which of the built-in files is laid over the defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    Development,
    Production,
}

/// Everything that settings are read from; tests make their own.
#[derive(Clone)]
pub struct Sources {
    environment: Environment,
    directory: PathBuf,
    variables: BTreeMap<String, String>,
}

/// One setting: its text, and where it was set.
#[derive(Clone)]
pub(super) struct Setting {
    pub(super) text: String,
    pub(super) origin: String,
}

impl Sources {
    /// The process's own environment and `config/` in its working directory, or in
    /// `DOORWARD_CONFIG_DIR`.
    ///
    /// # Errors
    /// A sentence for the operator, when `DOORWARD_ENV` is not a word that we know, or there is
    /// another `DOORWARD_…` that would do nothing.
    pub fn of_process() -> Result<Self, String> {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self::new(std::env::vars_os().filter_map(text))
    }

    /// The given environment variables instead of the process's.
    ///
    /// # Errors
    /// As [`Self::of_process`].
    pub fn new(variables: impl IntoIterator<Item = (String, String)>) -> Result<Self, String> {
        let variables: BTreeMap<String, String> = variables.into_iter().collect();
        let environment = match variables.get(ENVIRONMENT).map(String::as_str) {
            None | Some("" | "development") => Environment::Development,
            Some("production") => Environment::Production,
            Some(_) => return Err(format!("{ENVIRONMENT}: allowed: development, production")),
        };
        if let Some(name) = variables.keys().find(|name| is_slip(name)) {
            return Err(format!(
                "{name}: there is no such variable; settings are DOORWARD__SECTION__KEY, and \
                 {ENVIRONMENT} says which environment it is"
            ));
        }
        let directory = variables
            .get(DIRECTORY)
            .map_or("config", String::as_str)
            .into();
        Ok(Self {
            environment,
            directory,
            variables,
        })
    }

    pub(super) fn environment(&self) -> Environment {
        self.environment
    }

    /// The merged settings by key, and what could not be read.
    pub(super) fn merge(&self) -> (BTreeMap<String, Setting>, Vec<String>) {
        let mut settings = BTreeMap::new();
        let mut errors = Vec::new();
        let mut texts = vec![("default.toml".to_owned(), DEFAULT.to_owned())];
        let built_in = match self.environment {
            Environment::Development => DEVELOPMENT,
            Environment::Production => PRODUCTION,
        };
        texts.push((format!("{}.toml", self.environment), built_in.to_owned()));
        for name in ["default".to_owned(), self.environment.to_string()] {
            let path = self.directory.join(format!("{name}.toml"));
            match fs::read_to_string(&path) {
                Ok(text) => texts.push((path.display().to_string(), text)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => errors.push(format!("{}: {error}", path.display())),
            }
        }
        for (origin, text) in texts {
            let set = |text| Setting {
                text,
                origin: origin.clone(),
            };
            match parse(&text) {
                Ok(values) => {
                    settings.extend(values.into_iter().map(|(key, text)| (key, set(text))));
                }
                Err(error) => {
                    // The lines after the first quote the file, perhaps a secret in it.
                    let error = error.to_string();
                    let place = error.lines().next().unwrap_or_default();
                    errors.push(format!("{origin}: {place}"));
                }
            }
        }
        let short = SHORT_NAMES
            .iter()
            .map(|(name, key)| ((*name).to_owned(), (*key).to_owned()));
        let long = self.variables.keys().filter_map(|name| {
            let key = name.strip_prefix(PREFIX)?.to_lowercase().replace("__", ".");
            let of_file = key
                .strip_suffix("_file")
                .filter(|key| SECRETS.contains(key));
            let name = of_file.and(name.strip_suffix("_FILE")).unwrap_or(name);
            Some((name.to_owned(), of_file.unwrap_or(&key).to_owned()))
        });
        for (name, key) in short.chain(long) {
            match self.variable(&name, SECRETS.contains(&key.as_str())) {
                Ok(Some(setting)) => drop(settings.insert(key, setting)),
                Ok(None) => {}
                Err(error) => errors.push(error),
            }
        }
        (settings, errors)
    }

    /// A variable, or the contents of the file that `<name>_FILE` names.
    fn variable(&self, name: &str, is_secret: bool) -> Result<Option<Setting>, String> {
        let file_name = format!("{name}_FILE");
        let file = self.variables.get(&file_name).filter(|_| is_secret);
        match (self.variables.get(name), file) {
            (Some(_), Some(_)) => Err(format!("{name} and {file_name}: set one of them, not both")),
            (Some(text), None) => Ok(Some(Setting {
                text: text.clone(),
                origin: name.to_owned(),
            })),
            (None, Some(path)) => match fs::read_to_string(Path::new(path)) {
                Ok(text) => Ok(Some(Setting {
                    text: text.trim().to_owned(),
                    origin: file_name,
                })),
                Err(error) => Err(format!("{file_name}: the file cannot be read: {error}")),
            },
            (None, None) => Ok(None),
        }
    }
}

/// Whether it looks like one of our variables, and nobody would read it.
fn is_slip(name: &str) -> bool {
    name.starts_with("DOORWARD_")
        && !name.starts_with(PREFIX)
        && ![ENVIRONMENT, DIRECTORY].contains(&name)
        && (name.contains("__") || !OTHERS.iter().any(|part| name.contains(part)))
}

/// The keys of all settings that exist; each has a default.
pub(super) fn known_keys() -> BTreeSet<String> {
    let defaults = parse(DEFAULT).unwrap_or_default();
    defaults.into_iter().map(|(key, _)| key).collect()
}

/// A TOML text as keys and texts; lists become what a variable would hold: `a,b`.
fn parse(text: &str) -> Result<Vec<(String, String)>, config::ConfigError> {
    let tree = config::Config::builder()
        .add_source(File::from_str(text, FileFormat::Toml))
        .build()?
        .try_deserialize::<BTreeMap<String, Value>>()?;
    let mut flat = Vec::new();
    for (key, value) in tree {
        flatten(key, value, &mut flat);
    }
    Ok(flat)
}

fn flatten(key: String, value: Value, flat: &mut Vec<(String, String)>) {
    match value.kind {
        ValueKind::Table(table) => {
            for (name, value) in table {
                flatten(format!("{key}.{name}"), value, flat);
            }
        }
        ValueKind::Array(items) => {
            let items: Vec<String> = items.iter().map(ToString::to_string).collect();
            flat.push((key, items.join(",")));
        }
        scalar => flat.push((key, scalar.to_string())),
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Development => "development",
            Self::Production => "production",
        })
    }
}

/// The variables may hold secrets.
impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources")
            .field("environment", &self.environment)
            .finish_non_exhaustive()
    }
}
