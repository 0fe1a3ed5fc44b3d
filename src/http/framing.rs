//! Refuses requests whose end can be seen at two places (RFC 9112 section 6.3, request
//! smuggling): a proxy in front may have seen it at the other.
//!
//! hyper forgives some of them: with `Transfer-Encoding` it drops `Content-Length`, and it takes
//! two equal lengths for one. So heads are looked at on their way in. Bodies are passed over by
//! the length that the head gave: whatever somebody writes into a body is not held against
//! the next request, which may be another client's of the same proxy. What comes after a body in
//! chunks is never read, since chunks can be read in more than one way as well.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::http::request::Parts;
use axum::http::{HeaderMap, Version, header};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

const CONTENT_LENGTH: &[u8] = b"content-length:";
const TRANSFER_ENCODING: &[u8] = b"transfer-encoding:";
/// The bytes of a line that are looked at. Enough for a length of 20 digits among spaces.
const LOOKED_AT: usize = 64;

/// Whether a request of ambiguous length was seen on a connection; it stays so.
#[derive(Debug, Clone, Default)]
pub struct Ambiguous(Arc<AtomicBool>);

impl Ambiguous {
    pub fn was_seen(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// How a body is delimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// By a length, or there is none.
    Plain,
    /// In chunks; the connection ends with the answer.
    Chunked,
    /// A 400 (RFC 9112 sections 3.2 and 6.1).
    Refused,
}

/// Looks at what hyper takes more kindly than a proxy might: codings before `chunked`, and none,
/// several or odd hosts.
pub fn framing(head: &Parts) -> Framing {
    let mut codings = head.headers.get_all(header::TRANSFER_ENCODING).iter();
    let framing = match (codings.next(), codings.next()) {
        (None, _) => Framing::Plain,
        (Some(one), None) if one.as_bytes().eq_ignore_ascii_case(b"chunked") => Framing::Chunked,
        (Some(_), _) => return Framing::Refused,
    };
    if has_one_host(&head.headers, head.version) {
        framing
    } else {
        Framing::Refused
    }
}

fn has_one_host(headers: &HeaderMap, version: Version) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~:[]%".contains(byte);
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => version < Version::HTTP_11,
        (Some(host), None) => host.as_bytes().iter().all(plain),
        (Some(_), Some(_)) => false,
    }
}

/// A stream whose bytes are looked at while they are read.
#[derive(Debug)]
pub struct Watched<S> {
    stream: S,
    heads: Heads,
    ambiguous: Ambiguous,
}

impl<S> Watched<S> {
    pub fn new(stream: S, ambiguous: Ambiguous) -> Self {
        Self {
            stream,
            heads: Heads::default(),
            ambiguous,
        }
    }
}

/// The requests of a connection so far.
#[derive(Debug)]
struct Heads {
    /// How the current line begins, in lower case and without carriage returns.
    line: [u8; LOOKED_AT],
    line_length: usize,
    /// Whether it is longer than what is looked at.
    line_is_cut: bool,
    /// What the head said of its length.
    length: Option<Length>,
    /// Bytes of a body that still have to come.
    body: u64,
    /// Nothing is looked at any more: hyper does not read on, or the answer ends the connection.
    done: bool,
}

#[derive(Debug, Clone, Copy)]
enum Length {
    Bytes(u64),
    Chunks,
}

impl Default for Heads {
    fn default() -> Self {
        Self {
            line: [0; LOOKED_AT],
            line_length: 0,
            line_is_cut: false,
            length: None,
            body: 0,
            done: false,
        }
    }
}

impl Heads {
    /// Whether these bytes say a second time how long a request is.
    fn are_ambiguous(&mut self, mut bytes: &[u8]) -> bool {
        while !self.done && !bytes.is_empty() {
            if self.body > 0 {
                let skipped =
                    usize::try_from(self.body).map_or(bytes.len(), |n| n.min(bytes.len()));
                self.body -= skipped as u64;
                bytes = bytes.get(skipped..).unwrap_or_default();
                continue;
            }
            let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
                self.extend(bytes);
                break;
            };
            let (line, rest) = bytes.split_at(end);
            self.extend(line);
            bytes = rest.get(1..).unwrap_or_default();
            if self.end_line() {
                self.done = true;
                return true;
            }
        }
        false
    }

    fn extend(&mut self, part: &[u8]) {
        for byte in part.iter().filter(|byte| **byte != b'\r') {
            let Some(place) = self.line.get_mut(self.line_length) else {
                self.line_is_cut = true;
                return;
            };
            *place = byte.to_ascii_lowercase();
            self.line_length += 1;
        }
    }

    fn end_line(&mut self) -> bool {
        let line = self.line.get(..self.line_length).unwrap_or_default();
        let said = if let Some(value) = line.strip_prefix(CONTENT_LENGTH) {
            let value = value.trim_ascii();
            // `parse` would take a sign.
            let plain = !self.line_is_cut && value.iter().all(u8::is_ascii_digit);
            let digits = plain.then_some(value);
            let digits = digits.and_then(|digits| str::from_utf8(digits).ok());
            match digits.and_then(|digits| digits.parse().ok()) {
                Some(bytes) => Some(Length::Bytes(bytes)),
                // Not a length for hyper either: it is the last request.
                None => return true,
            }
        } else if line.starts_with(TRANSFER_ENCODING) {
            Some(Length::Chunks)
        } else {
            None
        };
        let is_end = line.is_empty();
        self.line_length = 0;
        self.line_is_cut = false;
        if is_end {
            match self.length.take() {
                None => {}
                Some(Length::Bytes(bytes)) => self.body = bytes,
                Some(Length::Chunks) => self.done = true,
            }
        } else if said.is_some() {
            let before = std::mem::replace(&mut self.length, said);
            return before.is_some();
        }
        false
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        let new = buffer.filled().get(before..).unwrap_or_default();
        if self.heads.are_ambiguous(new) {
            self.ambiguous.0.store(true, Ordering::Relaxed);
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests;
