//! What is allowed, and still strange: above all in production.

use std::os::unix::fs::PermissionsExt as _;

use ipnet::IpNet;
use url::Host;

use super::Finding;
use crate::config::{Config, Environment};
use crate::security::signing_secret;

pub(super) fn check(config: &Config) -> Vec<Finding> {
    let is_production = config.environment == Environment::Production;
    let mut findings = vec![secret(config), proxies(config, is_production)];
    findings.push(links(config, is_production));
    if !is_production && !config.http.host.is_loopback() {
        findings.push(Finding::warning(
            "environment",
            format!(
                "development, and reachable from elsewhere ({})",
                config.http.host
            ),
            "set DOORWARD_ENV=production where others can reach it",
        ));
    }
    findings
}

/// The settings refuse a weak one; here is where it comes from.
fn secret(config: &Config) -> Finding {
    const CHECK: &str = "signing secret";
    if config.jwt.secret.is_some() {
        return Finding::ok(CHECK, "set, and looks random");
    }
    let path = signing_secret::path(&config.data_directory);
    let shown = path.display();
    match std::fs::metadata(&path) {
        Ok(file) if file.permissions().mode() & 0o077 != 0 => Finding::failed(
            CHECK,
            format!("{shown} can be read by others"),
            "chmod 600, and a new secret if others have read it",
        ),
        Ok(_) => match signing_secret::load_or_create(&config.data_directory) {
            Ok(secret) => match signing_secret::check(&secret) {
                Ok(()) => Finding::ok(CHECK, format!("made by doorward, in {shown}")),
                Err(weak) => Finding::failed(
                    CHECK,
                    format!("{shown}: the secret {weak}"),
                    "remove the file; a good secret is made at the next start",
                ),
            },
            Err(error) => Finding::failed(
                CHECK,
                format!("{shown}: {error}"),
                "let the service's user read the file",
            ),
        },
        Err(_) => Finding::ok(
            CHECK,
            format!("will be made at the first start, in {shown}"),
        ),
    }
}

fn proxies(config: &Config, is_production: bool) -> Finding {
    const CHECK: &str = "proxies";
    let trusted = &config.http.trusted_proxies;
    if let Some(net) = trusted.iter().find(|net| net.prefix_len() == 0) {
        return Finding::failed(
            CHECK,
            format!("everybody is trusted ({net}), so any client can claim any address"),
            "name the network of your proxy alone in http.trusted_proxies",
        );
    }
    if trusted.is_empty() && is_production {
        return Finding::warning(
            CHECK,
            "none is trusted: behind one, all clients count as one and the cookie is not Secure",
            "name your proxy in http.trusted_proxies, unless there is none",
        );
    }
    let named: Vec<String> = trusted.iter().map(IpNet::to_string).collect();
    Finding::ok(
        CHECK,
        if named.is_empty() {
            "none is trusted".to_owned()
        } else {
            format!("trusted: {}", named.join(", "))
        },
    )
}

/// Where the mailed links lead: a token travels there.
fn links(config: &Config, is_production: bool) -> Finding {
    const CHECK: &str = "links";
    let url = config.base_url();
    let parsed = url::Url::parse(&url).ok();
    let is_local = match parsed.as_ref().and_then(url::Url::host) {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => true,
    };
    if !is_production {
        return Finding::ok(CHECK, format!("mails link to {url}"));
    }
    if is_local {
        return Finding::failed(
            CHECK,
            format!("mails link to {url}, which is another machine for everybody"),
            "set links.base_url to your front end",
        );
    }
    if url.starts_with("https://") {
        return Finding::ok(CHECK, format!("mails link to {url}"));
    }
    Finding::warning(
        CHECK,
        format!("mails link to {url}: without TLS the tokens in the links can be read"),
        "set links.base_url to an https:// address",
    )
}
