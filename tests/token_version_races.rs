//! Logins and changes of the password that race a change of the password.

use std::sync::Arc;

use rstest::rstest;
use tokio::sync::Barrier;

use crate::support::*;

/// The lock is not what these are about.
const NEVER_LOCKED: [(&str, &str); 1] = [("lockout.failures", "1000")];

const ROUNDS: usize = 500;

/// Changes the password while others log in with the old one until they cannot any more.
/// Returns how many of these logins got a token.
async fn race_logins(login_at: &TestApp, change_at: &TestApp, rounds: usize) -> usize {
    let mut ann = login_at.register("ann@example.com", PASSWORD).await;
    let mut logins = 0;
    for round in 0..rounds {
        let new = format!("abc{}", 200 + round);
        let barrier = Arc::new(Barrier::new(2));
        let (here, start) = (ann.at(login_at), Arc::clone(&barrier));
        let login = tokio::spawn(async move {
            let mut tokens = Vec::new();
            start.wait().await;
            loop {
                let answer = here.login().await;
                if answer.status != 200 {
                    answer.expect_problem(400, "wrong_credentials");
                    return tokens;
                }
                tokens.push(answer.token());
            }
        });
        let (there, current, next) = (ann.at(change_at), ann.password.clone(), new.clone());
        let change = tokio::spawn(async move {
            barrier.wait().await;
            there.change_password(&current, &next).await
        });
        let changed = change.await.expect("no panic").expect(200).token();
        let tokens = login.await.expect("no panic");
        logins += tokens.len();
        // The last one was made while the password changed, or shortly before.
        if let Some(last) = tokens.last() {
            login_at.me(last).await.expect_problem(400, "invalid_token");
            change_at
                .me(last)
                .await
                .expect_problem(400, "invalid_token");
        }
        change_at.me(&changed).await.expect(200);
        login_at
            .me(&ann.token)
            .await
            .expect_problem(400, "invalid_token");
        (ann.token, ann.password) = (changed, new);
    }
    logins
}

/// SECURITY 26.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn no_token_made_from_the_old_password_survives(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::with(engine, &NEVER_LOCKED).await;
    let logins = race_logins(&app, &app, ROUNDS).await;
    assert!(
        logins > 0,
        "no login was ever fast enough: this was no race"
    );
}

/// SECURITY 26.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn no_token_made_from_the_old_password_survives_at_another_instance(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::with(engine, &NEVER_LOCKED).await;
    let other = app.another_instance().await;
    let logins = race_logins(&app, &other, 60).await;
    assert!(
        logins > 0,
        "no login was ever fast enough: this was no race"
    );
}

/// SECURITY 26. One token changes the password once.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_parallel_changes_with_one_token_one_wins(#[values(Sqlite, Postgres)] engine: Engine) {
    const RIVALS: usize = 6;
    let app = TestApp::with(engine, &NEVER_LOCKED).await;
    let mut ann = app.register("ann@example.com", PASSWORD).await;
    for round in 0..30 {
        let barrier = Arc::new(Barrier::new(RIVALS));
        let rivals = (0..RIVALS).map(|rival| {
            let (ann, barrier) = (ann.clone(), Arc::clone(&barrier));
            tokio::spawn(async move {
                let new = format!("abc{round}x{rival}");
                barrier.wait().await;
                (ann.change_password(&ann.password, &new).await, new)
            })
        });
        let rivals: Vec<_> = rivals.collect();
        let mut winners = Vec::new();
        for rival in rivals {
            let (answer, new) = rival.await.expect("no panic");
            match (answer.status, answer.code()) {
                (200, _) => winners.push((answer.token(), new)),
                // Too late for the token, or for the current password.
                (400, "invalid_token" | "wrong_password") => {}
                _ => panic!("{}", answer.text),
            }
        }
        assert_eq!(winners.len(), 1, "{winners:?}");
        ann.me().await.expect_problem(400, "invalid_token");
        (ann.token, ann.password) = winners.remove(0);
        ann.me().await.expect(200);
        ann.login().await.expect(200);
    }
}
