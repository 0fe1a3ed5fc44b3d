//! The command line.

mod audit;
mod check_config;
mod doctor;
mod generate;
mod healthcheck;
mod mail;
mod mail_preview;
mod open_files;
mod output;
mod user;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};
use clap_complete::Shell;

use crate::app::{App, AppError, Listeners};
use crate::clock::SystemClock;
use crate::config::{Config, Sources};
use crate::store::{MigrationError, Store};
use crate::telemetry;
use crate::user_manager::{AdminError, Failure};

use mail::MailCommand;
use mail_preview::TemplateCommand;

/// A small, strict account service: register, log in, recover and change a password over JSON.
#[derive(Debug, Parser)]
#[command(
    name = "doorward",
    version,
    after_help = "Examples:\n  \
        doorward                                 serve, as `doorward serve` does\n  \
        doorward doctor                          look for what is wrong\n  \
        doorward user create ann@example.com     make an account and a password\n  \
        doorward user show ann@example.com       why can she not log in?\n  \
        doorward mail list --failed              which mails did not leave?\n\n\
        Settings come from config/default.toml, config/<DOORWARD_ENV>.toml and the \
        environment (DATABASE_URL, JWT_SECRET, HOST, PORT, DOORWARD__SECTION__KEY).\n\
        Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 no such account or mail."
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
    /// Look at the mails: what they say, which wait, were sent, or were given up
    #[command(subcommand)]
    Mail(mail::MailCommand),
    /// Get at the audit trail
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Look at everything that the service needs, and say what to do
    #[command(
        after_help = "Looks at the settings, the database (version, migrations, whether it \
        can be written, its clock), the mail server (TLS and login; nothing is sent), the limit of \
        open files, and how many logins a second this machine can hash. Each check is ok, a \
        warning or failed; the exit code is 1 when one failed.\n\n\
        Examples:\n  \
        doorward doctor\n  \
        DOORWARD_ENV=production doorward doctor --json"
    )]
    Doctor {
        /// For programs
        #[arg(long)]
        json: bool,
    },
    /// Print the completions for a shell
    #[command(after_help = "Examples:\n  \
        doorward completions bash > /etc/bash_completion.d/doorward\n  \
        doorward completions zsh > ~/.zfunc/_doorward")]
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// Print the manual page
    #[command(after_help = "Examples:\n  \
        doorward man | man -l -\n  \
        doorward man user create > doorward-user-create.1")]
    Man {
        /// Of this command, as `user create`
        command: Vec<String>,
    },
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
    #[error(
        "there is no database at {}; set DATABASE_URL, go to the folder that the service runs in, \
         or make a database with `doorward migrate`",
        .0.display()
    )]
    NoDatabase(PathBuf),
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
            Self::Admin(AdminError::NotFound | AdminError::NoSuchMail) => 3,
            Self::App(_)
            | Self::Migration(_)
            | Self::Admin(_)
            | Self::NoDatabase(_)
            | Self::Failed(_) => 1,
        })
    }
}

/// Runs the command that the process was started with.
///
/// # Errors
/// [`CliError`], to be shown to a person.
pub async fn run() -> Result<(), CliError> {
    let command = Cli::parse().command.unwrap_or(Command::Serve);
    // These need no settings.
    match &command {
        Command::Completions { shell } => return generate::completions(*shell),
        Command::Man { command } => return generate::man(command),
        _ => {}
    }
    let sources = Sources::of_process().map_err(CliError::Config)?;
    match command {
        Command::Mail(MailCommand::Templates(TemplateCommand::Templates { out })) => {
            return mail_preview::write_templates(&out);
        }
        Command::CheckConfig { json } => return check_config::run(&sources, json),
        Command::Doctor { json } => return doctor::run(&sources, json).await,
        _ => {}
    }
    let mut config =
        Config::load(&sources).map_err(|errors| CliError::Config(errors.to_string()))?;
    match command {
        Command::Serve => {
            let telemetry = telemetry::start(&config.telemetry);
            open_files::make_room(&mut config);
            let served = serve(config).await;
            telemetry.stop().await;
            Ok(served?)
        }
        Command::Migrate => {
            let database = &config.database;
            let store = Store::new(&database.url, 1, database.prepared_statements)
                .map_err(AppError::DataDirectory)?;
            store.migrate().await?;
            let done = format!("{} is up to date\n", database.url.describe());
            output::print(&done).map(drop)
        }
        Command::Healthcheck => healthcheck::run(&config.http).await,
        Command::User(command) => user::run(command, config).await,
        Command::Mail(command) => mail::run(command, config).await,
        Command::Audit(command) => audit::run(command, config).await,
        Command::CheckConfig { .. }
        | Command::Doctor { .. }
        | Command::Completions { .. }
        | Command::Man { .. } => Ok(()),
    }
}

async fn serve(mut config: Config) -> Result<(), AppError> {
    let listeners = Listeners::open(&mut config)?;
    let app = App::build(config, Arc::new(SystemClock))?;
    app.serve(listeners).await
}

/// Everything put together, on a database that is there; it is brought up to date. A new one in
/// whatever folder the operator happens to be in would only hide that it is the wrong folder.
async fn open(config: Config) -> Result<App, CliError> {
    if let Some(path) = config.database.url.missing_file() {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        return Err(CliError::NoDatabase(path));
    }
    open_or_make(config).await
}

/// The same for what may be done first of all.
async fn open_or_make(config: Config) -> Result<App, CliError> {
    let app = App::build(config, Arc::new(SystemClock))?;
    app.store.migrate().await?;
    Ok(app)
}

impl From<Failure> for CliError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure.to_string())
    }
}
