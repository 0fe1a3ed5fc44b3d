//! The headers that protect a browser: on every answer, for other origins, behind TLS.

use rstest::rstest;

use crate::support::bare::{header, request};
use crate::support::endpoints::registered;
use crate::support::*;

/// SECURITY 41: the same headers on every answer, whatever it is.
#[tokio::test]
async fn every_answer_has_the_security_headers() {
    let app = TestApp::start(Sqlite).await;
    let bearer = format!("Bearer {}", registered(&app).await);
    let token = [("authorization", bearer.as_str())];
    let json = [("content-type", "application/json")];
    let mut shapes = std::collections::BTreeSet::new();
    for response in [
        request(&app, "GET", "/user", &token).await,
        request(&app, "GET", "/health/live", &[]).await,
        request(&app, "GET", "/openapi.json", &[]).await,
        request(&app, "POST", "/user/login", &json).await,
        request(&app, "POST", "/user/login", &[("content-length", "0")]).await,
        request(&app, "GET", "/user", &[]).await,
        request(&app, "GET", "/nothing", &[]).await,
        request(&app, "DELETE", "/user", &[]).await,
        request(&app, "OPTIONS", "/user", &[]).await,
    ] {
        let own = [
            "content-type",
            "content-length",
            "allow",
            "www-authenticate",
        ];
        let common = response
            .headers()
            .iter()
            .filter(|(name, _)| !own.contains(&name.as_str()));
        let mut lines: Vec<String> = common
            .map(|(name, value)| match name.as_str() {
                "date" | "x-request-id" => format!("{name}: [differs]"),
                _ => format!("{name}: {}", value.to_str().expect("ASCII")),
            })
            .collect();
        lines.sort();
        shapes.insert(lines.join("\n"));
    }
    assert_eq!(shapes.len(), 1, "{shapes:#?}");
    insta::assert_snapshot!(shapes.first().expect("one"), @r"
    cache-control: no-store
    content-security-policy: default-src 'none'; frame-ancestors 'none'
    date: [differs]
    referrer-policy: no-referrer
    x-content-type-options: nosniff
    x-frame-options: DENY
    x-request-id: [differs]
    ");
}

/// SECURITY 41: no header lets a page of another origin read an answer.
#[tokio::test]
async fn cors_is_closed_unless_configured() {
    let app = TestApp::start(Sqlite).await;
    let origin = [
        ("origin", "https://evil.example"),
        ("access-control-request-method", "POST"),
    ];
    for method in ["OPTIONS", "POST"] {
        let response = request(&app, method, "/user/login", &origin).await;
        let cors = response
            .headers()
            .keys()
            .find(|name| name.as_str().starts_with("access-"));
        assert_eq!(cors, None, "{method}");
    }
}

/// SECURITY 41.
#[tokio::test]
async fn cors_opens_to_the_configured_origins_alone() {
    let origins = "https://app.example.com,https://admin.example.com";
    let app = TestApp::with(Sqlite, &[("http.cors_origins", origins)]).await;
    for origin in origins.split(',') {
        let preflight = [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            (
                "access-control-request-headers",
                "authorization,content-type",
            ),
        ];
        let response = request(&app, "OPTIONS", "/user/change_password", &preflight).await;
        assert_eq!(response.status().as_u16(), 200);
        assert_eq!(header(&response, "access-control-allow-origin"), origin);
        assert_eq!(
            header(&response, "access-control-allow-methods"),
            "GET,POST"
        );
        let headers = header(&response, "access-control-allow-headers");
        assert_eq!(
            headers,
            "authorization,content-type,x-request-id,device-token"
        );
        assert_eq!(header(&response, "access-control-max-age"), "3600");

        // An error is readable as well, with what a client needs of its headers.
        let response = request(&app, "GET", "/user", &[("origin", origin)]).await;
        assert_eq!(response.status().as_u16(), 400);
        assert_eq!(header(&response, "access-control-allow-origin"), origin);
        let exposed = header(&response, "access-control-expose-headers");
        assert_eq!(exposed, "x-request-id,retry-after,www-authenticate");
        assert!(header(&response, "vary").contains("origin"));
    }
    for origin in [
        "https://evil.example",
        "http://app.example.com",
        "https://app.example.com:8443",
        "https://app.example.com.evil.example",
        "https://x.app.example.com",
        "null",
        "https://APP.example.com@evil.example",
        "",
    ] {
        for method in ["OPTIONS", "POST"] {
            let headers = [
                ("origin", origin),
                ("access-control-request-method", "POST"),
            ];
            let response = request(&app, method, "/user/login", &headers).await;
            assert_eq!(
                header(&response, "access-control-allow-origin"),
                "",
                "{origin}"
            );
            assert_eq!(header(&response, "access-control-allow-credentials"), "");
        }
    }
}

/// SECURITY 41: HSTS over plain HTTP would be ignored or, from a stranger, a lie.
#[rstest]
#[case::a_trusted_proxy_with_tls("127.0.0.1", &[("x-forwarded-proto", "https")], true)]
#[case::a_trusted_network_with_tls("127.0.0.0/8", &[("x-forwarded-proto", "https")], true)]
#[case::a_trusted_proxy_without_tls("127.0.0.1", &[("x-forwarded-proto", "http")], false)]
#[case::a_trusted_proxy_that_does_not_say("127.0.0.1", &[], false)]
#[case::a_stranger("10.0.0.0/8", &[("x-forwarded-proto", "https")], false)]
#[case::nobody_is_trusted("", &[("x-forwarded-proto", "https")], false)]
#[tokio::test]
async fn hsts_is_sent_behind_a_trusted_proxy_that_speaks_tls(
    #[case] proxies: &str,
    #[case] headers: &[(&str, &str)],
    #[case] sent: bool,
) {
    let app = TestApp::with(Sqlite, &[("http.trusted_proxies", proxies)]).await;
    for path in ["/health/live", "/user", "/nothing"] {
        let response = request(&app, "GET", path, headers).await;
        let expected = if sent {
            "max-age=63072000; includeSubDomains"
        } else {
            ""
        };
        assert_eq!(
            header(&response, "strict-transport-security"),
            expected,
            "{path}"
        );
    }
}
