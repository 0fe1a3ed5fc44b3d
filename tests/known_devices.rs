//! A device that its owner logged in from is not locked out by others' wrong passwords (OWASP
//! device cookies).

use std::time::Duration;

use doorward::clock::Clock as _;
use doorward::domain::email::Email;
use doorward::security::access_token::TokenSubject;
use doorward::security::device_token::DeviceTokens;
use doorward::user_manager::Which;
use rstest::rstest;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use crate::support::device::DEVICE_TOKEN;
use crate::support::*;

/// 90 days.
const LIFETIME: Duration = Duration::from_hours(90 * 24);

/// Ann, who is the first to register.
const OWNER: TokenSubject = TokenSubject {
    account: 1,
    version: 1,
};

/// The service, Ann, and the token of the browser that she logged in from.
async fn ann_at_home(engine: Engine) -> (TestApp, User, String) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    let home = ann.login().await.expect(200).device();
    (app, ann, home)
}

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
    for _ in 0..3 {
        for number in 0..4 {
            ann.login_from(&home, &format!("guess{number}"))
                .await
                .expect(400);
        }
        home = ann.login_from(&home, PASSWORD).await.expect(200).device();
    }
    ann.is_attacked().await;
    ann.login_from(&home, PASSWORD).await.expect(200);
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

/// SECURITY 12: everything that takes a password.
#[rstest]
#[tokio::test]
async fn a_known_device_changes_the_password_of_a_locked_account(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let (app, ann, home) = ann_at_home(engine).await;
    ann.is_attacked().await;
    let bearer = format!("Bearer {}", ann.token);
    let body = json!({
        "email": ann.email, "password": PASSWORD,
        "new_password": "xyz789", "new_password_confirm": "xyz789",
    });
    let stranger = [("authorization", bearer.as_str())];
    app.post_with("/user/change_password", &stranger, body.clone())
        .await
        .expect_problem(403, "account_locked");
    let known = [("authorization", bearer.as_str()), (DEVICE_TOKEN, &home)];
    let changed = app.post_with("/user/change_password", &known, body).await;
    let home = changed.expect(200).device();
    ann.login_from(&home, "xyz789").await.expect(200);
}

/// SECURITY 13: whoever attacks would lock it again before the owner has logged in.
#[rstest]
#[tokio::test]
async fn a_reset_makes_the_device_known(#[values(Sqlite, Postgres)] engine: Engine) {
    let (app, ann, _) = ann_at_home(engine).await;
    app.deliver_mail().await;
    ann.is_attacked().await;
    let mail = app.only_mail().await;
    assert!(
        mail.subject.ends_with("is locked for a while"),
        "{}",
        mail.subject
    );
    // The mail that says so has the link.
    let reset = app.reset(&ann.email, &mail.token(), "xyz789").await;
    let device = reset.expect(200).device();
    ann.is_attacked().await;
    ann.login_from(&device, "xyz789").await.expect(200);
}

#[rstest]
#[tokio::test]
async fn who_registers_has_a_known_device_unless_the_mailbox_has_to_be_proven_first(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    for (rule, known) in [("optional", true), ("off", true), ("required", false)] {
        let app = TestApp::with(engine, &[("registration.confirmation", rule)]).await;
        let answer = app
            .try_register("ann@example.com", PASSWORD)
            .await
            .expect(201);
        assert_eq!(!answer.device_cookie().is_empty(), known, "{rule}");
    }
}

/// A token of one account is worth nothing for another's, and nothing that was not made here is.
#[rstest]
#[tokio::test]
async fn a_token_that_is_not_for_this_address_is_as_good_as_none(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let (app, ann, home) = ann_at_home(engine).await;
    let eve = app.register("eve@example.com", PASSWORD).await;
    let eves = eve.login().await.expect(200).device();
    let other_key = SecretString::from("another secret");
    let forged = DeviceTokens::new(&other_key, Duration::from_hours(1));
    let key = Email::parse(&ann.email).expect("an address");
    let forged = forged.issue(None, key.key(), OWNER, app.clock.now());
    ann.is_attacked().await;
    let changed = home.replace(|c: char| c == home.chars().next().expect("a text"), "~");
    for device in [
        eves.as_str(),
        forged.expose_secret(),
        &changed,
        &home[1..],
        &format!("{home}A"),
        "",
        "null",
        &ann.token,
    ] {
        let refused = ann.login_from(device, PASSWORD).await;
        refused.expect_problem(403, "account_locked");
    }
    ann.login_from(&home, PASSWORD).await.expect(200);
}

#[rstest]
#[tokio::test]
async fn a_token_is_good_for_ninety_days_and_each_login_begins_them_anew(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let (app, ann, home) = ann_at_home(engine).await;
    assert_eq!(app.config.device_lifetime, LIFETIME);
    app.clock
        .advance(LIFETIME.saturating_sub(Duration::from_mins(1)));
    ann.is_attacked().await;
    let newer = ann.login_from(&home, PASSWORD).await.expect(200).device();
    app.clock.advance(Duration::from_mins(1));
    ann.login_from(&home, PASSWORD)
        .await
        .expect_problem(403, "account_locked");
    ann.login_from(&newer, PASSWORD).await.expect(200);
}

/// SECURITY 28: neither the token nor its code is at rest anywhere.
#[rstest]
#[tokio::test]
async fn a_device_token_is_stored_nowhere(#[values(Sqlite, Postgres)] engine: Engine) {
    use base64::Engine as _;
    let (app, ann, home) = ann_at_home(engine).await;
    ann.login_from(&home, "guess1").await.expect(400);
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let bytes = bytes.decode(&home).expect("base64url");
    let dump = Dump::of(&app.database).await;
    let (id, code) = (&bytes[..16], &bytes[40..]);
    let hex = uuid::Uuid::from_slice(id).expect("an id").to_string();
    // The search does find what is there.
    assert!(
        dump.has_bytes(id) || dump.has_text(&hex),
        "the count is there"
    );
    assert!(!dump.has_text(&home) && !dump.has_bytes(code));
}

/// The janitor forgets a count when the token that it was for has expired, and not before.
#[rstest]
#[tokio::test]
async fn counts_are_forgotten_with_their_token(#[values(Sqlite, Postgres)] engine: Engine) {
    let (app, ann, home) = ann_at_home(engine).await;
    for number in 0..5 {
        ann.login_from(&home, &format!("guess{number}"))
            .await
            .expect(400);
    }
    let count = async || {
        let count = "SELECT CAST(count(*) AS text) FROM device_failures";
        app.database.text(count).await
    };
    app.clock
        .advance(LIFETIME.saturating_sub(Duration::from_secs(1)));
    app.janitor.clean().await.expect("cleaned");
    assert_eq!(count().await, "1");
    app.clock.advance(Duration::from_secs(1));
    app.janitor.clean().await.expect("cleaned");
    assert_eq!(count().await, "0");
}

/// SECURITY 2, 12: whoever knew an older password, a squatter for example, could otherwise go on
/// guessing past the lock from as many devices as were collected.
#[rstest]
#[tokio::test]
async fn what_kills_the_tokens_makes_strangers_of_the_devices(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[values("reset", "change", "revoke", "delete")] how: &str,
) {
    let (app, ann, squatter) = ann_at_home(engine).await;
    app.deliver_mail().await;
    let which = Which::Id(OWNER.account);
    let mut password = "xyz789";
    match how {
        "reset" => {
            ann.forgot().await.expect(200);
            let token = app.only_mail().await.token();
            app.reset(&ann.email, &token, password).await.expect(200);
        }
        "change" => drop(ann.change_password(PASSWORD, password).await.expect(200)),
        "revoke" => {
            password = PASSWORD;
            app.users.admin_revoke_tokens(&which).await.expect("done");
        }
        _ => {
            app.users.admin_delete(&which).await.expect("done");
            app.register(&ann.email, password).await;
        }
    }
    ann.is_attacked().await;
    for right in [password, "guess12"] {
        let refused = ann.login_from(&squatter, right).await;
        refused.expect_problem(403, "account_locked");
    }
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
