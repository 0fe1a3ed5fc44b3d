//! The mail server's side of things.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use secrecy::{ExposeSecret as _, SecretString};

use super::MailError;

/// How long the connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// How long the whole conversation may take: the library bounds only the connection, and a
/// server that falls silent must not keep the worker. Well below the worker's lease.
const TIMEOUT: Duration = Duration::from_secs(90);

/// A mail server; each letter has a connection of its own.
pub struct Smtp(AsyncSmtpTransport<Tokio1Executor>);

impl Smtp {
    pub(super) fn new(url: &SecretString, ca_file: Option<&Path>) -> Result<Self, MailError> {
        let text = url.expose_secret();
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(text)
            .map_err(|_| MailError("mail.smtp_url cannot be used".to_owned()))?;
        if let Some(path) = ca_file {
            let tls = tls(text, path)
                .map_err(|error| MailError(format!("mail.smtp_ca_file: {error}")))?;
            transport = transport.tls(tls);
        }
        Ok(Self(transport.timeout(Some(CONNECT_TIMEOUT)).build()))
    }

    /// Connects, with TLS and a login where the URL asks for them, and says goodbye.
    pub(super) async fn test(&self) -> Result<(), MailError> {
        let tested = tokio::time::timeout(CONNECT_TIMEOUT, self.0.test_connection()).await;
        let tested = tested.map_err(|_| MailError("the mail server fell silent".to_owned()))?;
        if tested.map_err(|error| in_full(&error))? {
            Ok(())
        } else {
            Err(MailError("the mail server is not ready".to_owned()))
        }
    }

    pub(super) async fn send(&self, message: Message) -> Result<(), MailError> {
        let sent = tokio::time::timeout(TIMEOUT, self.0.send(message)).await;
        let sent = sent.map_err(|_| MailError("the mail server fell silent".to_owned()))?;
        sent.map(drop).map_err(|error| in_full(&error))
    }
}

/// The source has the server's own words.
fn in_full(error: &lettre::transport::smtp::Error) -> MailError {
    let source = std::error::Error::source(error).map(ToString::to_string);
    MailError(source.map_or(error.to_string(), |words| format!("{error}: {words}")))
}

/// Whether the text is a URL of a mail server.
#[must_use]
pub fn is_usable_url(url: &SecretString) -> bool {
    AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose_secret()).is_ok()
}

/// The URL's own kind of TLS, trusting one more certificate authority.
fn tls(url: &str, ca_file: &Path) -> Result<Tls, Box<dyn std::error::Error>> {
    let url = url::Url::parse(url)?;
    let authority = Certificate::from_pem(&std::fs::read(ca_file)?)?;
    let parameters = TlsParameters::builder(url.host_str().unwrap_or_default().to_owned())
        .add_root_certificate(authority)
        .build()?;
    let mode = url
        .query_pairs()
        .find(|(name, _)| name == "tls")
        .map(|(_, mode)| mode);
    Ok(match (url.scheme(), mode.as_deref()) {
        ("smtps", _) => Tls::Wrapper(parameters),
        (_, Some("required")) => Tls::Required(parameters),
        (_, Some("opportunistic")) => Tls::Opportunistic(parameters),
        _ => Tls::None,
    })
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Smtp")
    }
}
