//! A history of racing changes and checks on two instances, in which no check may give what a
//! change that had ended before it began has replaced.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use doorward::store::account_loader::AccountLoader;
use doorward::user_manager::{AdminError, Failure, Which};
use futures_util::future::join_all;
use rstest::rstest;

use crate::account_cache::{add_accounts, instance};
use crate::support::*;

const ACCOUNTS: i64 = 5;
const CHANGES: usize = 150;
const READERS: usize = 6;

/// Puts every beginning and end in one order.
#[derive(Default)]
struct Order(AtomicU64);

impl Order {
    fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst)
    }
}

/// Something that began, ended, and made or saw a token version.
struct Event {
    account: i64,
    began: u64,
    ended: u64,
    version: i64,
    /// For a change: the most that the version can have been before it.
    before: i64,
}

/// On a machine that is busy with other things the database may not answer in time, and then it is
/// not known whether a change took effect.
async fn change(app: Arc<TestApp>, account: i64, order: Arc<Order>) -> Vec<Event> {
    let mut events = Vec::new();
    let (mut version, mut before) = (1, 0);
    while events.len() < CHANGES {
        let began = order.next();
        let revoked = app.users.admin_revoke_tokens(&Which::Id(account)).await;
        before += 1;
        match revoked {
            Ok(()) => version += 1,
            Err(AdminError::Failed(Failure::Unavailable(_))) => continue,
            Err(error) => panic!("{error}"),
        }
        let ended = order.next();
        events.push(Event {
            account,
            began,
            ended,
            version,
            before,
        });
    }
    events
}

async fn check(
    loader: AccountLoader,
    first: usize,
    order: Arc<Order>,
    done: Arc<AtomicBool>,
) -> Vec<Event> {
    let mut events = Vec::new();
    let mut account = i64::try_from(first).expect("small");
    while !done.load(Ordering::SeqCst) {
        account = account % ACCOUNTS + 1;
        let began = order.next();
        let Ok(found) = loader.load(account).await else {
            continue;
        };
        let version = found.expect("there").token_version;
        let ended = order.next();
        events.push(Event {
            account,
            began,
            ended,
            version,
            before: 0,
        });
    }
    events
}

/// SECURITY 25. Every check gives a version that was there at some moment during the check. On a busy
/// machine there are millions of checks, so each is compared with two changes alone: those of one
/// account come one after the other, and both of their versions only grow.
fn assert_strict(changes: &[Event], checks: &[Event]) {
    for account in 1..=ACCOUNTS {
        let of_account = |event: &&Event| event.account == account;
        let changes: Vec<&Event> = changes.iter().filter(of_account).collect();
        assert!(changes.is_sorted_by_key(|change| (change.began, change.version, change.before)));
        for check in checks.iter().filter(of_account) {
            let ended = changes.partition_point(|change| change.ended < check.began);
            let begun = changes.partition_point(|change| change.began < check.ended);
            let before = ended.checked_sub(1).map(|last| changes[last]);
            let too_old = before.filter(|change| check.version < change.version);
            let after = changes.get(begun).copied();
            let too_new = after.filter(|change| check.version > change.before);
            if let Some(change) = too_old.or(too_new) {
                panic!(
                    "account {account}: a check from {} to {} saw version {}, but the change to {} \
                     was from {} to {}",
                    check.began,
                    check.ended,
                    check.version,
                    change.version,
                    change.began,
                    change.ended
                );
            }
        }
    }
}

async fn race(app: TestApp, cached: usize) {
    add_accounts(&app, ACCOUNTS).await;
    let app = Arc::new(app);
    let (order, done) = (Arc::new(Order::default()), Arc::new(AtomicBool::new(false)));
    let instances = [instance(&app, cached), instance(&app, cached)];
    let readers: Vec<_> = (0..READERS)
        .map(|number| {
            let loader = instances[number % 2].1.clone();
            tokio::spawn(check(loader, number, Arc::clone(&order), Arc::clone(&done)))
        })
        .collect();
    let writers = (1..=ACCOUNTS)
        .map(|account| tokio::spawn(change(Arc::clone(&app), account, Arc::clone(&order))));
    let changes = join_all(writers).await;
    done.store(true, Ordering::SeqCst);
    let checks = join_all(readers).await;
    let flat = |events: Vec<Result<Vec<Event>, _>>| -> Vec<Event> {
        events
            .into_iter()
            .flat_map(|task: Result<_, tokio::task::JoinError>| task.expect("no panic"))
            .collect()
    };
    let (changes, checks) = (flat(changes), flat(checks));
    assert!(
        checks.len() > changes.len() / 4,
        "this was no race: {} checks",
        checks.len()
    );
    assert_strict(&changes, &checks);
}

/// SECURITY 25. With room for all accounts, for some, and for none.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn no_check_on_two_instances_gives_what_was_replaced(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[values(1_000, 4, 0)] cached: usize,
) {
    race(TestApp::start(engine).await, cached).await;
}

/// SECURITY 25.
#[rstest]
#[case("serializable")]
#[case("repeatable read")]
#[tokio::test(flavor = "multi_thread")]
async fn nor_at_a_stricter_isolation_level(#[case] level: &str) {
    let first = TestApp::start(Postgres).await;
    let name = first.database.text("SELECT current_database()::text").await;
    let set = format!("ALTER DATABASE {name} SET default_transaction_isolation = '{level}'");
    first.database.execute(&set).await;
    // Only new connections get it.
    race(first.another_instance().await, 1_000).await;
}

/// The check of the history can fail.
#[test]
#[should_panic(expected = "a check from 2 to 3 saw version 1, but the change to 2 was from 0 to 1")]
fn a_history_that_no_correct_service_gives_is_found() {
    let change = Event {
        account: 1,
        began: 0,
        ended: 1,
        version: 2,
        before: 1,
    };
    let check = Event {
        account: 1,
        began: 2,
        ended: 3,
        version: 1,
        before: 0,
    };
    assert_strict(&[change], &[check]);
}
