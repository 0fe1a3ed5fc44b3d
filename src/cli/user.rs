//! `doorward user …`

mod create;
mod export;
mod import;
mod list;
mod progress;
mod show;

use std::io::IsTerminal as _;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::json;

use super::output::{print, print_json};
use super::{CliError, open, open_or_make};
use crate::app::AppError;
use crate::config::{Config, DatabaseConfig};
use crate::store::Store;
use crate::transfer::importer::Mode;
use crate::user_manager::{AccountReport, LONGEST_LOCK, Which};

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Make an account; its mailbox counts as proven
    #[command(after_help = "Examples:\n  \
        doorward user create ann@example.com\n  \
        pass show ann | doorward user create ann@example.com --password-stdin")]
    Create(create::Create),
    /// List accounts, or find them by a part of the address
    #[command(after_help = "Examples:\n  \
        doorward user list\n  \
        doorward user list @example.com --state locked\n  \
        doorward user list --limit 1000 --after 5000 --json")]
    List(list::List),
    /// Show an account with its lock, one-time tokens, mails and last events
    #[command(after_help = "Examples:\n  \
        doorward user show ann@example.com\n  \
        doorward user show 42 --json")]
    Show(Target),
    /// Take no password for a while; tokens and resets go on working
    #[command(after_help = "Examples:\n  \
        doorward user lock ann@example.com\n  \
        doorward user lock 42 --for 7d")]
    Lock {
        #[command(flatten)]
        target: Target,
        /// How long, as 30m or 7d; 100 years at most [default: lockout.freeze]
        #[arg(long = "for", value_parser = lock_length)]
        length: Option<Duration>,
    },
    /// Take passwords again
    Unlock(Target),
    /// Close an account and kill its tokens
    Disable(Target),
    /// Open an account again
    Enable(Target),
    /// Kill every token of an account
    RevokeTokens(Target),
    /// Delete an account
    Delete {
        #[command(flatten)]
        target: Target,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    Import(import::Import),
    Export(export::Export),
}

#[derive(Debug, Args)]
pub(super) struct Target {
    /// The address or the number of the account
    #[arg(value_name = "EMAIL|ID", value_parser = parse_which)]
    which: Which,
    /// For programs
    #[arg(long)]
    json: bool,
}

pub(super) fn parse_which(text: &str) -> Result<Which, String> {
    text.parse()
        .map_err(|_| "neither an e-mail address nor an account's number".to_owned())
}

fn lock_length(text: &str) -> Result<Duration, String> {
    let length = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    let longest = LONGEST_LOCK.to_std().unwrap_or(Duration::MAX);
    if (Duration::from_secs(1)..=longest).contains(&length) {
        Ok(length)
    } else {
        Err("a lock is from 1s to 100years long".to_owned())
    }
}

pub(super) async fn run(command: UserCommand, config: Config) -> Result<(), CliError> {
    let freeze = config.lockout.freeze;
    if let UserCommand::Import(import) = &command
        && import.dry_run
    {
        let mode = Mode::DryRun(there_already(&config.database).await?);
        return import::run(import, mode).await;
    }
    let app = match command {
        UserCommand::Create(_) | UserCommand::Import(_) => open_or_make(config).await?,
        _ => open(config).await?,
    };
    let users = &app.state.users;
    let (done, target) = match command {
        UserCommand::Create(create) => return create::create(&app, &create).await,
        UserCommand::List(list) => return list::run(users, list).await,
        UserCommand::Import(command) => {
            let mode = Mode::Import(app.store.clone());
            return import::run(&command, mode).await;
        }
        UserCommand::Export(command) => return export::run(command, &app.store).await,
        UserCommand::Show(target) => {
            let report = users.admin_report(&target.which).await?;
            return show::show(&report, target.json);
        }
        UserCommand::Lock { target, length } => {
            users
                .admin_lock(&target.which, length.unwrap_or(freeze))
                .await?;
            ("locked", target)
        }
        UserCommand::Unlock(target) => {
            users.admin_unlock(&target.which).await?;
            ("unlocked", target)
        }
        UserCommand::Disable(target) => {
            users.admin_disable(&target.which).await?;
            ("disabled", target)
        }
        UserCommand::Enable(target) => {
            users.admin_enable(&target.which).await?;
            ("enabled", target)
        }
        UserCommand::RevokeTokens(target) => {
            users.admin_revoke_tokens(&target.which).await?;
            ("tokens revoked", target)
        }
        UserCommand::Delete { target, yes } => {
            let report = users.admin_report(&target.which).await?;
            confirm_delete(&report, yes)?;
            users.admin_delete(&target.which).await?;
            ("deleted", target)
        }
    };
    if target.json {
        print_json(&json!({ "done": done }))
    } else {
        print(&format!("{done}\n")).map(drop)
    }
}

/// The database, if there is one. Nothing is made or changed, not even the schema.
async fn there_already(database: &DatabaseConfig) -> Result<Option<Store>, CliError> {
    if database.url.missing_file().is_some() {
        return Ok(None);
    }
    let store = Store::new(&database.url, 1, database.prepared_statements)
        .map_err(AppError::DataDirectory)?;
    let schema = store.schema_state().await;
    let schema = schema.map_err(|error| CliError::Failed(error.to_string()))?;
    let is_empty = schema.applied == 0 && schema.foreign.is_empty();
    Ok((!is_empty).then_some(store))
}

fn confirm_delete(report: &AccountReport, yes: bool) -> Result<(), CliError> {
    if yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return Err(CliError::Usage(
            "say --yes to delete without being asked".to_owned(),
        ));
    }
    let account = &report.details.account;
    print(&format!(
        "Delete account {} ({})? It cannot be undone. [y/N] ",
        account.id, account.email
    ))?;
    let mut line = String::new();
    let answered = std::io::stdin().read_line(&mut line);
    answered.map_err(|error| CliError::Failed(error.to_string()))?;
    if matches!(line.trim(), "y" | "Y" | "yes") {
        return Ok(());
    }
    Err(CliError::Failed("nothing was deleted".to_owned()))
}
