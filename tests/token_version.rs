//! A dead token is dead at once, at every instance.

use doorward::clock::Clock as _;
use doorward::user_manager::Which;
use futures_util::future::join_all;
use rstest::rstest;
use serde_json::json;

use crate::support::forge::HEADER;
use crate::support::*;

#[derive(Debug, Clone, Copy)]
enum Death {
    Change,
    Reset,
    Revoke,
    Disable,
    DisableAndEnable,
    Delete,
}

/// SECURITY 25.
#[rstest]
#[tokio::test]
async fn a_dead_token_is_dead_at_every_instance(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[values(
        Death::Change,
        Death::Reset,
        Death::Revoke,
        Death::Disable,
        Death::DisableAndEnable,
        Death::Delete
    )]
    death: Death,
) {
    let app = TestApp::start(engine).await;
    let other = app.another_instance().await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    let bob = app.register("bob@example.com", PASSWORD).await;
    app.deliver_mail().await;
    let second = ann.login().await.expect(200).token();
    for instance in [&app, &other] {
        instance.me(&ann.token).await.expect(200);
        instance.me(&second).await.expect(200);
    }

    let which: Which = ann.email.parse().expect("an address");
    match death {
        Death::Change => drop(ann.change_password(PASSWORD, "xyz789").await.expect(200)),
        Death::Reset => {
            ann.forgot().await.expect(200);
            let token = app.only_mail().await.token();
            app.reset(&ann.email, &token, "xyz789").await.expect(200);
        }
        Death::Revoke => app
            .users
            .admin_revoke_tokens(&which)
            .await
            .expect("revoked"),
        Death::Disable => app.users.admin_disable(&which).await.expect("disabled"),
        Death::DisableAndEnable => {
            app.users.admin_disable(&which).await.expect("disabled");
            app.users.admin_enable(&which).await.expect("enabled");
        }
        Death::Delete => app.users.admin_delete(&which).await.expect("deleted"),
    }

    for instance in [&other, &app] {
        for token in [&ann.token, &second] {
            instance
                .me(token)
                .await
                .expect_problem(400, "invalid_token");
            let body = json!({ "email": ann.email, "password": "xyz789",
                "new_password": "mno456", "new_password_confirm": "mno456" });
            let answer = instance.post_as(token, "/user/change_password", body).await;
            answer.expect_problem(400, "invalid_token");
        }
        instance.me(&bob.token).await.expect(200);
    }
}

/// SECURITY 25. The new token of a change works at once everywhere.
#[rstest]
#[tokio::test]
async fn the_token_of_a_change_is_alive_at_every_instance(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let other = app.another_instance().await;
    let mut ann = app.register("ann@example.com", PASSWORD).await;
    for new in ["xyz781", "xyz782", "xyz783"] {
        ann.token = ann
            .change_password(&ann.password, new)
            .await
            .expect(200)
            .token();
        ann.password = new.to_owned();
        other.me(&ann.token).await.expect(200);
        app.me(&ann.token).await.expect(200);
    }
}

/// SECURITY 25. Token checks are read in batches; nobody gets another's row.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn parallel_token_checks_give_everybody_their_own_account(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let forge = Forge::new();
    let app = TestApp::with(engine, &[("jwt.secret", &forge.secret)]).await;
    let emails: Vec<String> = (0..50)
        .map(|number| format!("user{number}@example.com"))
        .collect();
    let users = join_all(emails.iter().map(|email| app.register(email, PASSWORD))).await;
    // Every tenth is closed, and must not get what the rest of the batch gets.
    for user in users.iter().step_by(10) {
        let which: Which = user.email.parse().expect("an address");
        app.users.admin_disable(&which).await.expect("disabled");
    }
    let now = app.clock.now().timestamp();
    let unknown = |id: usize| {
        let claims = json!({ "iss": "doorward", "sub": id.to_string(), "iat": now,
            "exp": now + 60, "jti": "x", "ver": 1 });
        forge.sign(HEADER, &claims.to_string())
    };
    let known = (0..500).map(async |number| {
        let user = &users[number % users.len()];
        let answer = user.me().await;
        if (number % users.len()).is_multiple_of(10) {
            answer.expect_problem(400, "invalid_token");
        } else {
            assert_eq!(answer.expect(200).body["email"], user.email.as_str());
        }
    });
    let strangers = (0..100).map(async |number| {
        let token = unknown(51 + number);
        app.me(&token).await.expect_problem(400, "invalid_token");
    });
    tokio::join!(join_all(known), join_all(strangers));
}
