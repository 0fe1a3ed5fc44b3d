//! What becomes of mails that wait while their account gets a new password.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use doorward::clock::Clock as _;
use rstest::rstest;

use crate::support::*;

/// A reset makes useless what was asked for before it, also the mails that have not left yet.
#[rstest]
#[tokio::test]
async fn reset_mails_that_wait_are_taken_back_by_a_reset_or_a_change(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    ann.forgot().await.expect(200);
    let mails = app.deliver_mail().await;
    let reset = mails.iter().find(|mail| mail.subject.starts_with("Choose"));
    let token = reset.expect("the reset mail").token();
    ann.forgot().await.expect(200);
    app.reset(&ann.email, &token, "new1234").await.expect(200);
    assert!(app.only_mail().await.subject.contains("was changed"));

    let mut ann = ann;
    ann.token = ann.login_with("new1234").await.expect(200).token();
    ann.forgot().await.expect(200);
    ann.change_password("new1234", "newer123").await.expect(200);
    assert!(app.only_mail().await.subject.contains("was changed"));
}

/// SECURITY 36: who was to be told that somebody guesses is told, also when a worker had the mail in
/// hand; but with no link that undoes the change.
#[rstest]
#[tokio::test]
async fn a_lock_is_told_without_a_link_after_a_reset_or_a_change(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[values("reset", "change")] how: &str,
    #[values(false, true)] is_in_hand: bool,
) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    app.only_mail().await;
    let home = ann.login().await.expect(200).device();
    ann.forgot().await.expect(200);
    let reset = app.only_mail().await.token();
    ann.is_attacked().await;
    if is_in_hand {
        let lease = app.clock.now() + TimeDelta::minutes(5);
        let taken = format!(
            "UPDATE outbox SET attempts = 1, leased_until = '{}' WHERE sent_at IS NULL",
            lease.to_rfc3339()
        );
        app.database.execute(&taken).await;
    }
    match how {
        "reset" => app.reset(&ann.email, &reset, "xyz789").await,
        _ => ann.change_password_from(&home, PASSWORD, "xyz789").await,
    }
    .expect(200);

    let mails = app.deliver_mail().await;
    let subjects: BTreeSet<&str> = mails.iter().map(|mail| mail.subject.as_str()).collect();
    let expected = [
        "Your account at doorward was locked for a while",
        "Your password for doorward was changed",
    ];
    assert_eq!((mails.len(), subjects), (2, BTreeSet::from(expected)));
    for mail in mails {
        assert!(
            !mail.text.contains("Token:") && !mail.text.contains("http"),
            "{}",
            mail.text
        );
    }
    let tokens = "SELECT COUNT(*) FROM one_time_tokens";
    assert_eq!(app.database.number(tokens).await, 0);
}
