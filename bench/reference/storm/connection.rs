//! One connection that is kept: writes a request, reads as much of the answer as it needs.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// More than any answer of doorward's.
const BUFFER_BYTES: usize = 8 * 1024;

/// What a client wants to know of an answer.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub retry_after: Option<Duration>,
    /// The `code` of a problem: there is more than one reason for a 503.
    pub code: Option<String>,
}

/// A connection, made when it is first needed.
#[derive(Debug)]
pub struct Connection {
    address: SocketAddr,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
}

impl Connection {
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            stream: None,
            buffer: Vec::new(),
        }
    }

    /// Sends the request and waits for the whole answer.
    pub async fn ask(&mut self, request: &[u8]) -> io::Result<Response> {
        let stream = if let Some(stream) = &mut self.stream {
            stream
        } else {
            let stream = TcpStream::connect(self.address).await?;
            stream.set_nodelay(true)?;
            self.stream.insert(stream)
        };
        stream.write_all(request).await?;
        self.buffer.clear();
        loop {
            self.buffer.reserve(BUFFER_BYTES);
            if stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(response) = parse(&self.buffer)? {
                return Ok(response);
            }
        }
    }
}

/// The answer, once all of it is there.
fn parse(bytes: &[u8]) -> io::Result<Option<Response>> {
    let Some(head) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let text = bytes.get(..head).unwrap_or_default();
    let text = str::from_utf8(text).map_err(|_| io::ErrorKind::InvalidData)?;
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.get(9..12)?.parse().ok());
    let status = status.ok_or(io::ErrorKind::InvalidData)?;
    let (mut length, mut retry_after) = (0, None);
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        let number = || value.parse::<u32>().map_err(|_| io::ErrorKind::InvalidData);
        if name.eq_ignore_ascii_case("content-length") {
            length = usize::try_from(number()?).map_err(|_| io::ErrorKind::InvalidData)?;
        } else if name.eq_ignore_ascii_case("retry-after") {
            retry_after = Some(Duration::from_secs(number()?.into()));
        }
    }
    let body = bytes.get(head + 4..).unwrap_or_default();
    Ok((body.len() >= length).then(|| Response {
        status,
        retry_after,
        code: code(body),
    }))
}

fn code(body: &[u8]) -> Option<String> {
    let text = str::from_utf8(body).ok()?;
    let (_, code) = text.split_once("\"code\":\"")?;
    Some(code.split_once('"')?.0.to_owned())
}
