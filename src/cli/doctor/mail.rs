//! How mails leave. Nothing is sent.

use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};
use url::Host;

use super::Finding;
use crate::config::{Config, Environment, MailTransport};
use crate::mail::{Envelope, Mailer};

const CHECK: &str = "mail";

pub(super) async fn check(config: &Config) -> Finding {
    let is_production = config.environment == Environment::Production;
    match &config.mail.transport {
        MailTransport::Smtp { url, ca_file } => {
            let mailer = Envelope::parse(&config.mail.from)
                .and_then(|from| Mailer::smtp(url, ca_file.as_deref(), from));
            let mailer = match mailer {
                Ok(mailer) => mailer,
                Err(error) => {
                    return Finding::failed(CHECK, error.to_string(), "see config/default.toml");
                }
            };
            smtp(&mailer, config, is_plain(url)).await
        }
        MailTransport::File { directory } => file(directory, is_production),
        MailTransport::Console if is_production => Finding::failed(
            CHECK,
            "mails, with their tokens, go to standard output and to nobody's mailbox",
            "set mail.transport = \"smtp\"",
        ),
        MailTransport::Console => Finding::ok(CHECK, "mails are shown on standard output"),
        MailTransport::Off => Finding::warning(
            CHECK,
            "no mail is sent: nobody can choose a new password or confirm an address",
            "set mail.transport = \"smtp\"",
        ),
    }
}

/// Whether mails, and the password, could travel without TLS; on this machine they may.
fn is_plain(url: &SecretString) -> bool {
    let Ok(url) = url::Url::parse(url.expose_secret()) else {
        return true;
    };
    let is_required = url.scheme() == "smtps"
        || url
            .query_pairs()
            .any(|(name, value)| name == "tls" && value == "required");
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    !is_required && !is_here
}

async fn smtp(mailer: &Mailer, config: &Config, is_plain: bool) -> Finding {
    let answered = mailer.test().await;
    match answered {
        Err(error) => Finding::failed(
            CHECK,
            format!("the mail server did not let us in: {error}"),
            "look at mail.smtp_url: host, port, tls, user and password, and at mail.smtp_ca_file; \
             mails wait in the outbox meanwhile",
        ),
        Ok(()) if config.mail.from.contains("localhost.localdomain") => Finding::warning(
            CHECK,
            "the mail server answers, and the sender is doorward's own placeholder",
            "set mail.from to an address of yours, or mails will be taken for spam",
        ),
        Ok(()) if is_plain => Finding::warning(
            CHECK,
            "the mail server answers, and the mails travel to it without TLS",
            "add ?tls=required to mail.smtp_url, or use smtps://",
        ),
        Ok(()) => Finding::ok(
            CHECK,
            "the mail server answers and lets us in; nothing was sent",
        ),
    }
}

fn file(directory: &Path, is_production: bool) -> Finding {
    let shown = directory.display();
    if is_production {
        return Finding::warning(
            CHECK,
            format!("mails are written to {shown} and go to nobody's mailbox"),
            "set mail.transport = \"smtp\"",
        );
    }
    Finding::ok(CHECK, format!("mails are written to {shown}"))
}
