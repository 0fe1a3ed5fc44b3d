//! Passwords: bounds, presets and words, as a client sees them.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::*;

const KEY: &str = "\u{1f511}";

/// Twelve words a line, so that no part of it is easy to guess.
const WORDS: &str = "plinth gravel osprey mandolin thicket brazen quorum lichen saffron trundle \
     vortex walnut yonder zephyr alcove bistro cobalt dervish ember fjord gusto hamlet \
     ibex jostle kelp lagoon mirth nougat oxbow pylon quartz rivet sprocket tundra umber";

/// SECURITY 15: bounds count code points, not bytes and not UTF-16 units.
#[rstest]
#[case(3, false)]
#[case(4, true)]
#[case(22, true)]
#[case(23, false)]
#[tokio::test]
async fn the_classic_bounds_count_code_points(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[case] emoji: usize,
    #[case] fits: bool,
) {
    let app = TestApp::start(engine).await;
    let password = format!("{}a1", KEY.repeat(emoji));
    let answer = app.try_register("ann@example.com", &password).await;
    if fits {
        answer.expect(201);
        app.login("ann@example.com", &password).await.expect(200);
    } else {
        let answer = answer.expect_problem(400, "password_policy");
        let words = "Password must be 6-24 characters, including letters and digits";
        assert_eq!(answer.err_msg(), words);
        assert_eq!(app.hashes.computed(), 0);
    }
}

/// Every request with a password: path, and body with the password in each place.
fn requests_with(password: &str, reset_token: &str) -> Vec<(&'static str, Value)> {
    let email = "ann@example.com";
    let change = |current: &str, new: &str| {
        let body = json!({
            "email": email, "password": current, "new_password": new, "new_password_confirm": new,
        });
        ("/user/change_password", body)
    };
    vec![
        (
            "/user/login",
            json!({ "email": email, "password": password }),
        ),
        (
            "/user/create",
            json!({
                "email": "bob@example.com", "password": password, "password_confirm": password,
            }),
        ),
        change(password, "xyz789"),
        change(PASSWORD, password),
        (
            "/user/reset_password",
            json!({
                "email": email, "reset_token": reset_token,
                "new_password": password, "new_password_confirm": password,
            }),
        ),
    ]
}

/// SECURITY 15.
#[rstest]
#[tokio::test]
async fn a_password_that_is_far_too_long_costs_no_hash(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    app.deliver_mail().await;
    ann.forgot().await.expect(200);
    let reset_token = app.only_mail().await.token();
    let before = app.hashes.computed();

    let long = "a1".repeat(2_500);
    let codes = [
        "wrong_credentials",
        "password_policy",
        "wrong_password",
        "password_policy",
        "password_policy",
    ];
    for ((path, body), code) in requests_with(&long, &reset_token).into_iter().zip(codes) {
        let answer = app
            .send(Method::POST, path, Some(&ann.token), Some(body))
            .await;
        answer.expect_problem(400, code);
    }
    let huge = "a1".repeat(500_000);
    for (path, body) in requests_with(&huge, &reset_token) {
        let answer = app
            .send(Method::POST, path, Some(&ann.token), Some(body))
            .await;
        answer.expect_problem(413, "body_too_large");
    }
    assert_eq!(app.hashes.computed(), before);
    // Nothing was used up by all that.
    ann.me().await.expect(200);
    app.reset(&ann.email, &reset_token, "xyz789")
        .await
        .expect(200);
}

/// SECURITY 15.
#[rstest]
#[tokio::test]
async fn the_nist_preset_asks_for_length_and_not_for_composition(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::with(engine, &[("password.policy", "nist")]).await;
    let longest: String = WORDS.chars().chain(KEY.chars().cycle()).take(256).collect();
    let longer = format!("{longest}{KEY}");
    for refused in ["abc123", "fourteen chars", &longer] {
        let answer = app.try_register("ann@example.com", refused).await;
        let answer = answer.expect_problem(400, "password_policy");
        assert_eq!(answer.err_msg(), "Password must be 15-256 characters");
    }
    for refused in [
        "passwordpassword",
        "ann@example.com",
        "aaaaaaaaaaaaaaaaaaaa",
    ] {
        let answer = app.try_register("ann@example.com", refused).await;
        let answer = answer.expect_problem(400, "password_guessable");
        assert_eq!(answer.err_msg(), "Password is too easy to guess");
    }
    assert_eq!(app.hashes.computed(), 0);
    let ann = app.register("ann@example.com", &longest).await;
    ann.login().await.expect(200);
    ann.login_with(&longer)
        .await
        .expect_problem(400, "wrong_credentials");
    // What is cut off would still be the same beginning.
    let shorter: String = longest.chars().take(255).collect();
    ann.login_with(&shorter)
        .await
        .expect_problem(400, "wrong_credentials");
    ann.change_password(&longest, "correct-horse-battery")
        .await
        .expect(200);
}

#[rstest]
#[case(&[("password.min_length", "10"), ("password.max_length", "12")], 10, 12)]
#[case(&[("password.min_length", "1")], 1, 24)]
#[case(&[("password.max_length", "1000")], 6, 1_000)]
#[tokio::test]
async fn bounds_can_be_overridden_and_the_words_follow(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[case] settings: &[(&str, &str)],
    #[case] min: usize,
    #[case] max: usize,
) {
    let app = TestApp::with(engine, settings).await;
    let words = format!("Password must be {min}-{max} characters, including letters and digits");
    // A letter and a digit make two.
    let (shortest, longest) = (
        "a1".repeat(min)[..min.max(2)].to_owned(),
        "a1".repeat(max / 2),
    );
    let too_short = "a1".repeat(min)[..min - 1].to_owned();
    for refused in [too_short, format!("{longest}a")] {
        if refused.is_empty() {
            continue;
        }
        let answer = app.try_register("eve@example.com", &refused).await;
        assert_eq!(
            answer.expect_problem(400, "password_policy").err_msg(),
            words
        );
    }
    let ann = app.register("ann@example.com", &shortest).await;
    ann.login().await.expect(200);
    let bob = app.register("bob@example.com", &longest).await;
    bob.login().await.expect(200);
    let refused = bob.change_password(&longest, &format!("{longest}a")).await;
    assert_eq!(
        refused.expect_problem(400, "password_policy").err_msg(),
        words
    );
}

/// A stricter policy is for new passwords; nobody is locked out of their account by it.
#[rstest]
#[tokio::test]
async fn a_password_from_before_a_stricter_policy_still_logs_in(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::with(engine, &[("password.policy", "nist")]).await;
    let ann = app.register("ann@example.com", WORDS).await;
    let mut config = app.config.clone();
    config.password.policy = doorward::domain::password::Preset::Classic.policy();
    let strict = app.another_instance_with(config).await;
    let ann = ann.at(&strict);
    ann.login().await.expect(200);
    ann.change_password(WORDS, WORDS)
        .await
        .expect_problem(400, "password_policy");
    ann.change_password(WORDS, PASSWORD).await.expect(200);
    ann.login_with(PASSWORD).await.expect(200);
}
