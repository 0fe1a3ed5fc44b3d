//! Secrets beside the requests: `Debug` output, the command line, a mail server with a login, and
//! a database that is away.

use std::sync::Arc;

use doorward::app::App;
use doorward::clock::SystemClock;
use doorward::config::{Config, Sources};
use doorward::domain::email::Email;
use doorward::security::one_time_token::OneTimeToken;
use doorward::user_manager::Which;
use rstest::rstest;

use crate::support::binary::Program;
use crate::support::canaries::*;
use crate::support::smtp::SmtpServer;
use crate::support::*;

fn random_secret() -> String {
    let token = OneTimeToken::generate().expect("random bytes");
    token.reveal().to_string()
}

/// SECURITY 33: whatever a line of log could print with `?`.
#[tokio::test]
async fn debug_output_shows_no_secret() {
    let folder = tempfile::tempdir().expect("a folder");
    let jwt_secret = random_secret();
    let data = folder.path().display().to_string();
    let database = format!("postgres://u:{DATABASE_PASSWORD}@127.0.0.1:1/x");
    let smtp = format!("smtp://u:{SMTP_PASSWORD}@127.0.0.1:1");
    let variables = [
        ("DOORWARD_CONFIG_DIR", "/nonexistent"),
        ("DOORWARD__DATA__DIRECTORY", &data),
        ("DATABASE_URL", &database),
        ("JWT_SECRET", &jwt_secret),
        ("DOORWARD__MAIL__TRANSPORT", "smtp"),
        ("DOORWARD__MAIL__SMTP_URL", &smtp),
    ];
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let sources = Sources::new(variables.map(owned)).expect("sources");
    let config = Config::load(&sources).expect("a configuration");
    let app = App::build(config.clone(), Arc::new(SystemClock)).expect("built");
    let in_force = Config::in_force(&sources);
    let shown = format!("{sources:?} {config:?} {config:#?} {app:?} {app:#?} {in_force:?}");
    for part in ["MailConfig", "OutboxWorker", "UserManager", "Rules"] {
        assert!(shown.contains(part), "{part}");
    }
    for secret in [jwt_secret.as_str(), DATABASE_PASSWORD, SMTP_PASSWORD] {
        assert_no_form("Debug output", &shown, secret);
    }
    let policy = config.password.policy;
    let email = Email::parse(EMAIL).expect("an address");
    let token = OneTimeToken::generate().expect("random bytes");
    let new = policy.check(PASSWORDS[0], None).expect("a password");
    let presented = policy.present(PASSWORDS[2]).expect("a password");
    let mut memory = doorward::security::password_hash::HashMemory::default();
    let hash = CHEAP.hash(new.as_bytes(), &mut memory).expect("hashed");
    let which = Which::Email(email.clone());
    let shown = format!("{email:?} {which:?} {new:?} {presented:?} {hash:?} {token:?}");
    for secret in [PASSWORDS[0], PASSWORDS[2], hash.as_str(), &token.reveal()] {
        assert_no_form("Debug output", &shown, secret);
    }
    assert_no_address("Debug output", &shown);
}

/// SECURITY 33: what an operator's commands read from the database.
#[rstest]
#[tokio::test]
async fn an_account_shows_no_address(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.register(EMAIL, PASSWORDS[0]).await;
    let which = Which::Email(Email::parse(EMAIL).expect("an address"));
    let report = app.users.admin_report(&which).await.expect("an account");
    assert_no_address("Debug output", &format!("{report:?} {report:#?}"));
}

/// SECURITY 33: the password travels, in base64, with everything logged that can be.
#[rstest]
#[case::taken(SMTP_PASSWORD, "mail sent")]
#[case::refused("another", "a mail was not taken")]
#[tokio::test]
async fn a_login_at_the_mail_server_is_not_logged(#[case] right: &str, #[case] logged: &str) {
    let server = SmtpServer::start(&["--user", "u", "--password", right]).await;
    let folder = tempfile::tempdir().expect("a folder");
    let database = TestDatabase::create(Sqlite, folder.path()).await;
    let url = format!("smtp://u:{SMTP_PASSWORD}@127.0.0.1:{}", server.port);
    let mail = [
        ("DOORWARD__MAIL__TRANSPORT", "smtp"),
        ("DOORWARD__MAIL__SMTP_URL", &url),
    ];
    let mut served = serve(&database, &random_secret(), &mail).await;
    let client = served.serving.client.clone();
    let answer = client.try_register(EMAIL, PASSWORDS[0]).await.expect(201);
    let is_logged = || std::future::ready(served.serving.stderr().contains(logged));
    eventually("the mail was tried", is_logged).await;
    assert_eq!(served.serving.terminate().await, 0);
    let output = format!("{}{}", served.serving.stdout(), served.serving.stderr());
    let dump = Dump::of(&database).await.text();
    for secret in [SMTP_PASSWORD, PASSWORDS[0], &answer.token()] {
        assert_no_form("the log", &output, secret);
        assert_no_form("the database", &dump, secret);
    }
    assert_no_address("the log", &output);
}

/// SECURITY 33: the errors of a database that nobody can reach.
#[tokio::test]
async fn a_database_that_is_away_does_not_bring_its_password_into_the_log() {
    let url = format!("postgres://u:{DATABASE_PASSWORD}@127.0.0.1:1/x");
    let program = Program::new()
        .set("DATABASE_URL", &url)
        .set("DOORWARD__TELEMETRY__LOG_LEVEL", "trace");
    for command in [&["migrate"][..], &["user", "show", "1"]] {
        let ran = program.run(command).await.expect(1);
        assert!(!ran.stderr.is_empty());
        assert_no_form("the output", &ran.output(), DATABASE_PASSWORD);
    }
}

/// SECURITY 33: passwords that an operator types.
#[rstest]
#[tokio::test]
async fn the_command_line_repeats_no_password(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let program = Program::beside(&app).set("DOORWARD__TELEMETRY__LOG_LEVEL", "trace");
    let create = ["user", "create", EMAIL, "--password-stdin"];
    for (password, code) in [(PASSWORDS[5], 2), (PASSWORDS[2], 0), (PASSWORDS[0], 1)] {
        let input = format!("{password}\n");
        let ran = program.run_with_input(&create, &input).await.expect(code);
        assert_no_form("the output", &ran.output(), password);
    }
    let made = program.run(&["user", "create", "bob@example.com", "--json"]);
    let made = made.await.expect(0);
    let password = made.json()["password"]
        .as_str()
        .expect("a password")
        .to_owned();
    assert_no_form("standard error", &made.stderr, &password);
    let dump = Dump::of(&app.database).await.text();
    for password in [PASSWORDS[0], PASSWORDS[2], PASSWORDS[5], &password] {
        assert_no_form("the database", &dump, password);
    }
    // Composed or not, it is one password.
    for spelling in [PASSWORDS[2], "canary3r\u{e9}set"] {
        app.login(EMAIL, spelling).await.expect(200);
    }
}
