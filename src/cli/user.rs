//! `doorward user …`

mod export;
mod import;
mod progress;

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::CliError;
use crate::app::App;
use crate::clock::{Clock as _, SystemClock};
use crate::config::Config;
use crate::domain::email::Email;
use crate::domain::lockout;
use crate::domain::password::{NewPassword, PasswordPolicy};
use crate::security::one_time_token::OneTimeToken;
use crate::user_manager::{AccountReport, Which};

/// How long a made password is, where the policy allows it.
const MADE_PASSWORD: usize = 20;

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Make an account; its mailbox counts as proven
    Create {
        /// The address
        email: String,
        /// Read the password from the first line of standard input; one is made otherwise
        #[arg(long)]
        password_stdin: bool,
        /// For programs
        #[arg(long)]
        json: bool,
    },
    /// Show an account with its lock, tokens and mails
    Show(Target),
    /// Take no password for a while; tokens and resets go on working
    Lock {
        #[command(flatten)]
        target: Target,
        /// How long, as 30m or 7d [default: lockout.freeze]
        #[arg(long = "for", value_parser = humantime::parse_duration)]
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

fn parse_which(text: &str) -> Result<Which, String> {
    text.parse()
        .map_err(|_| "neither an e-mail address nor an account's number".to_owned())
}

pub(super) async fn run(command: UserCommand, config: Config) -> Result<(), CliError> {
    let (freeze, params) = (config.lockout.freeze, config.password.hash);
    let app = App::build(config, Arc::new(SystemClock))?;
    if !matches!(&command, UserCommand::Import(import) if import.dry_run) {
        app.store.migrate().await?;
    }
    let users = &app.state.users;
    let (done, target) = match command {
        UserCommand::Create {
            email,
            password_stdin,
            json,
        } => {
            return create(&app, &email, password_stdin, json).await;
        }
        UserCommand::Import(command) => return import::run(&command, &app.store, params).await,
        UserCommand::Export(command) => return export::run(command, &app.store).await,
        UserCommand::Show(target) => {
            show(&users.admin_report(&target.which).await?, target.json);
            return Ok(());
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
        println!("{}", json!({ "done": done }));
    } else {
        println!("{done}");
    }
    Ok(())
}

async fn create(app: &App, email: &str, from_stdin: bool, json: bool) -> Result<(), CliError> {
    let usage = |message: &str| CliError::Usage(message.to_owned());
    let email = Email::parse(email).map_err(|_| usage("this is not an e-mail address"))?;
    let policy = app.state.users.password_policy();
    let (password, made) = if from_stdin {
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line);
        read.map_err(|error| CliError::Failed(format!("standard input: {error}")))?;
        let typed = line.trim_end_matches(['\r', '\n']);
        let refused = |_| CliError::Usage(policy.message());
        (
            policy.check(typed, Some(email.key())).map_err(refused)?,
            None,
        )
    } else {
        let (password, text) = make_password(policy, &email)?;
        (password, Some(text))
    };
    let id = app.state.users.admin_create(&email, &password).await?;
    match (json, made) {
        (true, made) => println!("{}", json!({ "id": id, "password": made })),
        (false, Some(made)) => println!("account {id}, password {made}"),
        (false, None) => println!("account {id}"),
    }
    Ok(())
}

/// A random password that meets the policy.
fn make_password(
    policy: &PasswordPolicy,
    email: &Email,
) -> Result<(NewPassword, String), CliError> {
    let length = MADE_PASSWORD.clamp(policy.min_length, policy.max_length);
    for _ in 0..100 {
        let random = || OneTimeToken::generate().map(|token| token.reveal());
        let parts = [random(), random(), random(), random(), random(), random()];
        let text: String = parts
            .iter()
            .flatten()
            .flat_map(|part| part.chars())
            .take(length)
            .collect();
        if let Ok(password) = policy.check(&text, Some(email.key())) {
            return Ok((password, text));
        }
    }
    Err(CliError::Failed(
        "no password meets the policy; give one with --password-stdin".to_owned(),
    ))
}

fn show(report: &AccountReport, json: bool) {
    let account = &report.details.account;
    let now = SystemClock.now();
    let locked_until = report
        .failures
        .and_then(|failures| failures.locked_until)
        .filter(|until| lockout::remaining(Some(*until), now).is_some());
    let shown = json!({
        "id": account.id,
        "email": account.email,
        "role": report.details.role,
        "created_at": report.details.created_at,
        "confirmed_at": account.confirmed_at,
        "disabled_at": account.disabled_at,
        "token_version": account.token_version,
        "login_failures": report.failures.map_or(0, |failures| failures.failures),
        "locked_until": locked_until,
        "one_time_tokens": report.one_time_tokens,
        "mails_waiting": report.mails.waiting,
        "mails_sent": report.mails.sent,
        "mails_failed": report.mails.failed,
    });
    if json {
        println!("{shown}");
        return;
    }
    for (key, value) in shown.as_object().into_iter().flatten() {
        let value = match value {
            Value::Null => "-".to_owned(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        println!("{key:<16} {value}");
    }
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
    print!(
        "Delete account {} ({})? It cannot be undone. [y/N] ",
        account.id, account.email
    );
    let mut line = String::new();
    let answered = std::io::stdout()
        .flush()
        .and_then(|()| std::io::stdin().read_line(&mut line));
    answered.map_err(|error| CliError::Failed(error.to_string()))?;
    if matches!(line.trim(), "y" | "Y" | "yes") {
        return Ok(());
    }
    Err(CliError::Failed("nothing was deleted".to_owned()))
}
