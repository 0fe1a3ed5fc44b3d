//! How spans travel to the collector: with hyper, which the service speaks anyway.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use tokio::runtime::Handle;
use tokio::time::timeout;

/// A batch that takes longer is lost.
const PATIENCE: Duration = Duration::from_secs(5);
/// What a collector may answer; it has little to say.
const LONGEST_ANSWER: usize = 64 * 1024;

#[derive(Debug, Clone)]
enum Hyper {
    Plain(Client<HttpConnector, Full<Bytes>>),
    Tls(Client<HttpsConnector<HttpConnector>, Full<Bytes>>),
}

/// A client that can be used from the thread that sends spans, which is none of the runtime's.
#[derive(Debug)]
pub(super) struct Collector {
    client: Hyper,
    runtime: Handle,
    /// So that the log has one line when it goes away, and one when it is back.
    is_away: AtomicBool,
}

impl Collector {
    /// # Errors
    /// When it speaks TLS, and the system has no certificate authorities.
    pub(super) fn new(endpoint: &str) -> io::Result<Self> {
        let client = Client::builder(TokioExecutor::new());
        let client = if endpoint.starts_with("https:") {
            let connector = HttpsConnectorBuilder::new()
                .with_native_roots()?
                .https_only()
                .enable_http1()
                .build();
            Hyper::Tls(client.build(connector))
        } else {
            Hyper::Plain(client.build(HttpConnector::new()))
        };
        Ok(Self {
            client,
            runtime: Handle::current(),
            is_away: AtomicBool::new(false),
        })
    }

    /// Says what has changed. An answer may repeat what was sent, so the log has its status alone.
    fn note(&self, failure: Option<String>) {
        let was_away = self.is_away.swap(failure.is_some(), Ordering::Relaxed);
        match failure {
            Some(error) if !was_away => {
                tracing::warn!(error, "traces are lost: the collector does not take them");
            }
            None if was_away => tracing::info!("the collector takes traces again"),
            Some(_) | None => {}
        }
    }
}

#[async_trait::async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let sent = send(self.client.clone(), request);
        let answer = match self.runtime.spawn(sent).await {
            Ok(answer) => answer,
            Err(error) => Err(error.into()),
        };
        self.note(match &answer {
            Ok(answer) if answer.status().is_success() => None,
            Ok(answer) => Some(answer.status().to_string()),
            Err(error) => Some(error.to_string()),
        });
        answer
    }
}

async fn send(client: Hyper, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
    let answer = async {
        let request = request.map(Full::new);
        let answer = match client {
            Hyper::Plain(client) => client.request(request),
            Hyper::Tls(client) => client.request(request),
        };
        let (head, body) = answer.await?.into_parts();
        let body = Limited::new(body, LONGEST_ANSWER).collect().await?;
        Ok::<_, HttpError>(Response::from_parts(head, body.to_bytes()))
    };
    timeout(PATIENCE, answer).await?
}
