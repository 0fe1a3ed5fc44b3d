//! One canonical form of an address in every flow.

use rstest::rstest;

use crate::support::*;

/// SECURITY 3: registered one way, used another.
#[rstest]
#[tokio::test]
async fn every_flow_takes_any_spelling_of_an_address(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[values(
        ("Ann@Example.COM", "aNN@eXAMPLE.com"),
        ("ann@b\u{fc}cher.example", "ANN@XN--BCHER-KVA.example"),
        ("ann@BU\u{308}CHER.example", "ann@b\u{fc}cher.example"),
        ("jos\u{e9}@example.com", "JOSE\u{301}@example.com"),
        ("ann@example\u{3002}com", "ann@example.com"),
    )]
    spellings: (&str, &str),
) {
    let (typed, other) = spellings;
    let app = TestApp::start(engine).await;
    let user = app.register(typed, PASSWORD).await;
    assert_eq!(user.me().await.expect(200).body["email"], typed);
    let confirm = app.only_mail().await;

    for duplicate in [typed, other] {
        let answer = app.try_register(duplicate, PASSWORD).await;
        answer.expect_problem(400, "email_taken");
    }
    app.login(other, PASSWORD).await.expect(200);
    app.confirm(other, &confirm.token()).await.expect(200);

    let mut other_spelling = user.clone();
    other_spelling.email = other.into();
    let changed = other_spelling
        .change_password(PASSWORD, "second2")
        .await
        .expect(200);
    assert_eq!(
        app.me(&changed.token()).await.expect(200).body["email"],
        typed
    );
    app.deliver_mail().await;

    // Wrong passwords under both spellings count together.
    for spelling in [typed, other, typed, other, typed] {
        app.login(spelling, "wrong1")
            .await
            .expect_problem(400, "wrong_credentials");
    }
    for spelling in [typed, other] {
        app.login(spelling, "second2")
            .await
            .expect_problem(403, "account_locked");
    }
    app.deliver_mail().await;

    app.forgot(other).await.expect(200);
    let mail = app.only_mail().await;
    app.reset(typed, &mail.token(), "third33").await.expect(200);
    for spelling in [typed, other] {
        app.login(spelling, "third33").await.expect(200);
    }
    assert_eq!(app.database.number("SELECT COUNT(*) FROM users").await, 1);
}

/// SECURITY 3: what only looks alike is another address.
#[rstest]
#[tokio::test]
async fn look_alikes_are_other_accounts(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let sam = app.register("sam@example.com", PASSWORD).await;
    // A long s and a Cyrillic a: a case mapping that folds them would hand over the account.
    for look_alike in ["\u{17f}am@example.com", "s\u{430}m@example.com"] {
        app.login(look_alike, PASSWORD)
            .await
            .expect_problem(400, "wrong_credentials");
        let other = app.register(look_alike, "other456").await;
        assert_eq!(other.me().await.expect(200).body["email"], look_alike);
        other.forgot().await.expect(200);
    }
    sam.login().await.expect(200);
    assert_eq!(
        app.deliver_mail()
            .await
            .iter()
            .filter(|m| m.to == "sam@example.com")
            .count(),
        1
    );
}

/// SECURITY 3, 35: white space and what cannot be seen is refused, never trimmed.
#[rstest]
#[tokio::test]
async fn an_address_is_not_repaired(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.register("ann@example.com", PASSWORD).await;
    for typed in [
        " ann@example.com",
        "ann@example.com ",
        "ann@example.com\n",
        "a\u{200b}nn@example.com",
        "ann\u{feff}@example.com",
        "ann@exam\u{ad}ple.com\u{200b} ",
        "ann@example.com\r\nBcc: eve@example.com",
        "ann@example.com,eve@example.com",
        "Ann <ann@example.com>",
    ] {
        for answer in [
            app.try_register(typed, PASSWORD).await,
            app.login(typed, PASSWORD).await,
            app.forgot(typed).await,
            app.confirm(typed, "x").await,
            app.reset(typed, "x", "xyz789").await,
        ] {
            assert_eq!(answer.err_msg(), "Invalid email", "{typed:?}");
        }
    }
    assert_eq!(app.database.number("SELECT COUNT(*) FROM users").await, 1);
    assert_eq!(app.deliver_mail().await.len(), 1);
}
