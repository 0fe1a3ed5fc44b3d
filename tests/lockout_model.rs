//! The lockout against a reference model: a list of failures, the end of a lock, and what one known
//! device has failed on its own; with any policy.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use doorward::domain::lockout::LockoutPolicy;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rstest::rstest;
use tokio::runtime::Runtime;

use crate::support::*;

/// Times in seconds.
#[derive(Debug, Clone, Copy)]
struct Policy {
    failures: usize,
    window: u64,
    freeze: u64,
}

const DEFAULT: Policy = Policy {
    failures: 5,
    window: 120,
    freeze: 900,
};

#[derive(Debug, Clone, Copy)]
enum Step {
    /// A password, and whether it is right.
    From(Place, bool),
    Wait(u64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Without a device token.
    Elsewhere,
    /// With the newest token that was given here.
    Home,
}

/// What happens to one address, and whether it has an account.
#[derive(Debug, Clone)]
struct Story {
    is_known: bool,
    steps: Vec<Step>,
}

/// What the contract says, in its own words.
#[derive(Debug)]
struct Model {
    policy: Policy,
    /// Seconds since the start.
    now: u64,
    /// When the failures of the current count were.
    failures: Vec<u64>,
    locked_until: Option<u64>,
    /// Wrong passwords at home since the last right one there.
    at_home: usize,
}

impl Model {
    fn new(policy: Policy) -> Self {
        Self {
            policy,
            now: 0,
            failures: Vec::new(),
            locked_until: None,
            at_home: 0,
        }
    }

    /// The status and, when it is locked, how long still.
    fn attempt(&mut self, from: Place, right: bool) -> (u16, Option<u64>) {
        if from == Place::Elsewhere {
            return self.strangers_attempt(right);
        }
        // Whoever failed too often at home is a stranger there, until a stranger's login.
        let is_stranger = self.at_home >= self.policy.failures;
        let answer = match (is_stranger, right) {
            (true, right) => self.strangers_attempt(right),
            (false, true) => (200, None),
            (false, false) => {
                self.at_home += 1;
                (400, None)
            }
        };
        if answer.0 == 200 {
            self.at_home = 0;
        }
        answer
    }

    fn strangers_attempt(&mut self, right: bool) -> (u16, Option<u64>) {
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
            .is_some_and(|last| self.now - last > self.policy.window);
        if unlocked || late {
            self.failures.clear();
        }
        self.failures.push(self.now);
        if self.failures.len() == self.policy.failures {
            self.locked_until = Some(self.now + self.policy.freeze);
        }
        (400, None)
    }
}

fn policy() -> impl Strategy<Value = Policy> {
    let any = (1..=10_usize, 1..=600_u64, 1..=3_600_u64);
    let any = any.prop_map(|(failures, window, freeze)| Policy {
        failures,
        window,
        freeze,
    });
    prop_oneof![Just(DEFAULT), any]
}

/// Waits are around the lengths that matter.
fn story(policy: Policy) -> impl Strategy<Value = Story> {
    let around = |length: u64| [length.max(2) - 1, length, length + 1];
    let waits = [&[1][..], &around(policy.window), &around(policy.freeze)].concat();
    let step = prop_oneof![
        6 => Just(Step::From(Place::Elsewhere, false)),
        3 => Just(Step::From(Place::Home, false)),
        1 => Just(Step::From(Place::Elsewhere, true)),
        1 => Just(Step::From(Place::Home, true)),
        2 => prop::sample::select(waits).prop_map(Step::Wait),
    ];
    let steps = prop::collection::vec(step, 1..40);
    (any::<bool>(), steps).prop_map(|(is_known, steps)| Story { is_known, steps })
}

async fn follow(app: &TestApp, email: &str, policy: Policy, story: &Story) {
    let mut model = Model::new(policy);
    let mut home = None;
    if story.is_known {
        let answer = app.try_register(email, PASSWORD).await.expect(201);
        home = Some(answer.device());
    }
    let row = format!(
        "SELECT CAST(COALESCE(MAX(failures), 0) AS bigint) FROM login_failures
         WHERE email_key = '{email}'"
    );
    for (number, step) in story.steps.iter().enumerate() {
        let context = format!("step {number} of {story:?} with {policy:?}");
        let (from, right) = match step {
            Step::Wait(seconds) => {
                app.clock.advance(Duration::from_secs(*seconds));
                model.now += seconds;
                continue;
            }
            Step::From(Place::Home, right) if home.is_some() => (Place::Home, *right),
            Step::From(_, right) => (Place::Elsewhere, *right),
        };
        let password = if right { PASSWORD } else { "wrong1" };
        let device = home.as_deref().filter(|_| from == Place::Home);
        let answer = match device {
            Some(device) => app.login_from(device, email, password).await,
            None => app.login(email, password).await,
        };
        let left = (answer.status == 403).then(|| answer.retry_after());
        let expected = model.attempt(from, right && story.is_known);
        assert_eq!((answer.status, left), expected, "{context}");
        if from == Place::Home && answer.status == 200 {
            home = Some(answer.device());
        }
        let failures = app.database.number(&row).await;
        assert_eq!(
            usize::try_from(failures),
            Ok(model.failures.len()),
            "{context}"
        );
    }
}

/// SECURITY 11.
#[rstest]
#[case(Sqlite, 60)]
#[case(Postgres, 10)]
fn the_count_follows_the_model(#[case] engine: Engine, #[case] policies: u32) {
    let runtime = Runtime::new().expect("a runtime");
    let first = runtime.block_on(TestApp::start(engine));
    let addresses = AtomicU32::new(0);
    let config = Config {
        cases: policies,
        failure_persistence: None,
        ..Config::default()
    };
    let stories = policy().prop_flat_map(|policy| {
        let stories = prop::collection::vec(story(policy), 1..5);
        (Just(policy), stories)
    });
    let outcome = TestRunner::new(config).run(&stories, |(policy, stories)| {
        runtime.block_on(async {
            let mut config = first.config.clone();
            config.lockout = LockoutPolicy {
                failures: i32::try_from(policy.failures).expect("few"),
                window: Duration::from_secs(policy.window),
                freeze: Duration::from_secs(policy.freeze),
            };
            let app = first.another_instance_with(config).await;
            for story in &stories {
                let number = addresses.fetch_add(1, Ordering::Relaxed);
                follow(&app, &format!("user{number}@example.com"), policy, story).await;
            }
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
