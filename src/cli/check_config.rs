//! `doorward check-config`

use serde_json::{Map, Value, json};

use super::CliError;
use super::output::print;
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
        let shown = json!({ "settings": shown, "errors": errors });
        print(&format!("{shown:#}\n"))?;
    } else {
        let line = |(key, value, origin)| format!("{key} = {value:?}  # {origin}\n");
        print(&settings.into_iter().map(line).collect::<String>())?;
    }
    checked
        .map(drop)
        .map_err(|errors| CliError::Config(errors.to_string()))
}
