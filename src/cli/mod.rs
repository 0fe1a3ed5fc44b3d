//! The command line.

mod check_config;
mod healthcheck;
mod open_files;
mod user;

use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};

use crate::app::{App, AppError};
use crate::clock::SystemClock;
use crate::config::{Config, Sources};
use crate::store::{MigrationError, Store};
use crate::telemetry;
use crate::user_manager::AdminError;

/// A small, strict account service: register, log in, recover and change a password over JSON.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Settings come from config/default.toml, config/<DOORWARD_ENV>.toml and the \
        environment (DATABASE_URL, JWT_SECRET, HOST, PORT, DOORWARD__SECTION__KEY).\n\
        Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 no such account."
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API (what happens without a command)
    Serve,
    /// Bring the database up to date, and exit
    Migrate,
    /// Check the settings and show those in force, secrets hidden
    CheckConfig {
        /// For programs
        #[arg(long)]
        json: bool,
    },
    /// Ask a running instance whether it is ready; for containers
    Healthcheck,
    /// Look at accounts and change them
    #[command(subcommand)]
    User(user::UserCommand),
}

/// Why a command failed; each has its exit code.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    #[error("{0}")]
    Config(String),
    #[error(transparent)]
    App(#[from] AppError),
    #[error(transparent)]
    Migration(#[from] MigrationError),
    #[error(transparent)]
    Admin(#[from] AdminError),
    #[error("{0}")]
    Usage(String),
    #[error("{0}")]
    Failed(String),
}

impl CliError {
    /// 1 failed, 2 wrong usage or configuration, 3 no such account.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Config(_) | Self::Usage(_) => 2,
            Self::Admin(AdminError::NotFound) => 3,
            Self::App(_) | Self::Migration(_) | Self::Admin(_) | Self::Failed(_) => 1,
        })
    }
}

/// Runs the command that the process was started with.
///
/// # Errors
/// [`CliError`], to be shown to a person.
pub async fn run() -> Result<(), CliError> {
    let command = Cli::parse().command.unwrap_or(Command::Serve);
    let sources = Sources::of_process().map_err(CliError::Config)?;
    if let Command::CheckConfig { json } = command {
        return check_config::run(&sources, json);
    }
    let config = Config::load(&sources).map_err(|errors| CliError::Config(errors.to_string()))?;
    match command {
        Command::Serve => {
            let telemetry = telemetry::start(&config.telemetry);
            open_files::allow_many();
            let served = async { App::build(config, Arc::new(SystemClock))?.serve().await }.await;
            telemetry.stop().await;
            Ok(served?)
        }
        Command::Migrate => {
            let database = &config.database;
            let store = Store::new(&database.url, 1, database.prepared_statements)
                .map_err(AppError::DataDirectory)?;
            store.migrate().await?;
            println!("{} is up to date", database.url.describe());
            Ok(())
        }
        Command::Healthcheck => healthcheck::run(&config.http).await,
        Command::User(command) => user::run(command, config).await,
        Command::CheckConfig { .. } => Ok(()),
    }
}
