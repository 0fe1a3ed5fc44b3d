//! A mail is neither lost nor sent for something that was rolled back, nor sent twice.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use chrono::TimeDelta;
use doorward::clock::Clock as _;
use doorward::config::MailTransport;
use rstest::rstest;

use crate::support::binary::Program;
use crate::support::*;

const SECOND: Duration = Duration::from_secs(1);

/// Makes every transaction that wrote to a table fail in the moment of its commit.
fn breaks(engine: Engine, table: &str) -> String {
    let broken = "CREATE TABLE broken
        (id bigint REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED);";
    let insert = "INSERT INTO broken VALUES (-1)";
    let triggers = ["INSERT", "UPDATE"].map(|event| {
        let trigger = format!("CREATE TRIGGER breaks_{event} AFTER {event} ON {table}");
        match engine {
            Sqlite => format!("{trigger} BEGIN {insert}; END;"),
            Postgres => format!("{trigger} FOR EACH ROW EXECUTE FUNCTION break_it();"),
        }
    });
    let function = format!(
        "CREATE FUNCTION break_it() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN {insert}; RETURN NEW; END $$;"
    );
    let function = if engine == Postgres {
        function
    } else {
        String::new()
    };
    format!("{broken}{function}{}", triggers.concat())
}

/// SECURITY 36: the mail and what it tells of are one transaction, in both directions.
#[rstest]
#[tokio::test]
async fn what_was_rolled_back_is_not_mailed(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[values("users", "outbox")] table: &str,
) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    app.only_mail().await;
    app.database.execute(&breaks(engine, table)).await;

    let refused = app.try_register("bob@example.com", PASSWORD).await;
    refused.expect_problem(500, "internal");
    let refused = ann.change_password(PASSWORD, "new1234").await;
    refused.expect_problem(500, "internal");
    assert_eq!(app.deliver_mail().await.len(), 0);
    assert_eq!(app.database.number("SELECT COUNT(*) FROM outbox").await, 1);
    assert_eq!(app.database.number("SELECT COUNT(*) FROM users").await, 1);
    ann.login().await.expect(200);
    ann.me().await.expect(200);

    for event in ["INSERT", "UPDATE"] {
        let on = if engine == Sqlite {
            String::new()
        } else {
            format!(" ON {table}")
        };
        app.database
            .execute(&format!("DROP TRIGGER breaks_{event}{on}"))
            .await;
    }
    app.register("bob@example.com", PASSWORD).await;
    assert_eq!(app.only_mail().await.to, "bob@example.com");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn two_workers_at_once_send_each_mail_once(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::with(engine, &[("registration.confirmation", "off")]).await;
    let other = app.another_instance().await;
    for round in 0..5 {
        let people: BTreeSet<_> = (0..20)
            .map(|n| format!("u{round}n{n}@example.com"))
            .collect();
        for email in &people {
            app.register(email, PASSWORD).await;
        }
        let before = mailbox::read(&folder(&app)).len();
        let all_of = async |app: &TestApp| {
            while app
                .outbox
                .deliver_due()
                .await
                .expect("the outbox can be read")
                > 0
            {}
        };
        tokio::join!(all_of(&app), all_of(&other), all_of(&app), all_of(&other));
        let sent: Vec<_> = mailbox::read(&folder(&app)).split_off(before);
        let recipients: BTreeSet<_> = sent.iter().map(|mail| mail.to.clone()).collect();
        assert_eq!(sent.len(), people.len(), "round {round}");
        assert_eq!(recipients, people);
    }
}

/// SECURITY 36: the worker that took the mail is never heard of again.
#[rstest]
#[tokio::test]
async fn a_mail_that_a_dead_worker_took_is_sent_when_its_lease_ends(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    app.register("ann@example.com", PASSWORD).await;
    let lease = app.clock.now() + TimeDelta::minutes(5);
    let taken = format!(
        "UPDATE outbox SET attempts = 1, leased_until = '{}'",
        lease.to_rfc3339()
    );
    app.database.execute(&taken).await;
    assert_eq!(app.deliver_mail().await.len(), 0);
    app.clock
        .advance(Duration::from_mins(5).saturating_sub(SECOND));
    assert_eq!(app.deliver_mail().await.len(), 0, "a second before");
    app.clock.advance(SECOND);
    let token = app.only_mail().await.token();
    app.confirm("ann@example.com", &token).await.expect(200);
    app.clock.advance(Duration::from_hours(1));
    assert_eq!(app.deliver_mail().await.len(), 0, "once");
}

#[rstest]
#[tokio::test]
async fn a_mail_is_tried_again_with_growing_pauses_until_it_leaves(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    app.register("ann@example.com", PASSWORD).await;
    // A file stands where the folder should be.
    fs::write(folder(&app), "").expect("written");
    for attempt in 0..5 {
        assert_eq!(
            app.outbox.deliver_due().await.expect("readable"),
            1,
            "attempt {attempt}"
        );
        let pause = SECOND * 10 * 2u32.pow(attempt);
        app.clock.advance(pause.saturating_sub(SECOND));
        let early = app.outbox.deliver_due().await.expect("readable");
        assert_eq!(early, 0, "before the pause of attempt {attempt} is over");
        app.clock.advance(pause / 4 + SECOND);
    }
    assert!(
        !app.database
            .text("SELECT last_error FROM outbox")
            .await
            .is_empty()
    );
    fs::remove_file(folder(&app)).expect("removed");
    let mail = app.only_mail().await;
    app.confirm(&mail.to, &mail.token()).await.expect(200);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_never_leaves_is_given_up_where_the_operator_sees_it(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    app.register("ann@example.com", PASSWORD).await;
    fs::write(folder(&app), "").expect("written");
    let program = Program::beside(&app);
    let mails = async || {
        let shown = program
            .run(&["user", "show", "1", "--json"])
            .await
            .expect(0)
            .json();
        ["mails_waiting", "mails_sent", "mails_failed"].map(|key| shown[key].clone())
    };
    assert_eq!(mails().await, [1, 0, 0]);
    let mut attempts = 0;
    while app.outbox.deliver_due().await.expect("readable") > 0 {
        attempts += 1;
        app.clock.advance(Duration::from_hours(8));
    }
    assert_eq!(attempts, 15);
    assert_eq!(mails().await, [0, 0, 1]);
    let failed = "SELECT COUNT(*) FROM outbox WHERE failed_at IS NOT NULL AND last_error <> ''";
    assert_eq!(app.database.number(failed).await, 1);

    fs::remove_file(folder(&app)).expect("removed");
    app.clock.advance(Duration::from_hours(48));
    assert_eq!(app.deliver_mail().await.len(), 0, "given up for good");
    app.janitor.clean().await.expect("cleaned");
    assert_eq!(mails().await, [0, 0, 1], "and still to be seen");
}

fn folder(app: &TestApp) -> PathBuf {
    match &app.config.mail.transport {
        MailTransport::File { directory } => directory.clone(),
        other => panic!("not a folder: {other:?}"),
    }
}
