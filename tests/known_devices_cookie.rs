//! How the device token travels.

use std::collections::BTreeMap;

use rstest::rstest;
use serde_json::json;

use crate::support::*;

const OVER_TLS: (&str, &str) = ("x-forwarded-proto", "https");

/// Behind a proxy that is believed.
async fn app_behind_a_proxy() -> TestApp {
    TestApp::with(Sqlite, &[("http.trusted_proxies", "127.0.0.1")]).await
}

/// Keeps what it is given, and shows all of it.
#[derive(Default)]
struct Browser {
    cookies: BTreeMap<String, String>,
}

impl Browser {
    async fn login(&mut self, app: &TestApp, email: &str, headers: &[(&str, &str)]) -> Answer {
        let pairs = self.cookies.iter();
        let pairs: Vec<String> = pairs
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let sent = pairs.join("; ");
        let headers = [headers, &[("cookie", &sent)]].concat();
        let answer = login_with(app, email, &headers).await;
        if let Some((pair, _)) = answer.device_cookie().split_once(';') {
            let (name, value) = pair.split_once('=').expect("a pair");
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        answer
    }
}

async fn login_with(app: &TestApp, email: &str, headers: &[(&str, &str)]) -> Answer {
    let body = json!({ "email": email, "password": PASSWORD });
    app.post_with("/user/login", headers, body).await
}

/// SECURITY 41, OWASP ASVS 5.0 3.3: out of reach of scripts and of other sites, and over TLS, of other hosts.
#[rstest]
#[case::plain(&[], "doorward_device", "; SameSite=Strict")]
#[case::behind_tls(&[OVER_TLS], "__Host-doorward_device", "; SameSite=Strict; Secure")]
#[tokio::test]
async fn the_cookie_has_the_name_and_the_attributes_that_it_needs(
    #[case] headers: &[(&str, &str)],
    #[case] name: &str,
    #[case] end: &str,
) {
    let app = app_behind_a_proxy().await;
    app.register("ann@example.com", PASSWORD).await;
    let answer = login_with(&app, "ann@example.com", headers)
        .await
        .expect(200);
    let cookie = answer.device_cookie();
    let (pair, attributes) = cookie.split_once(';').expect("attributes");
    assert_eq!(
        attributes,
        format!(" Path=/; Max-Age=7776000; HttpOnly{end}")
    );
    let (named, token) = pair.split_once('=').expect("a pair");
    assert_eq!((named, token.len()), (name, 96));
    // Not where a script could read it.
    assert!(!answer.text.contains(token));
    assert_eq!(answer.header("device-token"), "");
}

#[tokio::test]
async fn nothing_but_a_proof_gives_a_device_token() {
    let app = TestApp::start(Sqlite).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    for answer in [
        ann.login_with("wrong1").await.expect(400),
        ann.me().await.expect(200),
        ann.forgot().await.expect(200),
        ann.change_password("wrong1", "xyz789").await.expect(400),
        app.reset(&ann.email, "nothing", "xyz789").await.expect(400),
        app.confirm(&ann.email, "nothing").await.expect(400),
    ] {
        assert_eq!(answer.device_cookie(), "");
    }
}

#[tokio::test]
async fn the_cookie_is_taken_among_others_and_the_header_as_well() {
    let app = TestApp::start(Sqlite).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    let home = ann.login().await.expect(200).device();
    ann.is_attacked().await;
    let cookie = format!("theme=dark; doorward_device={home}; doorward_device2=x");
    // Another host of the site can set one that is sent first.
    let second = format!("doorward_device=x; doorward_device={home}");
    for headers in [
        [("cookie", second.as_str()), ("x-other", "")],
        [("cookie", cookie.as_str()), ("x-other", "")],
        [("cookie", "theme=dark"), ("device-token", &home)],
        [
            ("device-token", &home),
            ("cookie", "doorward_device=nothing"),
        ],
    ] {
        login_with(&app, &ann.email, &headers).await.expect(200);
    }
    for headers in [
        [("cookie", "theme=dark"), ("x-other", "")],
        [("cookie", "xdoorward_device=1"), ("x-device-token", &home)],
    ] {
        let refused = login_with(&app, &ann.email, &headers).await;
        refused.expect_problem(403, "account_locked");
    }
}

/// Another host of the site can set the plain cookie, and with more of its path or earlier, so that
/// it comes first.
#[tokio::test]
async fn over_tls_a_plain_cookie_counts_only_in_place_of_ours() {
    let app = app_behind_a_proxy().await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    let eve = app.register("eve@example.com", PASSWORD).await;
    let home = ann.login().await.expect(200).device();
    let eves = eve.login().await.expect(200).device();
    ann.is_attacked().await;
    let sent = [
        (
            format!("doorward_device={eves}; __Host-doorward_device={home}"),
            200,
            200,
        ),
        (
            format!("__Host-doorward_device={home}; doorward_device={eves}"),
            200,
            200,
        ),
        // A browser from before the proxy was there, or was named.
        (format!("doorward_device={home}"), 200, 200),
        (
            format!("__Host-doorward_device={eves}; doorward_device={home}"),
            403,
            200,
        ),
        (
            format!("doorward_device={home}; __Host-doorward_device=x"),
            403,
            200,
        ),
        // Other letters are another name.
        (format!("__host-doorward_device={home}"), 403, 403),
    ];
    for (cookie, over_tls, without) in sent {
        let cookie = ("cookie", cookie.as_str());
        let answer = login_with(&app, &ann.email, &[cookie, OVER_TLS]).await;
        assert_eq!(answer.status, over_tls, "{cookie:?}");
        let answer = login_with(&app, &ann.email, &[cookie]).await;
        assert_eq!(answer.status, without, "{cookie:?}");
    }
}

/// A family's browser; also when it came without TLS first, and kept that cookie.
#[rstest]
#[case::without_tls(0, 6)]
#[case::over_tls(6, 0)]
#[case::over_tls_in_the_end(3, 3)]
#[tokio::test]
async fn one_browser_is_known_to_five_accounts(#[case] over_tls: usize, #[case] before: usize) {
    let app = app_behind_a_proxy().await;
    let addresses: Vec<String> = (0..6).map(|n| format!("user{n}@example.com")).collect();
    let headers = |number: usize| {
        if number < before {
            &[][..]
        } else {
            &[OVER_TLS][..]
        }
    };
    let mut browser = Browser::default();
    for (number, email) in addresses.iter().enumerate() {
        app.register(email, PASSWORD).await;
        browser
            .login(&app, email, headers(number))
            .await
            .expect(200);
    }
    // Who logs in again takes no other's place.
    for _ in 0..3 {
        browser
            .login(&app, &addresses[5], headers(5))
            .await
            .expect(200);
    }
    let name = if over_tls > 0 {
        "__Host-doorward_device"
    } else {
        "doorward_device"
    };
    assert_eq!(browser.cookies[name].split('.').count(), 5);
    for (number, email) in addresses.iter().enumerate() {
        for guess in 0..5 {
            app.login(email, &format!("wrong{guess}")).await.expect(400);
        }
        let expected = if number == 0 { 403 } else { 200 };
        browser
            .login(&app, email, headers(5))
            .await
            .expect(expected);
    }
}

/// However many texts somebody sends, five are looked at, and the answer stays small.
#[tokio::test]
async fn a_cookie_full_of_texts_is_cut() {
    let app = TestApp::start(Sqlite).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    let home = ann.login().await.expect(200).device();
    let foreign = vec!["A".repeat(96); 100].join(".");
    let sent = format!("doorward_device={foreign}.{home}");
    let answer = login_with(&app, &ann.email, &[("cookie", &sent)]).await;
    assert_eq!(answer.expect(200).device().split('.').count(), 5);
    ann.is_attacked().await;
    let refused = login_with(&app, &ann.email, &[("cookie", &sent)]).await;
    refused.expect_problem(403, "account_locked");
}

/// SECURITY 41: a front end on another host of the same site.
#[tokio::test]
async fn the_cookie_goes_to_configured_origins_alone() {
    let origin = "https://app.example.com";
    let app = TestApp::with(Sqlite, &[("http.cors_origins", origin)]).await;
    app.register("ann@example.com", PASSWORD).await;
    for (sent, allowed) in [(origin, origin), ("https://evil.example.com", "")] {
        let answer = login_with(&app, "ann@example.com", &[("origin", sent)]).await;
        let answer = answer.expect(200);
        assert_eq!(answer.header("access-control-allow-origin"), allowed);
        if !allowed.is_empty() {
            assert_eq!(answer.header("access-control-allow-credentials"), "true");
        }
    }
}
