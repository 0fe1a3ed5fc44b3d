//! The settings of HTTP, and of the links that lead to it.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;

use crate::config::HttpConfig;
use crate::config::reader::Reader;

pub(super) fn read(r: &mut Reader, hash_wait: Option<Duration>) -> Option<HttpConfig> {
    let host = r.parse("http.host", "an IP address, as 127.0.0.1, 0.0.0.0 or ::");
    let port = r.range("http.port", 0..=65_535);
    let token_error_status = r.choice("http.token_error_status", &[("400", 400), ("401", 401)]);
    let trusted_proxies = r.list("http.trusted_proxies", "networks, as 10.0.0.0/8", |text| {
        text.parse::<IpNet>()
            .ok()
            .or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
    });
    let cors_origins = r.list(
        "http.cors_origins",
        "origins without a path, as https://app.example.com",
        origin,
    );
    let pages = r.parse("http.pages", "true or false");
    let read_timeout = r.duration("http.read_timeout", "1s", "5m");
    let write_timeout = r.duration("http.write_timeout", "1s", "5m");
    let handler_timeout = handler_timeout(r, read_timeout, hash_wait);
    let max_connections = r.range("http.max_connections", 1..=1_000_000);
    let drain_delay = r.duration("http.drain_delay", "0s", "5m");
    let drain_timeout = r.duration("http.drain_timeout", "1s", "10m");
    Some(HttpConfig {
        host: host?,
        port: port?,
        token_error_status: token_error_status?,
        trusted_proxies: trusted_proxies?,
        cors_origins: cors_origins?,
        pages: pages?,
        read_timeout: read_timeout?,
        write_timeout: write_timeout?,
        handler_timeout: handler_timeout?,
        max_connections: max_connections?,
        drain_delay: drain_delay?,
        drain_timeout: drain_timeout?,
    })
}

/// Ends only what no other limit has ended: a body may take its time, and then wait for a thread that
/// hashes, and again for a second hash.
fn handler_timeout(
    r: &mut Reader,
    read_timeout: Option<Duration>,
    hash_wait: Option<Duration>,
) -> Option<Duration> {
    let key = "http.handler_timeout";
    let given = r.duration(key, "1s", "20m")?;
    let others = read_timeout
        .zip(hash_wait)
        .map(|(read, wait)| read + 2 * wait);
    if others.is_some_and(|others| given <= others) {
        let why = "is too short; allowed: more than http.read_timeout and twice password.hash_wait \
                   together";
        return r.reject(key, why);
    }
    Some(given)
}

/// Where the links in mails lead to.
pub(super) const BASE_URL: &str =
    "an http:// or https:// URL without query and fragment, as https://app.example.com";

/// The URL below which the links are.
pub(super) fn base_url(text: &str) -> Option<String> {
    let url = web_url(text)?;
    let usable = url.query().is_none() && url.fragment().is_none();
    usable.then(|| url.as_str().trim_end_matches('/').to_owned())
}

/// An origin as a browser sends it: scheme, host, port, nothing more.
fn origin(text: &str) -> Option<String> {
    let origin = web_url(text)?.origin().ascii_serialization();
    (origin == text).then_some(origin)
}

/// Where a collector takes traces.
pub(super) const COLLECTOR: &str = "an http:// or https:// URL without a name and a password, as \
                                    http://127.0.0.1:4318; empty for none";

/// The URL of a collector.
pub(super) fn collector(text: &str) -> Option<String> {
    web_url(text).map(|url| url.to_string())
}

fn web_url(text: &str) -> Option<url::Url> {
    let url = url::Url::parse(text).ok()?;
    let usable = matches!(url.scheme(), "http" | "https") && url.username().is_empty();
    (usable && url.host().is_some() && url.password().is_none()).then_some(url)
}
