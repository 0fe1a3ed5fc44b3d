//! Who is at the other end: the peer, or whom a trusted proxy names.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Once;

use axum::http::HeaderMap;
use ipnet::IpNet;

/// Who is at the other end of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client {
    pub address: IpAddr,
    /// Whether a trusted proxy says that it speaks TLS with the client.
    pub is_tls: bool,
}

impl Client {
    pub fn of(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> Self {
        warn_of_unknown_proxy(peer, headers, trusted);
        Self {
            address: address(peer, headers, trusted),
            is_tls: is_tls(peer, headers, trusted),
        }
    }
}

/// Says once that somebody forwards requests whom the settings do not name: then every client has
/// that proxy's address, and all of them share one allowance.
fn warn_of_unknown_proxy(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) {
    static SAID: Once = Once::new();
    if SAID.is_completed() || !headers.contains_key("x-forwarded-for") {
        return;
    }
    let peer = peer.to_canonical();
    if !trusted.iter().any(|net| net.contains(&peer)) {
        SAID.call_once(|| {
            tracing::warn!(
                %peer,
                "X-Forwarded-For comes from a peer that is not in http.trusted_proxies and is \
                 ignored. If it is your reverse proxy, add its address there: until then all of \
                 its clients count as one, for the limits and in the log. (Said once.)"
            );
        });
    }
}

/// The address that a request comes from.
///
/// `X-Forwarded-For` counts only when the peer is a configured proxy. It is walked from the
/// right, past every proxy of ours, to the first address that somebody we do not know could have
/// had; what stands to the left of it is that client's own invention (CVE-2025-64526).
#[must_use]
pub fn address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_ours = |ip: &IpAddr| trusted.iter().any(|net| net.contains(ip));
    let mut client = peer.to_canonical();
    let hops = headers.get_all("x-forwarded-for").into_iter().rev();
    // As bytes: what a client put to the left must not make the proxy's own part unreadable.
    for hop in hops.flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b',')) {
        if !is_ours(&client) {
            break;
        }
        let Some(named) = hop_address(hop) else {
            break;
        };
        client = named.to_canonical();
    }
    client
}

/// An address, and perhaps a port, as some proxies write it.
fn hop_address(hop: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(hop).ok()?.trim();
    let bare = text.parse().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    let in_brackets = || {
        let inside = text.strip_prefix('[')?.strip_suffix(']')?;
        inside.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
    };
    bare.or_else(with_port).or_else(in_brackets)
}

/// Whether a trusted proxy says that it speaks TLS with the client.
fn is_tls(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> bool {
    let peer = peer.to_canonical();
    trusted.iter().any(|net| net.contains(&peer))
        && headers
            .get("x-forwarded-proto")
            .is_some_and(|proto| proto == "https")
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use rstest::rstest;

    /// SECURITY 14.
    #[rstest]
    #[case::nobody_is_trusted("203.0.113.9", &["198.51.100.1"], &[], "203.0.113.9")]
    #[case::a_stranger_is_not_believed("203.0.113.9", &["198.51.100.1"], &["10.0.0.0/8"], "203.0.113.9")]
    #[case::a_proxy_is_believed("10.0.0.1", &["198.51.100.1"], &["10.0.0.0/8"], "198.51.100.1")]
    #[case::what_the_client_invents_is_not("10.0.0.1", &["1.2.3.4, 198.51.100.1"], &["10.0.0.0/8"], "198.51.100.1")]
    #[case::a_chain_of_proxies("10.0.0.1", &["198.51.100.1, 10.0.0.2"], &["10.0.0.0/8"], "198.51.100.1")]
    #[case::several_headers("10.0.0.1", &["1.2.3.4", "198.51.100.1"], &["10.0.0.0/8"], "198.51.100.1")]
    #[case::garbage_ends_the_walk("10.0.0.1", &["1.2.3.4, x, 10.0.0.2"], &["10.0.0.0/8"], "10.0.0.2")]
    #[case::mapped_addresses_are_unmapped("::ffff:10.0.0.1", &["::ffff:198.51.100.1"], &["10.0.0.0/8"], "198.51.100.1")]
    #[case::a_port("10.0.0.1", &["198.51.100.1:51234"], &["10.0.0.0/8"], "198.51.100.1")]
    #[case::ipv6_and_a_port("10.0.0.1", &["[2001:db8::1]:51234"], &["10.0.0.0/8"], "2001:db8::1")]
    #[case::ipv6_in_brackets("10.0.0.1", &["[2001:db8::1]"], &["10.0.0.0/8"], "2001:db8::1")]
    #[case::bytes_that_are_no_text("10.0.0.1", &["\u{ff}, 198.51.100.1"], &["10.0.0.0/8"], "198.51.100.1")]
    #[case::no_header("10.0.0.1", &[], &["10.0.0.0/8"], "10.0.0.1")]
    fn the_client_is_the_first_that_we_do_not_know(
        #[case] peer: &str,
        #[case] forwarded: &[&'static str],
        #[case] trusted: &[&str],
        #[case] expected: &str,
    ) {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            let value = HeaderValue::from_bytes(value.as_bytes()).expect("a value");
            headers.append("x-forwarded-for", value);
        }
        let trusted: Vec<IpNet> = trusted
            .iter()
            .map(|net| net.parse().expect("a net"))
            .collect();
        let client = address(peer.parse().expect("an address"), &headers, &trusted);
        assert_eq!(client.to_string(), expected);
    }
}
