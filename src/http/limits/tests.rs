use super::*;
use crate::clock::ManualClock;
use crate::domain::email::Email;
use crate::metrics::Metrics;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse as _;
use proptest::prelude::*;
use rstest::rstest;

fn rate(text: &str) -> Rate {
    text.parse().expect("a rate")
}

fn key(address: &str) -> EmailKey {
    Email::parse(address).expect("an address").key().clone()
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn limits(settings: &LimitSettings) -> (Limits, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::starting_now());
    let shared: Arc<dyn Clock> = clock.clone();
    (
        Limits::new(settings, &shared, &Metrics::new().limits),
        clock,
    )
}

fn settings() -> LimitSettings {
    LimitSettings {
        login: Rates {
            per_source: Some(rate("3/3s")),
            per_account: Some(rate("5/5s")),
        },
        wrong_passwords: Some(rate("2/2m")),
        remembered: 1_000,
        ..LimitSettings::default()
    }
}

fn retry_after(problem: Problem) -> String {
    let response = problem.into_response();
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    let after = response.headers().get(header::RETRY_AFTER);
    after
        .expect("Retry-After")
        .to_str()
        .expect("text")
        .to_owned()
}

fn device() -> Device {
    Device {
        id: uuid::Uuid::new_v4(),
        account: 1,
        version: 1,
    }
}

#[test]
fn a_burst_is_let_in_and_then_one_at_a_time() {
    let (limits, clock) = limits(&settings());
    let take = || {
        limits.take(
            Action::Login,
            ip("203.0.113.9"),
            &key("ann@example.com"),
            None,
        )
    };
    for _ in 0..3 {
        take().expect("let in");
    }
    assert_eq!(retry_after(take().expect_err("refused")), "1");
    clock.advance(Duration::from_millis(999));
    take().expect_err("still refused");
    clock.advance(Duration::from_millis(1));
    take().expect("let in again");
    take().expect_err("one at a time");
    clock.advance(Duration::from_mins(1));
    for _ in 0..3 {
        take().expect("the whole burst has grown back, and no more");
    }
    take().expect_err("no more");
}

#[test]
fn an_account_has_one_allowance_wherever_the_requests_come_from() {
    let (limits, _) = limits(&settings());
    let from = |last: u8, address| {
        let source = IpAddr::from([198, 51, 100, last]);
        limits.take(Action::Login, source, &key(address), None)
    };
    for last in 0..5 {
        from(last, "ann@example.com").expect("let in");
    }
    from(9, "Ann@EXAMPLE.com").expect_err("the account's allowance is used up");
    from(9, "bob@example.com").expect("another account");
}

/// SECURITY 14.
#[rstest]
#[case::one_ipv6_customer("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true)]
#[case::two_ipv6_customers("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
#[case::the_first_bits_count_as_well("2001:db8:1:2::1", "2002:db8:1:2::1", false)]
#[case::mapped_ipv4("203.0.113.9", "::ffff:203.0.113.9", true)]
#[case::two_ipv4("203.0.113.9", "203.0.113.10", false)]
#[case::ipv4_and_an_ipv6_with_the_same_bits("0.0.0.1", "0:0:0:1::", false)]
fn a_source_is_what_one_customer_has(#[case] one: &str, #[case] other: &str, #[case] same: bool) {
    assert_eq!(Source::from(ip(one)) == Source::from(ip(other)), same);
}

#[test]
fn wrong_passwords_of_a_source_use_up_its_logins_to_any_account() {
    let (limits, clock) = limits(&LimitSettings {
        login: Rates::default(),
        ..settings()
    });
    let (spray, other) = (ip("203.0.113.9"), ip("203.0.113.10"));
    let take = |source, address| limits.take(Action::Login, source, &key(address), None);
    for address in ["a@example.com", "b@example.com"] {
        take(spray, address).expect("let in");
        limits.wrong_password(spray);
    }
    assert_eq!(
        retry_after(take(spray, "c@example.com").expect_err("refused")),
        "60"
    );
    take(other, "c@example.com").expect("another source");
    limits
        .take(Action::Login, spray, &key("c@example.com"), Some(&device()))
        .expect("a known device behind the same address");
    clock.advance(Duration::from_mins(1));
    // Right passwords use nothing up.
    for _ in 0..10 {
        take(spray, "c@example.com").expect("let in");
    }
    limits.wrong_password(spray);
    take(spray, "c@example.com").expect_err("refused");
}

/// SECURITY 14: who asks in parallel gets no more than who asks in turn.
#[test]
fn wrong_passwords_that_were_let_in_together_are_all_waited_for() {
    let (limits, clock) = limits(&LimitSettings {
        login: Rates::default(),
        ..settings()
    });
    let source = ip("203.0.113.9");
    let take = || limits.take(Action::Login, source, &key("ann@example.com"), None);
    for _ in 0..10 {
        take().expect("nothing was wrong yet");
    }
    for _ in 0..10 {
        limits.wrong_password(source);
    }
    // Ten minutes for ten, of which two were there at the beginning; then one is there.
    assert_eq!(retry_after(take().expect_err("refused")), "540");
    clock.advance(Duration::from_mins(9));
    take().expect("let in");
    limits.wrong_password(source);
    assert_eq!(retry_after(take().expect_err("refused")), "60");
}

#[test]
fn a_device_has_an_allowance_of_its_own() {
    let (limits, _) = limits(&settings());
    let (ann, source) = (key("ann@example.com"), ip("203.0.113.9"));
    while limits.take(Action::Login, source, &ann, None).is_ok() {}
    let (one, other) = (device(), device());
    for _ in 0..5 {
        limits
            .take(Action::Login, source, &ann, Some(&one))
            .expect("let in");
    }
    limits
        .take(Action::Login, source, &ann, Some(&one))
        .expect_err("it is used up");
    // One with a token from before a reset must not keep the owner out.
    limits
        .take(Action::Login, source, &ann, Some(&other))
        .expect("another device");
}

/// Nobody passes the limit of a source with devices of accounts of their own.
#[test]
fn a_source_has_a_limit_for_all_of_its_devices() {
    let (limits, _) = limits(&settings());
    let source = ip("203.0.113.9");
    let take = |number| {
        let account = key(&format!("user{number}@example.com"));
        limits.take(Action::Login, source, &account, Some(&device()))
    };
    for number in 0..30 {
        take(number).expect("ten times that of a source");
    }
    take(30).expect_err("and no more");
}

/// SECURITY 13: a limit must not keep the owner from the reset.
#[rstest]
fn only_wrong_tokens_use_up_what_an_account_has(
    #[values(Action::Reset, Action::Confirm)] action: Action,
) {
    let rates = Rates {
        per_source: None,
        per_account: Some(rate("2/2s")),
    };
    let (limits, _) = limits(&LimitSettings {
        reset: rates,
        confirm: rates,
        remembered: 1_000,
        ..LimitSettings::default()
    });
    let (ann, source) = (key("ann@example.com"), ip("203.0.113.9"));
    for _ in 0..2 {
        limits.wrong_token(action, &ann).expect("answered as wrong");
    }
    limits.wrong_token(action, &ann).expect_err("too many");
    for _ in 0..10 {
        limits
            .take(action, source, &ann, None)
            .expect("who has the right token is let in");
    }
}

#[test]
fn actions_are_counted_apart_and_without_a_rate_not_at_all() {
    let (limits, _) = limits(&settings());
    let (ann, source) = (key("ann@example.com"), ip("203.0.113.9"));
    while limits.take(Action::Login, source, &ann, None).is_ok() {}
    for action in [
        Action::Create,
        Action::Forgot,
        Action::Resend,
        Action::Reset,
    ] {
        for _ in 0..100 {
            limits.take(action, source, &ann, None).expect("no limit");
        }
    }
}

#[test]
fn callers_never_show_in_debug_output() {
    let (limits, _) = limits(&settings());
    let shown = format!("{limits:?}");
    assert!(
        shown.contains("wrong_passwords: Some(Limit { limiter: Limiter,"),
        "{shown}"
    );
}

/// SECURITY 14: random sources neither fill the memory nor keep anybody out.
#[test]
fn memory_is_bounded_under_random_sources() {
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::starting_now());
    let buckets = Buckets::new(100, &clock);
    let limiter = buckets.limiter(rate("1/1m"));
    for source in 0..10_000_u32 {
        limiter.take(&Source::V4(source)).expect("new to us");
        assert!(buckets.remembered() <= 100);
    }
    // The last ones are remembered, the first ones forgotten.
    limiter.take(&Source::V4(9_999)).expect_err("remembered");
    limiter.take(&Source::V4(0)).expect("forgotten");
}

proptest! {
    /// Never more than the burst and what has grown back since.
    #[test]
    fn nobody_gets_more_than_the_rate(
        burst in 1_u32..20,
        seconds in 1_u64..100,
        pauses in prop::collection::vec(0_u64..5_000, 1..200),
    ) {
        let clock = Arc::new(ManualClock::starting_now());
        let shared: Arc<dyn Clock> = clock.clone();
        let buckets = Buckets::new(10, &shared);
        let rate = rate(&format!("{burst}/{seconds}s"));
        let limiter = buckets.limiter(rate);
        let (mut taken, mut passed) = (0_u64, Duration::ZERO);
        for pause in pauses {
            let pause = Duration::from_millis(pause);
            clock.advance(pause);
            passed += pause;
            let looked = limiter.look(&1);
            let took = limiter.take(&1);
            prop_assert_eq!(looked, took, "looking says what taking does");
            taken += u64::from(took.is_ok());
            let grown = passed.as_nanos() / rate.interval().as_nanos();
            prop_assert!(u128::from(taken) <= u128::from(burst) + grown);
            if let Err(wait) = took {
                prop_assert!(wait <= rate.interval());
            }
        }
    }
}
