//! The program is killed while it registers people and mails to them.

use std::collections::BTreeSet;

use rstest::rstest;
use serde_json::json;

use crate::support::process::Process;
use crate::support::*;

const ROUNDS: usize = 5;

/// SECURITY 36: whoever has an account in the end is mailed to, and nobody else is.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_registered_before_a_kill_is_mailed_to_and_nobody_else(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let folder = tempfile::tempdir().expect("a folder");
    let database = TestDatabase::create(engine, folder.path()).await;
    let variables = [
        ("DATABASE_URL", &*database.url),
        ("DOORWARD__MAIL__TRANSPORT", "file"),
    ];
    let mails = folder.path().join("data/mails");
    let mut asked = BTreeSet::new();
    for round in 0..ROUNDS {
        let (mut process, client) = Process::start(folder.path(), &variables).await;
        let promised = format!("promised{round}@example.com");
        let mut under_way = tokio::task::JoinSet::new();
        for number in 0..8 {
            let email = format!("user{round}x{number}@example.com");
            under_way.spawn(begin_to_register(client.clone(), email.clone()));
            asked.insert(email);
        }
        client.try_register(&promised, PASSWORD).await.expect(201);
        asked.insert(promised);
        // Some are in the queue, some in a transaction, some mails are on their way.
        process.kill();
        under_way.join_all().await;
    }
    // As if the leases of those that were killed were over.
    let due = "UPDATE outbox SET leased_until = NULL, due_at = created_at WHERE sent_at IS NULL";
    database.execute(due).await;
    let (_process, _client) = Process::start(folder.path(), &variables).await;
    let waiting = "SELECT COUNT(*) FROM outbox WHERE sent_at IS NULL";
    eventually("all mails left", async || {
        database.number(waiting).await == 0
    })
    .await;

    let mailed: BTreeSet<String> = mailbox::read(&mails)
        .into_iter()
        .map(|mail| mail.to)
        .collect();
    let mut registered = BTreeSet::new();
    for email in asked {
        let count = format!("SELECT COUNT(*) FROM users WHERE email_key = '{email}'");
        if database.number(&count).await == 1 {
            registered.insert(email);
        }
    }
    assert_eq!(mailed, registered);
    for round in 0..ROUNDS {
        assert!(
            registered.contains(&format!("promised{round}@example.com")),
            "{round}"
        );
    }
}

/// The answer may never come.
async fn begin_to_register(client: Client, email: String) {
    let body = json!({ "email": email, "password": PASSWORD, "password_confirm": PASSWORD });
    let request = client.http.post(format!("{}/user/create", client.url));
    drop(request.json(&body).send().await);
}
