//! `doorward user create`

use std::io::BufRead as _;

use clap::Args;
use serde_json::json;

use crate::app::App;
use crate::cli::CliError;
use crate::cli::output::{print, print_json};
use crate::domain::email::Email;
use crate::domain::password::{NewPassword, PasswordPolicy};
use crate::security::one_time_token::OneTimeToken;

/// How long a made password is, where the policy allows it.
const MADE_PASSWORD: usize = 20;

#[derive(Debug, Args)]
pub(in crate::cli) struct Create {
    /// The address
    email: String,
    /// Read the password from the first line of standard input; one is made otherwise
    #[arg(long)]
    password_stdin: bool,
    /// For programs
    #[arg(long)]
    json: bool,
}

pub(super) async fn create(app: &App, create: &Create) -> Result<(), CliError> {
    let usage = |message: &str| CliError::Usage(message.to_owned());
    let email = Email::parse(&create.email).map_err(|_| usage("this is not an e-mail address"))?;
    let policy = app.state.users.password_policy();
    let (password, made) = if create.password_stdin {
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
    match (create.json, made) {
        (true, made) => print_json(&json!({ "id": id, "password": made })),
        (false, Some(made)) => print(&format!("account {id}, password {made}\n")).map(drop),
        (false, None) => print(&format!("account {id}\n")).map(drop),
    }
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
