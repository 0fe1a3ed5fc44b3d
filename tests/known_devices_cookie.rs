//! How the device token travels.

use rstest::rstest;
use serde_json::json;

use crate::support::*;

async fn login_with(app: &TestApp, email: &str, headers: &[(&str, &str)]) -> Answer {
    let body = json!({ "email": email, "password": PASSWORD });
    app.post_with("/user/login", headers, body).await
}

/// OWASP ASVS 5.0 3.3: out of reach of scripts and of other sites.
#[rstest]
#[case::plain(&[], "; SameSite=Strict")]
#[case::behind_tls(&[("x-forwarded-proto", "https")], "; SameSite=Strict; Secure")]
#[tokio::test]
async fn the_cookie_has_the_attributes_that_it_needs(
    #[case] headers: &[(&str, &str)],
    #[case] end: &str,
) {
    let app = TestApp::with(Sqlite, &[("http.trusted_proxies", "127.0.0.1")]).await;
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
    let (_, token) = pair.split_once('=').expect("a pair");
    assert_eq!(token.len(), 96);
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

/// A family's browser.
#[tokio::test]
async fn one_browser_is_known_to_five_accounts() {
    let app = TestApp::start(Sqlite).await;
    let mut cookie = String::new();
    let addresses: Vec<String> = (0..6).map(|n| format!("user{n}@example.com")).collect();
    for email in &addresses {
        app.register(email, PASSWORD).await;
        let sent = format!("doorward_device={cookie}");
        let answer = login_with(&app, email, &[("cookie", &sent)]).await;
        cookie = answer.expect(200).device();
    }
    // Who logs in again takes no other's place.
    for _ in 0..3 {
        let sent = format!("doorward_device={cookie}");
        let answer = login_with(&app, &addresses[5], &[("cookie", &sent)]).await;
        cookie = answer.expect(200).device();
    }
    assert_eq!(cookie.split('.').count(), 5);
    for (number, email) in addresses.iter().enumerate() {
        for guess in 0..5 {
            app.login(email, &format!("wrong{guess}")).await.expect(400);
        }
        let sent = format!("doorward_device={cookie}");
        let answer = login_with(&app, email, &[("cookie", &sent)]).await;
        let expected = if number == 0 { 403 } else { 200 };
        answer.expect(expected);
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

/// A front end on another host of the same site.
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
