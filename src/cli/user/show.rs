//! `doorward user show`

use serde_json::{Value, json};

use crate::cli::CliError;
use crate::cli::audit::event_rows;
use crate::cli::mail::mail_rows;
use crate::cli::output::{fields, print, print_json, table, time};
use crate::clock::{Clock as _, SystemClock};
use crate::domain::lockout;
use crate::user_manager::AccountReport;

pub(super) fn show(report: &AccountReport, json: bool) -> Result<(), CliError> {
    let mut shown = summary(report);
    if json {
        shown["open_tokens"] = json!(report.open_tokens);
        shown["last_mails"] = json!(report.last_mails);
        shown["last_events"] = json!(report.last_events);
        return print_json(&shown);
    }
    let tokens = report.open_tokens.iter();
    let tokens = tokens.map(|token| vec![token.purpose.clone(), time(token.expires_at)]);
    let sections = [
        ("open_tokens", table(&["FOR", "EXPIRES"], tokens)),
        ("last_mails", mail_rows(&report.last_mails)),
        ("last_events", event_rows(&report.last_events)),
    ];
    // A table that has no more than its header says nothing.
    let filled = sections.iter().filter(|(_, rows)| rows.lines().count() > 1);
    let sections = filled.map(|(name, rows)| format!("\n{name}\n{rows}"));
    let sections = sections.collect::<Vec<String>>().concat();
    print(&(fields(&shown) + &sections)).map(drop)
}

fn summary(report: &AccountReport) -> Value {
    let account = &report.details.account;
    let now = SystemClock.now();
    let locked_until = report
        .failures
        .and_then(|failures| failures.locked_until)
        .filter(|until| lockout::remaining(Some(*until), now).is_some());
    json!({
        "id": account.id,
        "email": account.email,
        "role": report.details.role,
        "language": report.details.language,
        "created_at": report.details.created_at,
        "confirmed_at": account.confirmed_at,
        "disabled_at": account.disabled_at,
        "token_version": account.token_version,
        "login_failures": report.failures.map_or(0, |failures| failures.failures),
        "locked_until": locked_until,
        "one_time_tokens": report.open_tokens.len(),
        "mails_waiting": report.mails.waiting,
        "mails_sent": report.mails.sent,
        "mails_failed": report.mails.failed,
    })
}
