//! Accounts with hashes of other software: they log in as ever, and have one of ours from then on.

use rstest::rstest;
use serde_json::json;

use crate::support::binary::Program;
use crate::support::*;

/// Made by Python's bcrypt, hashlib, argon2-cffi, passlib, Django and Werkzeug, of [`PASSWORD`].
const HASHES: [(&str, &str); 11] = [
    (
        "2a",
        "$2a$04$jYUPKqlKZBvnNR3GPbVoH.BiC6500CMnV6hBw3oYBIhfE/P6lrrba",
    ),
    (
        "2b",
        "$2b$10$6K7aE0yd0U0QHvyuCIR/4u.LvHqBEWv4CfJnbrloqMYMeDtyBKv5C",
    ),
    (
        "2y",
        "$2y$04$TWDmLFrP7tXn91S5dPLxf.wm9qpQOOy8hwRNu0mBT16.3v.nCxoim",
    ),
    (
        "argon2d",
        "$argon2d$v=19$m=256,t=2,p=2$MDEyMzQ1Njc4OWFiY2RlZg$SUJ2TRqtxOb+4T4bF4UEOWgBafq60oTC",
    ),
    (
        "argon2i",
        "$argon2i$v=19$m=256,t=2,p=2$MDEyMzQ1Njc4OWFiY2RlZg$QJr1kwr86FKcSZ8LdouWCDqrt021qliu",
    ),
    (
        "argon2id",
        "$argon2id$v=19$m=256,t=2,p=2$MDEyMzQ1Njc4OWFiY2RlZg$fPRAXO0zSoZBHRGX0B0CMlvPHD3+NapD",
    ),
    (
        "passlib",
        "$pbkdf2-sha256$1000$XmvNuffeu5eSco6RUkpp7Q$XwncsNS7.FrE2JbifwyNaxKU1eRpLYwRY5DYmbYJVEY",
    ),
    (
        "keycloak",
        "$pbkdf2-sha512$i=1000$MDEyMzQ1Njc4OWFiY2RlZg$aabICfwpDECSz5GTfFv2l5zic3oC5LZwrD32/m5Uuj36SJkbl2AvRnSMIJqAVyuO84kmsvwluLqfMIQmxpf8KQ",
    ),
    (
        "django",
        "pbkdf2_sha256$1000$saltsaltsalt$XY9WxaJqPl2Eu4UtHXlwdMEqFr6gFFpvcSp6nuDev3s=",
    ),
    (
        "scrypt",
        "$scrypt$ln=8,r=8,p=1$8R5DaI3R+t9by9kbYyyF0A$7YDZh5Hm0+NY7+nnoovsnZxMNFBzssAPmd6INLwwftI",
    ),
    (
        "werkzeug",
        "scrypt:1024:8:1$1golDN9CNhJbOR0F$3ce26e1d3397edbc0ae2914ff55c8f49536d6f673c4b59932c5671baee65957e2625fc5d57588c12b63169ad2f2a1bf3d8f08697b6130ceaeaaf749ac8795983",
    ),
];

/// Imports accounts, which must all be taken.
async fn import(app: &TestApp, accounts: &[(&str, &str)]) {
    let lines = accounts.iter().map(|(name, hash)| {
        json!({ "email": format!("{name}@example.com"), "password_hash": hash }).to_string()
    });
    let lines = lines.collect::<Vec<_>>().join("\n");
    let import = ["user", "import", "-", "--format", "jsonl"];
    let ran = Program::beside(app).run_with_input(&import, &lines).await;
    ran.expect(0);
}

async fn hash_of(app: &TestApp, email: &str) -> String {
    let sql = format!("SELECT password_hash FROM users WHERE email_key = '{email}'");
    app.database.text(&sql).await
}

#[rstest]
#[tokio::test]
async fn a_login_proves_a_foreign_hash_and_replaces_it(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    import(&app, &HASHES).await;
    for (name, hash) in HASHES {
        let email = format!("{name}@example.com");
        let wrong = app.login(&email, "abc124").await;
        wrong.expect_problem(400, "wrong_credentials");
        assert_eq!(hash_of(&app, &email).await, hash);
        let failures = format!(
            "SELECT COUNT(*) FROM login_failures WHERE email_key = '{email}' AND failures = 1"
        );
        assert_eq!(app.database.number(&failures).await, 1, "{name}");

        let token = app.login(&email, PASSWORD).await.expect(200).token();
        app.me(&token).await.expect(200);
        let ours = hash_of(&app, &email).await;
        assert!(ours.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{ours}");
        assert_eq!(app.database.number(&failures).await, 0, "{name}");
        app.login(&email, PASSWORD).await.expect(200);
        assert_eq!(hash_of(&app, &email).await, ours);
    }
}

/// SECURITY 12: a foreign hash is no way around the lock.
#[rstest]
#[tokio::test]
async fn wrong_passwords_for_a_foreign_hash_lock(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    import(&app, &HASHES[..1]).await;
    for _ in 0..5 {
        let wrong = app.login("2a@example.com", "abc124").await;
        wrong.expect_problem(400, "wrong_credentials");
    }
    let locked = app.login("2a@example.com", PASSWORD).await;
    locked.expect_problem(403, "account_locked");
}

/// The policy is for new passwords: an old one may be shorter or longer.
#[rstest]
#[tokio::test]
async fn a_password_that_the_policy_would_refuse_still_logs_in(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let long = "$2b$04$TbV6tkexttzB3s0MIno0E.6uAe5icvN8YEvAIKkTRFuMyGK4ZAkv6";
    import(&app, &[("long", long)]).await;
    let password = "a1".repeat(40);
    app.login("long@example.com", &password).await.expect(200);
    app.login("long@example.com", &password).await.expect(200);
    // bcrypt took the first 72 bytes alone; ours takes all of them.
    let cut = app.login("long@example.com", &password[..72]).await;
    cut.expect_problem(400, "wrong_credentials");
}

/// SECURITY 16: the old software hashed what was typed, in whatever form that was.
#[rstest]
#[tokio::test]
async fn a_password_in_another_unicode_form_logs_in_and_is_stored_in_ours(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let decomposed = "$2b$04$XYep84AJUKY4cCrPcOiOju0YgR1kxaC63MrNblsEkQSureQ..5MhG";
    import(&app, &[("ann", decomposed)]).await;
    let composed = app.login("ann@example.com", "p\u{e4}ss123").await;
    composed.expect_problem(400, "wrong_credentials");
    for typed in ["pa\u{308}ss123", "p\u{e4}ss123", "pa\u{308}ss123"] {
        app.login("ann@example.com", typed).await.expect(200);
    }
}

/// A token of elsewhere names a number that is somebody else's here, and the key may be the same.
#[rstest]
#[tokio::test]
async fn a_token_from_before_the_move_opens_no_account(#[values(Sqlite, Postgres)] engine: Engine) {
    let forge = Forge::new();
    let settings = [("jwt.secret", forge.secret.as_str())];
    let old = TestApp::with(engine, &settings).await;
    let new = TestApp::with(engine, &settings).await;
    let ann = old.register("ann@example.com", PASSWORD).await;
    import(&new, &HASHES[..1]).await;
    ann.me().await.expect(200);
    let token = ann.at(&new).me().await;
    token.expect_problem(400, "invalid_token");
}
