//! The server: hyper with time and size limits, and a way to stop without dropping anybody.
//!
//! `axum::serve` sets no limit on how long headers may take.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use prometheus::IntGauge;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;
use tower::Service as _;

use super::framing::{Ambiguous, Framing, Watched, framing};
use super::problem::Problem;
use super::problem_kind as kind;
use super::security_headers;
use super::turns::Turn;

/// The most bytes of request line and headers; more is answered 431.
const MAX_HEADER_BYTES: usize = 16 * 1024;
/// The most header lines; more is answered 431.
const MAX_HEADERS: usize = 64;

/// Connections that the system keeps until they are accepted, if it lets us have so many (Linux:
/// `net.core.somaxconn`). One that finds no room is tried again by its client a second later.
const BACKLOG: u32 = 16_384;

const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// What the system keeps of the answers that a client does not read, in bytes; Linux doubles it. By
/// itself it would grow to some MiB for each connection, and filling that keeps processors busy.
const SEND_BUFFER: u32 = 128 * 1024;

/// Limits on the connections.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For the headers of each request, and between two requests on one connection.
    pub header_read_timeout: Duration,
    /// For a client to take some more of an answer.
    pub write_timeout: Duration,
    /// Connections at once; more wait until one ends.
    pub max_connections: usize,
    /// For requests in progress once `stop` was given.
    pub drain_timeout: Duration,
}

/// Listens with room for a storm of connections.
///
/// # Errors
/// When the address cannot be used.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    // A restart need not wait until the old connections are forgotten.
    socket.set_reuseaddr(true)?;
    // Accepted connections have it from the listener.
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Serves until `stop`, then takes no more connections and waits for the requests in progress.
/// `connections` is how many are open.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    connections: IntGauge,
    stop: CancellationToken,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.header_read_timeout)
        .max_buf_size(MAX_HEADER_BYTES)
        .max_headers(MAX_HEADERS);
    let open = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(limits.max_connections));
    let mut was_full = false;
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &places, &mut was_full) => accepted,
            () = stop.cancelled() => break,
        };
        let (stream, peer, place) = match accepted {
            Ok((stream, peer, place)) => (stream, peer, (place, Open::new(&connections))),
            Err(error) => {
                // Out of file descriptors, most likely; some connection will end.
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        // Without this, answers wait for the client's delayed acknowledgement.
        drop(stream.set_nodelay(true));
        let ambiguous = Ambiguous::default();
        let stream = Watched::new(stream, ambiguous.clone());
        let mut stream = Box::pin(TimeoutStream::new(stream));
        stream
            .as_mut()
            .set_write_timeout_pinned(Some(limits.write_timeout));
        let turn = Turn::default();
        let turns = turn.clone();
        let router = router.clone();
        let crowd = Arc::clone(&places);
        let service = tower::service_fn(move |mut request: hyper::Request<_>| {
            let mut router = router.clone();
            let turn = turn.clone();
            let ambiguous = ambiguous.was_seen();
            // Nobody keeps a place while others wait for one.
            let is_full = crowd.available_permits() == 0;
            request
                .extensions_mut()
                .insert(ConnectInfo::<SocketAddr>(peer));
            async move {
                turn.taken().await;
                let (head, body) = request.into_parts();
                let framing = framing(&head);
                if ambiguous || framing == Framing::Refused {
                    return Ok(refuse());
                }
                let answer = router.call(hyper::Request::from_parts(head, body)).await;
                answer.map(|mut answer| {
                    if framing == Framing::Chunked || is_full {
                        answer.headers_mut().insert(header::CONNECTION, CLOSE);
                    }
                    answer
                })
            }
        });
        let connection =
            http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
        let connection = turns.each(open.watch(connection));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(limits.drain_timeout, open.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("some requests did not finish in time");
    }
}

/// A connection that is counted.
struct Open(IntGauge);

impl Open {
    fn new(connections: &IntGauge) -> Self {
        connections.inc();
        Self(connections.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// The next connection, once there is a place for it. Those that are held open by slow clients
/// end by their time limits.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
    was_full: &mut bool,
) -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = if let Ok(place) = Arc::clone(places).try_acquire_owned() {
        *was_full = false;
        place
    } else {
        if !std::mem::replace(was_full, true) {
            tracing::warn!("http.max_connections are open, more wait until one ends");
        }
        let place = Arc::clone(places).acquire_owned().await;
        place.map_err(io::Error::other)?
    };
    let (stream, peer) = listener.accept().await?;
    Ok((stream, peer, place))
}

/// The end of a connection on which nobody can be sure where a request ends.
fn refuse() -> Response {
    tracing::debug!("a request was refused that can be read in two ways");
    let mut answer = Problem::of(&kind::MALFORMED_REQUEST).into_response();
    let headers = answer.headers_mut();
    security_headers::add(headers);
    headers.insert(header::CONNECTION, CLOSE);
    answer
}
