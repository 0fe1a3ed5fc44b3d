//! `doorward healthcheck`

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::CliError;
use super::output::print;
use crate::config::HttpConfig;

/// Longer than the service waits for its database.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) async fn run(http: &HttpConfig) -> Result<(), CliError> {
    let address = http.local_address();
    let answer = tokio::time::timeout(PATIENCE, ask(address)).await;
    match answer {
        Ok(Ok(200)) => print("ready\n").map(drop),
        Ok(Ok(status)) => Err(CliError::Failed(format!(
            "{address} is not ready: status {status}"
        ))),
        Ok(Err(error)) => Err(CliError::Failed(format!(
            "{address} cannot be asked: {error}"
        ))),
        Err(_) => Err(CliError::Failed(format!(
            "{address} did not answer in time"
        ))),
    }
}

async fn ask(address: SocketAddr) -> Result<u16, Box<dyn std::error::Error>> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let request = Request::get("/health/ready").header("host", address.to_string());
    let status = sender
        .send_request(request.body(Body::empty())?)
        .await?
        .status();
    connection.abort();
    Ok(status.as_u16())
}
