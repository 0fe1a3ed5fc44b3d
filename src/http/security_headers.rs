//! Headers that every answer has (OWASP ASVS 5.0 3.4, OWASP REST Security Cheat Sheet). Pages and
//! their files have brought some of their own.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

const HEADERS: [(HeaderName, &str); 5] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    ),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
];

pub fn add(headers: &mut HeaderMap) {
    // Also for the ones that others add: growing a map once is cheaper than three times.
    headers.reserve(2 * HEADERS.len());
    for (name, value) in HEADERS {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
}
