//! `doorward check-config`

use serde_json::{Map, Value, json};

use super::CliError;
use crate::config::{Config, Sources};

pub(super) fn run(sources: &Sources, json: bool) -> Result<(), CliError> {
    let checked = Config::load(sources);
    let settings = Config::in_force(sources);
    if json {
        let errors = checked
            .as_ref()
            .err()
            .map(|errors| errors.0.clone())
            .unwrap_or_default();
        let shown: Map<String, Value> = settings
            .into_iter()
            .map(|(key, value, origin)| (key, json!({ "value": value, "from": origin })))
            .collect();
        println!("{:#}", json!({ "settings": shown, "errors": errors }));
    } else {
        for (key, value, origin) in settings {
            println!("{key} = {value:?}  # {origin}");
        }
    }
    checked
        .map(drop)
        .map_err(|errors| CliError::Config(errors.to_string()))
}
