//! The client's address behind proxies: never one that the client itself could invent.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderValue};
use doorward::http::fuzzing::client_address;
use ipnet::IpNet;

/// `data` is lines: the peer, the trusted networks separated by commas, then a value of
/// `X-Forwarded-For` each.
pub fn check(data: &[u8]) {
    let mut lines = data.split(|byte| *byte == b'\n');
    let mut text = || std::str::from_utf8(lines.next().unwrap_or_default()).unwrap_or_default();
    let Ok(peer) = text().parse::<IpAddr>() else {
        return;
    };
    let trusted: Vec<IpNet> = text()
        .split(',')
        .filter_map(|net| net.parse().ok())
        .collect();
    let values: Vec<HeaderValue> = lines
        .filter_map(|line| HeaderValue::from_bytes(line).ok())
        .collect();
    let is_ours = |ip: &IpAddr| trusted.iter().any(|net| net.contains(ip));
    let found = client_address(peer, &headers(&values), &trusted);

    assert_eq!(
        found,
        found.to_canonical(),
        "no IPv4 address in the clothes of IPv6"
    );
    if !is_ours(&peer.to_canonical()) {
        assert_eq!(found, peer.to_canonical(), "a stranger is not believed");
    }
    let hops = hops(&values);
    let named = hops.iter().flatten().any(|hop| *hop == found);
    assert!(
        named || found == peer.to_canonical(),
        "{found} was named by nobody"
    );
    if is_ours(&found) {
        return;
    }
    // Whoever is not ours can have written only what stands to the left of the own address.
    if named && found != peer.to_canonical() {
        let at = hops
            .iter()
            .rposition(|hop| *hop == Some(found))
            .expect("it was named");
        let nearer = &hops[at + 1..];
        assert!(
            nearer
                .iter()
                .all(|hop| hop.is_some_and(|hop| is_ours(&hop))),
            "between {found} and us only proxies of ours have written"
        );
    }
    for invention in [
        "192.0.2.77",
        "::1",
        "unknown",
        "",
        "\"[2001:db8::1]:80\", 10.0.0.1, x",
    ] {
        let invention = HeaderValue::from_static(invention);
        let invented: Vec<_> = std::iter::once(invention)
            .chain(values.iter().cloned())
            .collect();
        let now = client_address(peer, &headers(&invented), &trusted);
        assert_eq!(now, found, "{invented:?} changes who it is");
    }
}

fn headers(values: &[HeaderValue]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append("x-forwarded-for", value.clone());
    }
    headers
}

/// With or without a port, and IPv6 in brackets or not.
fn address(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']'));
    let bare = bare.filter(|hop| hop.contains(':')).unwrap_or(hop);
    let address = bare.parse().ok();
    let address = address.or_else(|| Some(hop.parse::<SocketAddr>().ok()?.ip()));
    address.map(|ip: IpAddr| ip.to_canonical())
}

/// Every hop from left to right; `None` for what is no address.
fn hops(values: &[HeaderValue]) -> Vec<Option<IpAddr>> {
    let of_value = |value: &HeaderValue| {
        let hops = value.as_bytes().split(|byte| *byte == b',');
        hops.map(|hop| {
            std::str::from_utf8(hop)
                .ok()
                .and_then(|hop| address(hop.trim()))
        })
        .collect::<Vec<_>>()
    };
    values.iter().flat_map(of_value).collect()
}
