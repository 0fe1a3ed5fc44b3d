//! A device that its owner logged in from is not locked out by others' wrong passwords (OWASP
//! device cookies), and has a count of its own.

use std::time::Duration;

use doorward::user_manager::Which;
use rstest::rstest;

use crate::support::device::{OWNER, ann_at_home};
use crate::support::*;

/// SECURITY 13.
#[rstest]
#[tokio::test]
async fn an_owner_who_is_attacked_all_day_does_not_notice(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let (app, ann, mut home) = ann_at_home(engine).await;
    for _ in 0..20 {
        ann.is_attacked().await;
        let answer = ann.login_from(&home, PASSWORD).await.expect(200);
        app.me(&answer.token()).await.expect(200);
        home = answer.device();
        ann.login().await.expect_problem(403, "account_locked");
        app.clock.advance(app.config.lockout.freeze);
    }
}

/// SECURITY 13: otherwise each login of the owner would be worth four guesses.
#[rstest]
#[tokio::test]
async fn the_owners_success_gives_an_attacker_no_new_guesses(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let (_app, ann, home) = ann_at_home(engine).await;
    for number in 0..4 {
        ann.login_with(&format!("wrong{number}")).await.expect(400);
    }
    ann.login_from(&home, PASSWORD).await.expect(200);
    ann.login_with("wrong4").await.expect(400);
    ann.login().await.expect_problem(403, "account_locked");
}

/// SECURITY 12: five wrong passwords, and then the address's lock is its lock too.
#[rstest]
#[tokio::test]
async fn a_device_that_fails_five_times_is_no_longer_known(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let (app, ann, home) = ann_at_home(engine).await;
    ann.is_attacked().await;
    for number in 0..5 {
        ann.login_from(&home, &format!("guess{number}"))
            .await
            .expect_problem(400, "wrong_credentials");
    }
    let refused = ann.login_from(&home, PASSWORD).await;
    refused.expect_problem(403, "account_locked");
    // Not for a while, as the lock, but for good.
    app.clock.advance(app.config.lockout.freeze);
    ann.is_attacked().await;
    let refused = ann.login_from(&home, PASSWORD).await;
    refused.expect_problem(403, "account_locked");
    // Until it logs in like a stranger.
    app.clock.advance(app.config.lockout.freeze);
    let again = ann.login_from(&home, PASSWORD).await.expect(200).device();
    ann.is_attacked().await;
    ann.login_from(&again, PASSWORD).await.expect(200);
}

/// What it guesses from then on counts like anybody's.
#[rstest]
#[tokio::test]
async fn a_device_that_is_no_longer_known_locks_like_a_stranger(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let (_app, ann, home) = ann_at_home(engine).await;
    for number in 0..10 {
        ann.login_from(&home, &format!("guess{number}"))
            .await
            .expect_problem(400, "wrong_credentials");
    }
    ann.login().await.expect_problem(403, "account_locked");
}

#[rstest]
#[tokio::test]
async fn wrong_passwords_of_a_known_device_lock_nobody_else_out(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let (_app, ann, home) = ann_at_home(engine).await;
    let work = ann.login().await.expect(200).device();
    for number in 0..5 {
        ann.login_from(&home, &format!("guess{number}"))
            .await
            .expect(400);
    }
    ann.login().await.expect(200);
    ann.is_attacked().await;
    ann.login_from(&work, PASSWORD).await.expect(200);
}

#[rstest]
#[tokio::test]
async fn a_right_password_ends_the_devices_count(#[values(Sqlite, Postgres)] engine: Engine) {
    let (_app, ann, mut home) = ann_at_home(engine).await;
    // A stranger, as the device would be after five, would not get in.
    ann.is_attacked().await;
    for _ in 0..3 {
        for number in 0..4 {
            ann.login_from(&home, &format!("guess{number}"))
                .await
                .expect(400);
        }
        home = ann.login_from(&home, PASSWORD).await.expect(200).device();
    }
}

/// SECURITY 9: the device's own count bounds what a stolen token is worth, however fast it is
/// used.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn parallel_guesses_from_a_known_device_cost_as_little_as_a_strangers(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let (app, ann, home) = ann_at_home(engine).await;
    ann.is_attacked().await;
    let before = app.hashes.computed();
    let guess = |number: usize| {
        let (ann, home) = (ann.clone(), home.clone());
        async move {
            ann.login_from(&home, &format!("guess{number}"))
                .await
                .status
        }
    };
    let answers = race(100, guess).await;
    let hashes = app.hashes.computed() - before;
    let wrong = answers.iter().filter(|status| **status == 400).count();
    let refused = answers.iter().filter(|status| **status == 403).count();
    assert_eq!(wrong + refused, 100, "{answers:?}");
    // As many as end its being known, and one for each slot of the account: threads + 1.
    assert!((5..=5 + 2).contains(&hashes), "{hashes} hashes");
    assert_eq!(wrong as u64, hashes);
}

/// SECURITY 9: tokens from before a reset are many places in the queue and no more guesses.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn old_device_tokens_are_worth_no_more_than_none(#[values(Sqlite, Postgres)] engine: Engine) {
    let (app, ann, home) = ann_at_home(engine).await;
    let mut old = vec![home];
    for _ in 0..9 {
        old.push(ann.login().await.expect(200).device());
    }
    app.users
        .admin_revoke_tokens(&Which::Id(1))
        .await
        .expect("done");
    let before = app.hashes.computed();
    let guess = |number: usize| {
        let (ann, device) = (ann.clone(), old[number % old.len()].clone());
        async move {
            let guess = format!("guess{number}");
            ann.login_from(&device, &guess).await.status
        }
    };
    let answers = race(100, guess).await;
    let hashes = app.hashes.computed() - before;
    assert!(answers.iter().all(|status| [400, 403].contains(status)));
    // As many as lock, and one for each slot of the account: threads + 1.
    assert!((5..=5 + 2).contains(&hashes), "{hashes} hashes");
}

/// SECURITY 12: everything that takes a password.
#[rstest]
#[tokio::test]
async fn a_known_device_changes_the_password_of_a_locked_account(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let (_app, ann, home) = ann_at_home(engine).await;
    ann.is_attacked().await;
    let refused = ann.change_password(PASSWORD, "xyz789").await;
    refused.expect_problem(403, "account_locked");
    let changed = ann.change_password_from(&home, PASSWORD, "xyz789").await;
    let home = changed.expect(200).device();
    ann.login_from(&home, "xyz789").await.expect(200);
}

/// What an operator locks is locked for everybody.
#[rstest]
#[tokio::test]
async fn an_operators_lock_binds_known_devices(#[values(Sqlite, Postgres)] engine: Engine) {
    let (app, ann, home) = ann_at_home(engine).await;
    // Also when it comes on top of others' wrong passwords.
    ann.is_attacked().await;
    let which = Which::Id(OWNER.account);
    let hour = Duration::from_hours(1);
    app.users.admin_lock(&which, hour).await.expect("locked");
    let refused = ann.login_from(&home, PASSWORD).await;
    let refused = refused.expect_problem(403, "account_locked");
    assert_eq!(refused.retry_after(), 3_600);
    app.users.admin_unlock(&which).await.expect("unlocked");
    ann.login_from(&home, PASSWORD).await.expect(200);
}
