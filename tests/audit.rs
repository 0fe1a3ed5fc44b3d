//! The audit trail: what is written down, for whom, and that it stays as it was written.

use std::time::Duration;

use doorward::user_manager::Which;
use rstest::rstest;
use serde_json::json;

use crate::support::*;

/// The kinds of events of an account, in their order, with who it was: `login/owner`.
async fn events(app: &TestApp, account: i64) -> String {
    let list = match app.database.engine {
        Sqlite => "group_concat(kind || '/' || actor, ' ')",
        Postgres => "string_agg(kind || '/' || actor, ' ' ORDER BY id)",
    };
    let sql = format!(
        "SELECT COALESCE({list}, '') FROM
            (SELECT * FROM account_events WHERE user_id = {account} ORDER BY id) AS events"
    );
    app.database.text(&sql).await
}

async fn count(app: &TestApp, what: &str) -> i64 {
    let sql = format!("SELECT COUNT(*) FROM account_events WHERE {what}");
    app.database.number(&sql).await
}

#[rstest]
#[tokio::test]
async fn the_life_of_an_account_is_written_down(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    let confirm = app.only_mail().await.token();
    app.confirm(&ann.email, &confirm).await.expect(200);
    ann.login().await.expect(200);
    ann.login_with("wrong1").await.expect(400);
    ann.change_password("wrong1", "xyz789").await.expect(400);
    ann.change_password(PASSWORD, "xyz789").await.expect(200);
    for number in 0..5 {
        ann.login_with(&format!("wrong{number}")).await.expect(400);
    }
    ann.login_with("xyz789").await.expect(403);
    // What does not change anything is no event.
    app.confirm(&ann.email, &confirm).await.expect(400);
    ann.forgot().await.expect(200);
    let mails = app.deliver_mail().await;
    let reset = mails.iter().find(|mail| mail.subject.starts_with("Choose"));
    let reset = reset.expect("a mail").token();
    app.reset(&ann.email, &reset, "new1234").await.expect(200);
    app.reset(&ann.email, &reset, "new1234").await.expect(400);
    let resend = json!({ "email": ann.email });
    app.post("/user/confirm/resend", resend).await.expect(200);
    let again = ann.login_with("new1234").await.expect(200).device();
    for number in 0..5 {
        let guess = format!("guess{number}");
        ann.login_from(&again, &guess).await.expect(400);
    }
    let failed = "login_failed/anonymous";
    let expected = format!(
        "registered/anonymous confirmed/owner login/owner {failed} \
         password_change_failed/anonymous password_changed/owner {failed} {failed} {failed} \
         {failed} {failed} locked/anonymous reset_requested/anonymous password_reset/owner \
         confirmation_requested/anonymous login/owner {failed} {failed} {failed} {failed} {failed} \
         device_revoked/anonymous"
    );
    assert_eq!(events(&app, 1).await, expected);
}

#[rstest]
#[tokio::test]
async fn what_an_operator_does_is_written_down_and_outlives_the_account(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    let which = Which::Id(1);
    let hour = Duration::from_hours(1);
    app.users.admin_lock(&which, hour).await.expect("locked");
    app.users.admin_unlock(&which).await.expect("unlocked");
    app.users.admin_revoke_tokens(&which).await.expect("done");
    app.users.admin_disable(&which).await.expect("disabled");
    // The right password, but no token.
    ann.login().await.expect_problem(403, "account_disabled");
    app.users.admin_enable(&which).await.expect("enabled");
    app.users.admin_delete(&which).await.expect("deleted");
    app.users.admin_delete(&which).await.expect_err("gone");
    let expected = "registered/anonymous locked/operator unlocked/operator \
        tokens_revoked/operator disabled/operator login_refused/owner enabled/operator \
        deleted/operator";
    assert_eq!(events(&app, 1).await, expected);
    let from_nowhere = "actor = 'operator' AND source_ip IS NULL AND request_id IS NULL";
    assert_eq!(count(&app, from_nowhere).await, 6);
}

#[rstest]
#[tokio::test]
async fn an_event_says_where_from_and_in_which_request(#[values(Sqlite, Postgres)] engine: Engine) {
    let proxies = [("http.trusted_proxies", "127.0.0.1")];
    let app = TestApp::with(engine, &proxies).await;
    app.register("ann@example.com", PASSWORD).await;
    let body = json!({ "email": "ann@example.com", "password": PASSWORD }).to_string();
    let headers = [
        ("content-type", "application/json"),
        ("x-forwarded-for", "192.0.2.1, 198.51.100.7"),
        ("x-request-id", "the-request"),
    ];
    app.raw("/user/login", &headers, body).await.expect(200);
    let login = "kind = 'login' AND source_ip = '198.51.100.7' AND request_id = 'the-request'";
    assert_eq!(count(&app, login).await, 1);
    // An id that was made for a request without one is the one in the answer.
    let answer = app.login("ann@example.com", "wrong1").await.expect(400);
    let id = answer.headers["x-request-id"].to_str().expect("text");
    let failed =
        format!("kind = 'login_failed' AND source_ip = '127.0.0.1' AND request_id = '{id}'");
    assert_eq!(count(&app, &failed).await, 1);
}

/// SECURITY 7, 8: as many rows for nobody, which are shown to nobody and gone soon.
#[rstest]
#[tokio::test]
async fn an_address_without_an_account_causes_the_same_work_and_leaves_nothing(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    app.register("ann@example.com", PASSWORD).await;
    app.janitor.clean().await.expect("cleaned");
    let mut rows = Vec::new();
    for email in ["ann@example.com", "nobody@example.com"] {
        let before = count(&app, "1 = 1").await;
        for number in 0..7 {
            app.login(email, &format!("wrong{number}")).await;
            app.forgot(email).await.expect(200);
            let body = json!({ "email": email });
            app.post("/user/confirm/resend", body).await.expect(200);
        }
        rows.push(count(&app, "1 = 1").await - before);
    }
    // Five failures, one lock, and three mails of each kind in an hour, one of which the
    // registration took.
    assert_eq!(rows, [5 + 1 + 3 + 2, 5 + 1 + 3 + 3]);
    assert_eq!(count(&app, "user_id IS NULL").await, rows[1]);
    app.janitor.clean().await.expect("cleaned");
    assert_eq!(count(&app, "user_id IS NULL").await, 0);
    assert_eq!(count(&app, "user_id = 1").await, rows[0] + 1);
}

/// SECURITY 1.
#[rstest]
#[tokio::test]
async fn a_second_registration_is_an_event_of_the_first(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::with(engine, &[("registration.confirmation", "required")]).await;
    for _ in 0..10 {
        app.try_register("ann@example.com", PASSWORD)
            .await
            .expect(201);
    }
    // No more than there are mails, so that nobody can fill the table for somebody.
    let expected = "registered/anonymous registered_again/anonymous registered_again/anonymous \
        registered_again/anonymous";
    assert_eq!(events(&app, 1).await, expected);
}

#[rstest]
#[tokio::test]
async fn what_was_rolled_back_is_no_event(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    app.deliver_mail().await;
    let before = events(&app, 1).await;
    app.database
        .execute("ALTER TABLE outbox RENAME TO outbox_away")
        .await;
    ann.change_password(PASSWORD, "xyz789").await.expect(500);
    ann.forgot().await.expect(500);
    app.try_register("bob@example.com", PASSWORD)
        .await
        .expect(500);
    assert_eq!(events(&app, 1).await, before);
    assert_eq!(count(&app, "user_id IS NULL OR user_id > 1").await, 0);
    // And nothing is changed without its event.
    app.database
        .execute(
            "ALTER TABLE outbox_away RENAME TO outbox;
             ALTER TABLE account_events RENAME TO events_away",
        )
        .await;
    ann.change_password(PASSWORD, "xyz789").await.expect(500);
    ann.login().await.expect(500);
    app.try_register("bob@example.com", PASSWORD)
        .await
        .expect(500);
    app.users
        .admin_disable(&Which::Id(1))
        .await
        .expect_err("no event");
    app.database
        .execute("ALTER TABLE events_away RENAME TO account_events")
        .await;
    ann.login().await.expect(200);
    assert_eq!(app.database.number("SELECT COUNT(*) FROM users").await, 1);
}

#[rstest]
#[tokio::test]
async fn an_event_cannot_be_changed(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.register("ann@example.com", PASSWORD).await;
    let before = events(&app, 1).await;
    let replace = "INSERT OR REPLACE INTO account_events (id, at, kind, actor)
        VALUES (1, '2020-01-01T00:00:00Z', 'login', 'owner')";
    let (update, other) = (
        "UPDATE account_events SET kind = 'login'",
        match engine {
            Sqlite => replace,
            Postgres => "TRUNCATE account_events",
        },
    );
    for sql in [update, other] {
        let refused = app.database.try_execute(sql).await.expect_err(sql);
        assert!(refused.contains("can only be added to"), "{refused}");
    }
    assert_eq!(events(&app, 1).await, before);
}

#[rstest]
#[tokio::test]
async fn events_are_kept_as_long_as_is_set(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::with(engine, &[("audit.retention", "30d")]).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    app.clock.advance(Duration::from_hours(29 * 24));
    ann.login().await.expect(200);
    app.janitor.clean().await.expect("cleaned");
    assert_eq!(events(&app, 1).await, "registered/anonymous login/owner");
    app.clock.advance(Duration::from_hours(25));
    app.janitor.clean().await.expect("cleaned");
    assert_eq!(events(&app, 1).await, "login/owner");
}

/// SECURITY 9, 44. While passwords could be tried without being counted, no answer may tell the
/// right one: not the status, and not what is behind it, a token, a disabled account.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_cannot_be_written_tells_no_password(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    let bob = app.register("bob@example.com", PASSWORD).await;
    let home = ann.login().await.expect(200).device();
    app.users.admin_disable(&Which::Id(2)).await.expect("done");
    let read_only = read_only_instance(&app).await;
    for user in [ann.at(&read_only), bob.at(&read_only)] {
        for password in [PASSWORD, "wrong1"] {
            let answer = user.login_with(password).await;
            let unavailable = answer.expect_problem(503, "unavailable");
            assert!(!unavailable.headers.contains_key("set-cookie"));
            user.login_from(&home, password)
                .await
                .expect_problem(503, "unavailable");
        }
    }
    // The time would tell, too: a new password is another hash.
    for password in [PASSWORD, "wrong1"] {
        let before = read_only.hashes.computed();
        let answer = ann.at(&read_only).change_password(password, "xyz789").await;
        answer.expect_problem(503, "unavailable");
        assert_eq!(read_only.hashes.computed() - before, 1, "{password}");
    }
    // Reading goes on.
    ann.at(&read_only).me().await.expect(200);
    ann.login_with("wrong1").await.expect(400);
    let first = "SELECT CAST(MAX(failures) AS bigint) FROM login_failures";
    assert_eq!(app.database.number(first).await, 1);
}

/// Another instance, for which the database can be read and not written.
async fn read_only_instance(app: &TestApp) -> TestApp {
    match app.database.engine {
        Postgres => {
            let name = app.database.text("SELECT current_database()::text").await;
            let set =
                |to| format!("ALTER DATABASE {name} SET default_transaction_read_only = {to}");
            app.database.execute(&set("on")).await;
            let instance = app.another_instance().await;
            // New connections alone are like that: all of them are made now.
            drop(instance.store.hold_all_connections().await.expect("held"));
            let separator = if app.database.url.contains('?') {
                '&'
            } else {
                '?'
            };
            let options = "options=-c%20default_transaction_read_only%3Doff";
            let writable = TestDatabase {
                engine: Postgres,
                url: format!("{}{separator}{options}", app.database.url),
            };
            writable.execute(&set("off")).await;
            instance
        }
        Sqlite => {
            let mut config = app.config.clone();
            let url = format!("{}?mode=ro", app.database.url);
            config.database.url = doorward::store::DatabaseUrl::parse(&url).expect("a URL");
            app.another_instance_with(config).await
        }
    }
}
