//! The device token: who gets one, whom it is good for, how long, and what is kept of it.

use std::time::Duration;

use doorward::clock::Clock as _;
use doorward::domain::email::Email;
use doorward::security::device_token::DeviceTokens;
use doorward::user_manager::Which;
use rstest::rstest;
use secrecy::{ExposeSecret as _, SecretString};

use crate::support::device::{OWNER, ann_at_home};
use crate::support::*;

/// 90 days.
const LIFETIME: Duration = Duration::from_hours(90 * 24);

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
    assert_eq!(dump.form_of(&home), None);
    assert!(!dump.has_bytes(code));
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
