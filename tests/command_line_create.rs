//! Accounts that an operator makes.

use rstest::rstest;

use crate::support::binary::Program;
use crate::support::*;

#[rstest]
#[tokio::test]
async fn an_account_is_made_with_a_password_that_works(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::with(engine, &[("registration.confirmation", "required")]).await;
    let program = Program::beside(&app);
    let ran = program
        .run(&["user", "create", "Ann@Example.com"])
        .await
        .expect(0);
    let made = ran
        .stdout
        .trim()
        .strip_prefix("account 1, password ")
        .expect("made")
        .to_owned();
    assert_eq!(made.len(), 20);
    // The operator vouches for the mailbox.
    let token = app
        .login("ann@example.com", &made)
        .await
        .expect(200)
        .token();
    assert_eq!(
        app.me(&token).await.expect(200).body["email"],
        "Ann@Example.com"
    );

    let json = program
        .run(&["user", "create", "bob@example.com", "--json"])
        .await
        .expect(0)
        .json();
    assert_eq!(json["id"], 2);
    let made = json["password"].as_str().expect("a password");
    app.login("bob@example.com", made).await.expect(200);

    let create = ["user", "create", "carl@example.com", "--password-stdin"];
    let ran = program
        .run_with_input(&create, "carl\u{e4}123\r\nsecond line\n")
        .await
        .expect(0);
    assert_eq!(ran.stdout, "account 3\n");
    app.login("carl@example.com", "carl\u{e4}123")
        .await
        .expect(200);
    assert_eq!(app.deliver_mail().await.len(), 0);
}

#[rstest]
#[tokio::test]
async fn an_account_that_cannot_be_made_says_why(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.register("ann@example.com", PASSWORD).await;
    let program = Program::beside(&app);
    let taken = program
        .run(&["user", "create", "ANN@example.com"])
        .await
        .expect(1);
    assert!(
        taken.stderr.contains("the address has an account already"),
        "{}",
        taken.stderr
    );
    for weak in [
        "",
        "short",
        "\n",
        "onlyletters\n",
        "abcdefghijklmnopqrstuvwxyz123\n",
    ] {
        let create = ["user", "create", "bob@example.com", "--password-stdin"];
        let ran = program.run_with_input(&create, weak).await.expect(2);
        assert!(
            ran.stderr.contains("Password must be 6-24 characters"),
            "{}",
            ran.stderr
        );
        assert!(
            weak.len() < 2 || !ran.stderr.contains(weak.trim()),
            "{}",
            ran.stderr
        );
    }
    let ran = program
        .run(&["user", "create", "not an address"])
        .await
        .expect(2);
    assert!(
        ran.stderr.contains("not an e-mail address"),
        "{}",
        ran.stderr
    );
    assert_eq!(app.database.number("SELECT COUNT(*) FROM users").await, 1);

    let nist = program.set("DOORWARD__PASSWORD__POLICY", "nist");
    let made = nist
        .run(&["user", "create", "bob@example.com", "--json"])
        .await
        .expect(0)
        .json();
    assert!(made["password"].as_str().expect("made").len() >= 15);
}
