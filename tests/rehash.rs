//! Stored hashes that are not like new ones: older parameters, and what nobody should compute.

use std::sync::Arc;

use doorward::domain::password::Preset;
use doorward::security::password_hash::{HashMemory, HashParams};
use rstest::rstest;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::support::*;

const OLD_PARAMS: HashParams = HashParams {
    memory_kib: 32,
    iterations: 2,
};
const NEW: &str = "xyz789";
const HASH: &str = "SELECT password_hash FROM users WHERE email_key = 'ann@example.com'";

/// A PHC string of [`PASSWORD`] with older parameters.
fn old_hash() -> String {
    let password = Preset::Classic
        .policy()
        .check(PASSWORD, None)
        .expect("meets the policy");
    let hash = OLD_PARAMS.hash(password.as_bytes(), &mut HashMemory::default());
    hash.expect("hashed").as_str().to_owned()
}

async fn store_hash(app: &TestApp, phc: &str) {
    app.database
        .execute(&format!("UPDATE users SET password_hash = '{phc}'"))
        .await;
}

/// SECURITY 18.
#[rstest]
#[tokio::test]
async fn a_login_replaces_a_hash_with_older_parameters_once(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    let old = old_hash();
    store_hash(&app, &old).await;

    ann.login_with("wrong1")
        .await
        .expect_problem(400, "wrong_credentials");
    assert_eq!(
        app.database.text(HASH).await,
        old,
        "only the right password replaces it"
    );
    let before = app.hashes.computed();
    ann.login().await.expect(200);
    assert_eq!(app.hashes.computed(), before + 2);
    let new = app.database.text(HASH).await;
    assert!(new.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{new}");

    ann.login().await.expect(200);
    assert_eq!(app.hashes.computed(), before + 3);
    assert_eq!(app.database.text(HASH).await, new);
    ann.login_with("wrong1")
        .await
        .expect_problem(400, "wrong_credentials");
    // It is the same password, so the tokens live on.
    ann.me().await.expect(200);
}

/// SECURITY 18: what is typed differently each time is stored in one form.
#[rstest]
#[tokio::test]
async fn a_rehash_does_not_depend_on_the_spelling(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", "p\u{e4}ss123").await;
    let mut memory = HashMemory::default();
    let old = OLD_PARAMS
        .hash("p\u{e4}ss123".as_bytes(), &mut memory)
        .expect("hashed");
    store_hash(&app, old.as_str()).await;
    ann.login_with("pa\u{308}ss123").await.expect(200);
    assert_ne!(app.database.text(HASH).await, old.as_str());
    ann.login().await.expect(200);
    ann.login_with("pa\u{308}ss123").await.expect(200);
}

/// One account's race; the user has the new token afterwards.
async fn race(user: &mut User) {
    let barrier = Arc::new(Barrier::new(2));
    let login = {
        let (user, barrier) = (user.clone(), Arc::clone(&barrier));
        tokio::spawn(async move {
            barrier.wait().await;
            user.login().await
        })
    };
    let change = {
        let user = user.clone();
        tokio::spawn(async move {
            barrier.wait().await;
            user.change_password(PASSWORD, NEW).await
        })
    };
    let (login, change) = (
        login.await.expect("answered"),
        change.await.expect("answered"),
    );
    let new_token = change.expect(200).token();
    user.login_with(NEW).await.expect(200);
    user.login().await.expect_problem(400, "wrong_credentials");
    user.login_with(NEW).await.expect(200);
    if login.status == 200 {
        user.token = login.token();
        user.me().await.expect_problem(400, "invalid_token");
    } else {
        login.expect_problem(400, "wrong_credentials");
    }
    user.token = new_token;
}

/// SECURITY 18: 20 rounds with 25 accounts on each engine are 1,000 races.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_password_change_always_beats_a_rehash(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut users = Vec::new();
    for number in 0..25 {
        users.push(
            app.register(&format!("user{number}@example.com"), PASSWORD)
                .await,
        );
    }
    let old = old_hash();
    for _ in 0..20 {
        store_hash(&app, &old).await;
        let mut races = JoinSet::new();
        for mut user in users.drain(..) {
            races.spawn(async move {
                race(&mut user).await;
                user
            });
        }
        users = races.join_all().await;
    }
}

/// SECURITY 20: a poisoned row is our fault and costs nothing; everybody else goes on.
#[rstest]
#[case("$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAA")]
#[case("$argon2id$v=19$m=64,t=1000000,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAA")]
#[case("$2b$15$9jJBV4P58IL01CWNWYHHnOBGJJYk64rD9WlKjkaZTyMJzk3bl4LI6")]
#[case("canary, not a hash")]
#[case("")]
#[tokio::test]
async fn a_stored_hash_that_cannot_be_checked_is_a_500_for_its_owner_only(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[case] stored: &str,
) {
    let app = TestApp::start(engine).await;
    let bob = app.register("bob@example.com", PASSWORD).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    let poison = format!("UPDATE users SET password_hash = '{stored}' WHERE id = 2");
    app.database.execute(&poison).await;
    for _ in 0..6 {
        let answer = ann.login().await.expect_problem(500, "internal");
        assert_eq!(answer.err_msg(), "Something went wrong on our side");
        let text = answer.text.to_lowercase();
        assert!(!text.contains("argon") && !text.contains("hash") && !text.contains("canary"));
        bob.login().await.expect(200);
    }
    ann.change_password(PASSWORD, NEW)
        .await
        .expect_problem(500, "internal");
    ann.me().await.expect(200);
    // A reset does not look at it and heals the account.
    app.deliver_mail().await;
    ann.forgot().await.expect(200);
    let token = app.only_mail().await.token();
    app.reset(&ann.email, &token, NEW).await.expect(200);
    ann.login_with(NEW).await.expect(200);
}
