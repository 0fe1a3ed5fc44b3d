//! `doorward mail …`

use clap::{Args, Subcommand};
use serde_json::json;

use super::mail_preview::{self, TemplateCommand};
use super::output::{Page, print, print_json, table, time};
use super::{CliError, open};
use crate::config::Config;
use crate::store::{ListedMail, MailState};

#[derive(Debug, Subcommand)]
pub(super) enum MailCommand {
    /// List the mails that wait, were sent, or were given up
    #[command(after_help = "Examples:\n  \
        doorward mail list --failed\n  \
        doorward mail list --waiting --limit 10 --json\n\n\
        Mails that were sent or given up are kept for 30 days. Why the last attempt failed is in \
        the mail server's own words.")]
    List(List),
    /// Send a mail that waits or was given up, from the first attempt on
    #[command(after_help = "Examples:\n  \
        doorward mail retry 42\n  \
        doorward mail retry --all-failed\n\n\
        A running instance sends it within seconds; the link in it is made then and is new.")]
    Retry(Retry),
    #[command(flatten)]
    Templates(TemplateCommand),
}

#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    only: Only,
    /// How many at most
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=10_000))]
    limit: i64,
    /// Only mails with a larger number: where the list before ended
    #[arg(long, value_name = "ID", default_value_t = 0)]
    after: i64,
    /// For programs
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
#[group(multiple = false)]
struct Only {
    /// Only those that are still to be sent
    #[arg(long)]
    waiting: bool,
    /// Only those that were sent
    #[arg(long)]
    sent: bool,
    /// Only those that were given up
    #[arg(long)]
    failed: bool,
}

#[derive(Debug, Args)]
pub(super) struct Retry {
    /// The number of the mail
    #[arg(required_unless_present = "all_failed", conflicts_with = "all_failed")]
    id: Option<i64>,
    /// Every mail that was given up
    #[arg(long)]
    all_failed: bool,
    /// For programs
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(command: MailCommand, config: Config) -> Result<(), CliError> {
    match command {
        MailCommand::Templates(command) => mail_preview::run(command, &config),
        MailCommand::List(list) => {
            let app = open(config).await?;
            let users = &app.state.users;
            let states = [
                (list.only.waiting, MailState::Waiting),
                (list.only.sent, MailState::Sent),
                (list.only.failed, MailState::Failed),
            ];
            let state = states
                .into_iter()
                .find_map(|(is, state)| is.then_some(state));
            let mails = users.admin_mails(state, list.after, list.limit + 1).await?;
            let page = Page::of(mails, list.limit, |mail| mail.id);
            if list.json {
                return print_json(&json!({ "mails": page.rows, "next": page.next }));
            }
            page.print(&mail_rows(&page.rows))
        }
        MailCommand::Retry(retry) => {
            let app = open(config).await?;
            let users = &app.state.users;
            let retried = match retry.id {
                Some(id) => users.admin_retry_mail(id).await.map(|()| 1)?,
                None => users.admin_retry_failed_mails().await?,
            };
            if retry.json {
                return print_json(&json!({ "retried": retried }));
            }
            print(&format!("{retried} to be sent again\n")).map(drop)
        }
    }
}

pub(super) fn mail_rows(mails: &[ListedMail]) -> String {
    let rows = mails.iter().map(|mail| {
        let since = mail.sent_at.or(mail.failed_at).unwrap_or(mail.due_at);
        vec![
            mail.id.to_string(),
            mail.kind.clone(),
            mail.email_key.clone(),
            mail.state.clone(),
            time(since),
            mail.attempts.to_string(),
            mail.last_error.clone().unwrap_or_default(),
        ]
    });
    let header = [
        "ID",
        "KIND",
        "TO",
        "STATE",
        "SENT, FAILED OR DUE",
        "ATTEMPTS",
        "LAST ERROR",
    ];
    table(&header, rows)
}
