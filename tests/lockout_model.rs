//! The lockout against a reference model: a list of failures and the end of a lock.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rstest::rstest;
use tokio::runtime::Runtime;

use crate::support::*;

/// Seconds.
const WINDOW: u64 = 120;
const FREEZE: u64 = 900;

#[derive(Debug, Clone, Copy)]
enum Step {
    Wrong,
    Right,
    Wait(u64),
}

/// What the contract says, in its own words.
#[derive(Debug, Default)]
struct Model {
    /// Seconds since the start.
    now: u64,
    /// When the failures of the current count were.
    failures: Vec<u64>,
    locked_until: Option<u64>,
}

impl Model {
    /// The status and, when it is locked, how long still.
    fn attempt(&mut self, right: bool) -> (u16, Option<u64>) {
        if let Some(until) = self.locked_until
            && self.now < until
        {
            return (403, Some(until - self.now));
        }
        if right {
            (self.failures, self.locked_until) = (Vec::new(), None);
            return (200, None);
        }
        let unlocked = self.locked_until.take().is_some();
        let late = self
            .failures
            .last()
            .is_some_and(|last| self.now - last > WINDOW);
        if unlocked || late {
            self.failures.clear();
        }
        self.failures.push(self.now);
        if self.failures.len() == 5 {
            self.locked_until = Some(self.now + FREEZE);
        }
        (400, None)
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let wait = prop::sample::select(vec![1, 119, 120, 121, 899, 900, 901]);
    let step = prop_oneof![
        6 => Just(Step::Wrong),
        1 => Just(Step::Right),
        2 => wait.prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 1..40)
}

async fn follow(app: &TestApp, email: &str, known: bool, steps: &[Step]) {
    let mut model = Model::default();
    let row = format!(
        "SELECT CAST(COALESCE(MAX(failures), 0) AS bigint) FROM login_failures
         WHERE email_key = '{email}'"
    );
    for (number, step) in steps.iter().enumerate() {
        let right = match step {
            Step::Wait(seconds) => {
                app.clock.advance(Duration::from_secs(*seconds));
                model.now += seconds;
                continue;
            }
            Step::Wrong => false,
            Step::Right => true,
        };
        let answer = app
            .login(email, if right { PASSWORD } else { "wrong1" })
            .await;
        let left = (answer.status == 403).then(|| answer.retry_after());
        let expected = model.attempt(right && known);
        assert_eq!(
            (answer.status, left),
            expected,
            "step {number} of {steps:?}"
        );
        let failures = app.database.number(&row).await;
        assert_eq!(
            usize::try_from(failures),
            Ok(model.failures.len()),
            "step {number} of {steps:?}"
        );
    }
}

/// SECURITY 11.
#[rstest]
#[case(Sqlite, 120)]
#[case(Postgres, 20)]
fn the_count_follows_the_model(#[case] engine: Engine, #[case] cases: u32) {
    let runtime = Runtime::new().expect("a runtime");
    let app = runtime.block_on(TestApp::start(engine));
    let accounts = AtomicU32::new(0);
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&(steps(), any::<bool>()), |(steps, known)| {
        let email = format!(
            "user{}@example.com",
            accounts.fetch_add(1, Ordering::Relaxed)
        );
        runtime.block_on(async {
            if known {
                app.register(&email, PASSWORD).await;
            }
            follow(&app, &email, known, &steps).await;
        });
        Ok(())
    });
    outcome.expect("the service does what the model does");
}

/// SECURITY 11: a failure more than two minutes after the one before starts a new count.
#[rstest]
#[case(119, 403)]
#[case(120, 403)]
#[case(121, 200)]
#[tokio::test]
async fn the_window_is_two_minutes_from_failure_to_failure(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[case] pause: u64,
    #[case] status: u16,
) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    for failure in 0..5 {
        if failure > 0 {
            app.clock.advance(Duration::from_secs(pause));
        }
        ann.login_with("wrong1")
            .await
            .expect_problem(400, "wrong_credentials");
    }
    assert_eq!(ann.login().await.status, status);
}
