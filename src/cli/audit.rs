//! `doorward audit …`

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use clap::{Args, Subcommand};

use super::output::{print, table, time};
use super::user::parse_which;
use super::{CliError, open};
use crate::clock::{Clock as _, SystemClock};
use crate::config::Config;
use crate::store::{AccountEvent, EventRange};
use crate::user_manager::Which;

#[derive(Debug, Subcommand)]
pub(super) enum AuditCommand {
    /// Print the events of accounts as JSON lines, the oldest first
    #[command(after_help = "Examples:\n  \
        doorward audit export --since 7d > week.jsonl\n  \
        doorward audit export --since 2026-11-01 --until 2026-12-01\n  \
        doorward audit export --user ann@example.com | jq 'select(.kind == \"login_failed\")'\n\n\
        Moments are written 2026-11-01, 2026-11-01T08:30:00Z, or as the time since then: 90m, 7d. \
        An event is there once its transaction is committed, which can be a few seconds after its \
        time: to export one slice after the other, end each a minute ago (--until 1m).\n\
        Events are kept for audit.retention. They name accounts by number; a deleted account's are \
        found by it.")]
    Export(Export),
}

#[derive(Debug, Args)]
pub(super) struct Export {
    /// Only events from this moment on
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    since: Option<DateTime<Utc>>,
    /// Only events before this moment
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    until: Option<DateTime<Utc>>,
    /// Only events of this account
    #[arg(long, value_name = "EMAIL|ID", value_parser = parse_which)]
    user: Option<Which>,
}

fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Ok(moment.to_utc());
    }
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Ok(day.and_time(NaiveTime::MIN).and_utc());
    }
    let ago = humantime::parse_duration(text).ok();
    let ago = ago.and_then(|ago| TimeDelta::from_std(ago).ok());
    let moment = ago.and_then(|ago| SystemClock.now().checked_sub_signed(ago));
    moment.ok_or_else(|| "not a moment, as 2026-11-01, 2026-11-01T08:30:00Z or 7d".to_owned())
}

pub(super) async fn run(command: AuditCommand, config: Config) -> Result<(), CliError> {
    let AuditCommand::Export(export) = command;
    let app = open(config).await?;
    let users = &app.state.users;
    let user_id = match &export.user {
        Some(which) => Some(users.admin_number(which).await?),
        None => None,
    };
    let range = EventRange {
        since: export.since.unwrap_or(DateTime::UNIX_EPOCH),
        until: export
            .until
            .unwrap_or_else(|| SystemClock.now() + TimeDelta::days(1)),
        user_id,
    };
    let mut last: Option<AccountEvent> = None;
    loop {
        let events = users.admin_events(&range, last.as_ref()).await?;
        let mut lines = String::new();
        for event in &events {
            let line = serde_json::to_string(event);
            lines += &line.map_err(|error| CliError::Failed(error.to_string()))?;
            lines.push('\n');
        }
        last = events.into_iter().next_back();
        if last.is_none() || !print(&lines)? {
            return Ok(());
        }
    }
}

pub(super) fn event_rows(events: &[AccountEvent]) -> String {
    let rows = events.iter().map(|event| {
        vec![
            time(event.at),
            event.kind.clone(),
            event.actor.clone(),
            event.source_ip.clone().unwrap_or_default(),
            event.request_id.clone().unwrap_or_default(),
        ]
    });
    table(&["AT", "EVENT", "BY", "FROM", "REQUEST"], rows)
}
