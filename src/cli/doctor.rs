//! `doorward doctor`: looks at everything that the service needs, and says what to do.

mod database;
mod machine;
mod mail;
mod settings;

use serde::Serialize;
use serde_json::json;

use super::CliError;
use super::output::{plain, print, print_json};
use crate::config::{Config, Sources};

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Ok,
    /// It works, and should not stay as it is.
    Warning,
    /// The service does not work with it.
    Failed,
}

/// One check.
#[derive(Debug, Serialize)]
struct Finding {
    result: Verdict,
    check: &'static str,
    detail: String,
    /// What to do about it.
    advice: Option<String>,
}

impl Finding {
    fn ok(check: &'static str, detail: impl Into<String>) -> Self {
        Self {
            result: Verdict::Ok,
            check,
            detail: detail.into(),
            advice: None,
        }
    }

    fn warning(check: &'static str, detail: impl Into<String>, advice: &str) -> Self {
        Self {
            result: Verdict::Warning,
            advice: Some(advice.to_owned()),
            ..Self::ok(check, detail)
        }
    }

    fn failed(check: &'static str, detail: impl Into<String>, advice: &str) -> Self {
        Self {
            result: Verdict::Failed,
            ..Self::warning(check, detail, advice)
        }
    }
}

pub(super) async fn run(sources: &Sources, json: bool) -> Result<(), CliError> {
    let mut findings = Vec::new();
    match Config::load(sources) {
        Ok(config) => {
            findings.push(Finding::ok(
                "configuration",
                format!("every setting is allowed ({})", config.environment),
            ));
            findings.extend(settings::check(&config));
            findings.extend(database::check(&config).await);
            findings.push(mail::check(&config).await);
            findings.push(machine::open_files(&config));
            findings.push(machine::hashing(&config).await);
        }
        Err(errors) => {
            let advice = "correct it; config/default.toml explains every setting";
            let failed = |error| Finding::failed("configuration", error, advice);
            findings.extend(errors.0.into_iter().map(failed));
        }
    }
    let failed = findings.iter().filter(|one| one.result == Verdict::Failed);
    let failed = failed.count();
    if json {
        print_json(&json!({ "checks": findings, "failed": failed }))?;
    } else {
        print(&findings.iter().map(line).collect::<String>())?;
    }
    if failed > 0 {
        return Err(CliError::Failed(format!("{failed} of the checks failed")));
    }
    Ok(())
}

fn line(finding: &Finding) -> String {
    let result = match finding.result {
        Verdict::Ok => "ok",
        Verdict::Warning => "warning",
        Verdict::Failed => "failed",
    };
    let advice = finding.advice.as_ref();
    let advice = advice.map(|advice| format!("{:<24}{}\n", "", plain(advice)));
    format!(
        "{result:<8} {:<14} {}\n{}",
        finding.check,
        plain(&finding.detail),
        advice.unwrap_or_default()
    )
}
