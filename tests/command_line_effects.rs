//! What an operator does to an account takes effect at once, at every running instance.

use std::time::Duration;

use rstest::rstest;

use crate::support::binary::Program;
use crate::support::*;

/// SECURITY 25.
#[rstest]
#[tokio::test]
async fn revoked_tokens_are_dead_at_once(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let other = app.another_instance().await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    let bob = app.register("bob@example.com", PASSWORD).await;
    ann.me().await.expect(200);
    ann.at(&other).me().await.expect(200);
    let program = Program::beside(&app);
    let ran = program
        .run(&["user", "revoke-tokens", "Ann@Example.com"])
        .await
        .expect(0);
    assert_eq!(ran.stdout, "tokens revoked\n");
    ann.me().await.expect_problem(400, "invalid_token");
    ann.at(&other)
        .me()
        .await
        .expect_problem(400, "invalid_token");
    bob.me().await.expect(200);
    let token = ann.login().await.expect(200).token();
    app.me(&token).await.expect(200);
}

/// SECURITY 13.
#[rstest]
#[tokio::test]
async fn a_locked_account_takes_no_password_until_the_lock_ends(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    app.deliver_mail().await;
    let program = Program::beside(&app);
    program
        .run(&["user", "lock", "1", "--for", "7d"])
        .await
        .expect(0);
    let locked = ann.login().await.expect_problem(403, "account_locked");
    assert!(
        locked.retry_after() > 6 * 86_400,
        "{}",
        locked.retry_after()
    );
    ann.me().await.expect(200);
    app.clock.advance(Duration::from_hours(6 * 24));
    ann.login().await.expect_problem(403, "account_locked");
    // The program's clock is a moment ahead of the app's, which stands still.
    app.clock
        .advance(Duration::from_hours(24) + Duration::from_mins(5));
    ann.login().await.expect(200);

    // Without a length: as long as too many wrong passwords lock.
    program
        .run(&["user", "lock", "ann@example.com"])
        .await
        .expect(0);
    let shown = program
        .run(&["user", "show", "1", "--json"])
        .await
        .expect(0)
        .json();
    assert!(shown["locked_until"].is_string(), "{shown}");
    program
        .run(&["user", "unlock", "ann@example.com"])
        .await
        .expect(0);
    let shown = program
        .run(&["user", "show", "1", "--json"])
        .await
        .expect(0)
        .json();
    assert!(
        shown["locked_until"].is_null() && shown["login_failures"] == 0,
        "{shown}"
    );

    // Unlocks what wrong passwords locked, too; and a reset by mail unlocks what an operator did.
    for _ in 0..5 {
        ann.login_with("wrong12").await.expect(400);
    }
    ann.login().await.expect_problem(403, "account_locked");
    program.run(&["user", "unlock", "1"]).await.expect(0);
    ann.login().await.expect(200);
    app.deliver_mail().await;
    program
        .run(&["user", "lock", "1", "--for", "30d"])
        .await
        .expect(0);
    ann.forgot().await.expect(200);
    let token = app.only_mail().await.token();
    app.reset(&ann.email, &token, "new1234").await.expect(200);
    ann.login_with("new1234").await.expect(200);
}

#[rstest]
#[tokio::test]
async fn a_disabled_account_is_closed_until_it_is_enabled(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    let confirm = app.only_mail().await.token();
    ann.forgot().await.expect(200);
    let reset = app.only_mail().await.token();
    let program = Program::beside(&app);
    program
        .run(&["user", "disable", "ann@example.com"])
        .await
        .expect(0);
    ann.me().await.expect_problem(400, "invalid_token");
    ann.login().await.expect_problem(403, "account_disabled");
    ann.login_with("wrong12")
        .await
        .expect_problem(400, "wrong_credentials");
    let refused = app.reset(&ann.email, &reset, "new1234").await;
    refused.expect_problem(400, "invalid_one_time_token");
    app.confirm(&ann.email, &confirm)
        .await
        .expect_problem(400, "invalid_one_time_token");

    program
        .run(&["user", "enable", "ann@example.com"])
        .await
        .expect(0);
    // Nothing from before comes back to life.
    ann.me().await.expect_problem(400, "invalid_token");
    let refused = app.reset(&ann.email, &reset, "new1234").await;
    refused.expect_problem(400, "invalid_one_time_token");
    let token = ann.login().await.expect(200).token();
    app.me(&token).await.expect(200);
}

#[rstest]
#[tokio::test]
async fn a_deleted_account_leaves_nothing_behind(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let ann = app.register("Ann@example.com", PASSWORD).await;
    app.deliver_mail().await;
    ann.forgot().await.expect(200);
    ann.login_with("wrong12").await.expect(400);
    let program = Program::beside(&app);

    // Nobody is there to be asked.
    let ran = program
        .run(&["user", "delete", "ann@example.com"])
        .await
        .expect(2);
    assert!(ran.stderr.contains("--yes"), "{}", ran.stderr);
    program
        .run_with_input(&["user", "delete", "1"], "y\n")
        .await
        .expect(2);
    ann.me().await.expect(200);

    let delete = ["user", "delete", "ann@example.com", "--yes", "--json"];
    let ran = program.run(&delete).await.expect(0);
    assert_eq!(ran.stdout, "{\"done\":\"deleted\"}\n");
    ann.me().await.expect_problem(400, "invalid_token");
    ann.login().await.expect_problem(400, "wrong_credentials");
    assert_eq!(app.deliver_mail().await.len(), 0);
    for table in ["users", "outbox", "one_time_tokens"] {
        let rows = app
            .database
            .number(&format!("SELECT COUNT(*) FROM {table}"))
            .await;
        assert_eq!(rows, 0, "{table}");
    }
    program
        .run(&["user", "show", "ann@example.com"])
        .await
        .expect(3);

    // The address is free, the number is not used again.
    let again = app.register("ann@example.com", PASSWORD).await;
    assert_eq!(again.me().await.expect(200).body["id"], 2);
    ann.me().await.expect_problem(400, "invalid_token");
}
