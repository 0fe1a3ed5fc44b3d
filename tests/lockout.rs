//! The lockout: what locks an address, for how long, and what goes on working meanwhile.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use doorward::app::App;
use doorward::clock::{Clock, ManualClock};
use doorward::domain::account_event::Source;
use doorward::domain::email::Email;
use doorward::user_manager::{LoginError, Which};
use rstest::rstest;

use crate::support::*;

const WRONG: &str = "wrong1";
const NEW: &str = "xyz789";

async fn guess_wrong(user: &User, times: usize) {
    for _ in 0..times {
        user.login_with(WRONG)
            .await
            .expect_problem(400, "wrong_credentials");
    }
}

/// SECURITY 11.
#[rstest]
#[tokio::test]
async fn the_fifth_failure_locks_until_the_freeze_is_over(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    guess_wrong(&ann, 5).await;
    let before = app.hashes.computed();
    let locked = ann.login().await.expect_problem(403, "account_locked");
    assert_eq!(locked.err_msg(), "Account locked");
    assert_eq!(
        app.hashes.computed(),
        before,
        "a locked account costs no hash"
    );
    app.clock.advance(Duration::from_secs(899));
    ann.login().await.expect_problem(403, "account_locked");
    app.clock.advance(Duration::from_secs(1));
    ann.login().await.expect(200);
    guess_wrong(&ann, 4).await;
    ann.login().await.expect(200);
}

#[rstest]
#[tokio::test]
async fn retry_after_is_what_is_left_and_attempts_do_not_extend_it(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    guess_wrong(&ann, 5).await;
    // Milliseconds gone by, and the whole seconds that are left, rounded up.
    for (gone, left) in [
        (0, 900),
        (1, 900),
        (999, 899),
        (500_000, 399),
        (398_000, 1),
        (999, 1),
    ] {
        app.clock.advance(Duration::from_millis(gone));
        for password in [WRONG, PASSWORD] {
            let locked = ann
                .login_with(password)
                .await
                .expect_problem(403, "account_locked");
            assert_eq!(locked.retry_after(), left);
        }
        let locked = ann.change_password(PASSWORD, NEW).await;
        assert_eq!(
            locked.expect_problem(403, "account_locked").retry_after(),
            left
        );
    }
    app.clock.advance(Duration::from_millis(1));
    ann.login().await.expect(200);
}

/// SECURITY 12.
#[rstest]
#[tokio::test]
async fn change_password_counts_into_the_same_count_and_obeys_the_lock(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    for _ in 0..3 {
        ann.change_password(WRONG, NEW)
            .await
            .expect_problem(400, "wrong_password");
    }
    guess_wrong(&ann, 2).await;
    let before = app.hashes.computed();
    ann.change_password(PASSWORD, NEW)
        .await
        .expect_problem(403, "account_locked");
    ann.change_password(WRONG, NEW)
        .await
        .expect_problem(403, "account_locked");
    ann.login().await.expect_problem(403, "account_locked");
    assert_eq!(app.hashes.computed(), before);

    app.clock.advance(app.config.lockout.freeze);
    guess_wrong(&ann, 4).await;
    ann.change_password(WRONG, NEW)
        .await
        .expect_problem(400, "wrong_password");
    ann.login().await.expect_problem(403, "account_locked");

    app.clock.advance(app.config.lockout.freeze);
    guess_wrong(&ann, 4).await;
    ann.change_password(PASSWORD, NEW).await.expect(200);
    // The right password ended the count.
    guess_wrong(&ann, 4).await;
    ann.login_with(NEW).await.expect(200);
}

/// SECURITY 12 and 13: whoever has the mailbox needs neither the password nor patience.
#[rstest]
#[tokio::test]
async fn a_locked_owner_keeps_their_tokens_and_unlocks_by_mail(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    guess_wrong(&ann, 5).await;
    ann.login().await.expect_problem(403, "account_locked");
    ann.me().await.expect(200);

    app.deliver_mail().await;
    ann.forgot().await.expect(200);
    let token = app.only_mail().await.token();
    ann.login().await.expect_problem(403, "account_locked");
    app.reset(&ann.email, &token, NEW).await.expect(200);
    ann.login_with(NEW).await.expect(200);
    ann.login().await.expect_problem(400, "wrong_credentials");
    // The count began anew as well: this is the fifth failure since the reset.
    guess_wrong(&ann, 4).await;
    ann.login_with(NEW)
        .await
        .expect_problem(403, "account_locked");
}

/// SECURITY 13.
#[rstest]
#[tokio::test]
async fn asking_for_a_reset_or_using_a_wrong_token_never_locks(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    guess_wrong(&ann, 4).await;
    for _ in 0..12 {
        ann.forgot().await.expect(200);
        let refused = app.reset(&ann.email, &"A".repeat(43), NEW).await;
        refused.expect_problem(400, "invalid_one_time_token");
    }
    ann.login().await.expect(200);
}

#[rstest]
#[tokio::test]
async fn each_lock_is_told_to_its_owner_once_and_to_nobody_else(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    app.deliver_mail().await;
    for _ in 0..2 {
        guess_wrong(&ann, 4).await;
        assert!(
            app.deliver_mail().await.is_empty(),
            "four failures are nobody's business"
        );
        guess_wrong(&ann, 1).await;
        for _ in 0..10 {
            ann.login_with(WRONG)
                .await
                .expect_problem(403, "account_locked");
            app.login("eve@example.com", WRONG).await;
        }
        let mail = app.only_mail().await;
        assert_eq!(mail.to, "ann@example.com");
        assert!(
            mail.subject.to_lowercase().contains("lock"),
            "{}",
            mail.subject
        );
        app.clock.advance(app.config.lockout.freeze);
    }
}

#[rstest]
#[tokio::test]
async fn failures_window_and_freeze_can_be_set(#[values(Sqlite, Postgres)] engine: Engine) {
    let settings = [("failures", "2"), ("window", "10s"), ("freeze", "1h")]
        .map(|(key, value)| (format!("lockout.{key}"), value));
    let settings = settings
        .each_ref()
        .map(|(key, value)| (key.as_str(), *value));
    let app = TestApp::with(engine, &settings).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    guess_wrong(&ann, 1).await;
    app.clock.advance(Duration::from_secs(11));
    guess_wrong(&ann, 1).await;
    app.clock.advance(Duration::from_secs(10));
    guess_wrong(&ann, 1).await;
    let locked = ann.login().await.expect_problem(403, "account_locked");
    assert_eq!(locked.retry_after(), 3_600);
    app.clock.advance(Duration::from_hours(1));
    ann.login().await.expect(200);
}

#[rstest]
#[tokio::test]
async fn one_failure_is_enough_where_that_is_configured(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::with(engine, &[("lockout.failures", "1")]).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    for _ in 0..3 {
        guess_wrong(&ann, 1).await;
        ann.login().await.expect_problem(403, "account_locked");
        app.clock.advance(app.config.lockout.freeze);
    }
    ann.login().await.expect(200);
}

/// A clock that goes on by a millisecond each time it is looked at.
#[derive(Debug)]
struct SteppingClock(Arc<ManualClock>);

impl Clock for SteppingClock {
    fn now(&self) -> DateTime<Utc> {
        self.0.advance(Duration::from_millis(1));
        self.0.now()
    }

    fn monotonic(&self) -> Duration {
        self.0.monotonic()
    }
}

/// SECURITY 11: a lock that ends between two looks at the clock is there for both or for none. The
/// account of a locked address is not read, so a right password would be taken for a wrong one.
#[rstest]
#[tokio::test]
async fn a_login_in_the_instant_in_which_the_lock_ends_is_locked_or_let_in(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    app.register("ann@example.com", PASSWORD).await;
    let clock = Arc::new(SteppingClock(Arc::clone(&app.clock)));
    let stepping = App::build(app.config.clone(), clock)
        .expect("built")
        .state
        .users;
    let email = Email::parse("ann@example.com").expect("an address");
    let hour = Duration::from_hours(1);
    for looks in 0..6 {
        let which = Which::Email(email.clone());
        app.users.admin_lock(&which, hour).await.expect("locked");
        let left = Duration::from_millis(looks) + Duration::from_micros(500);
        app.clock.advance(hour.saturating_sub(left));
        let password = app.users.password_policy().present(PASSWORD);
        let login = stepping
            .login(&email, password, None, Source::Operator)
            .await;
        assert!(
            matches!(login, Ok(_) | Err(LoginError::Locked(_))),
            "{looks}: {login:?}"
        );
        app.users.admin_unlock(&which).await.expect("unlocked");
    }
}
