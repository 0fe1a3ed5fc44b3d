//! Refuses requests whose length can be read in two ways (RFC 9112 section 6.3, request
//! smuggling): a proxy in front may have read it the other way.
//!
//! hyper forgives some of them: with `Transfer-Encoding` it drops `Content-Length`, and it takes
//! two equal lengths for one. So the bytes are looked at on their way in. A header line is known by
//! how it begins, and a request's lines end with an empty one. Bodies are looked at as well, since
//! nothing here knows where they begin; a JSON text cannot have lines that begin like this.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

const CONTENT_LENGTH: &[u8] = b"content-length:";
const TRANSFER_ENCODING: &[u8] = b"transfer-encoding:";
/// The longer of the two.
const LONGEST: usize = TRANSFER_ENCODING.len();

/// Whether a request of ambiguous length was seen on a connection; it stays so.
#[derive(Debug, Clone, Default)]
pub struct Ambiguous(Arc<AtomicBool>);

impl Ambiguous {
    pub fn was_seen(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A stream whose bytes are looked at while they are read.
#[derive(Debug)]
pub struct Watched<S> {
    stream: S,
    lines: Lines,
    ambiguous: Ambiguous,
}

impl<S> Watched<S> {
    pub fn new(stream: S, ambiguous: Ambiguous) -> Self {
        Self {
            stream,
            lines: Lines::default(),
            ambiguous,
        }
    }
}

/// The lines so far of what may be the head of a request.
#[derive(Debug, Default)]
struct Lines {
    /// How the current line begins, in lower case.
    start: [u8; LONGEST],
    /// Bytes of it, without carriage returns; no more are counted than fit.
    length: usize,
    lengths: u32,
    encodings: u32,
}

impl Lines {
    /// Whether these bytes complete a head with more than one statement of its length.
    fn are_ambiguous(&mut self, bytes: &[u8]) -> bool {
        let mut ambiguous = false;
        let mut lines = bytes.split(|byte| *byte == b'\n');
        if let Some(rest) = lines.next() {
            self.extend(rest);
        }
        for line in lines {
            ambiguous |= self.end_line();
            self.extend(line);
        }
        ambiguous
    }

    fn extend(&mut self, part: &[u8]) {
        for byte in part.iter().filter(|byte| **byte != b'\r') {
            let Some(place) = self.start.get_mut(self.length) else {
                return;
            };
            *place = byte.to_ascii_lowercase();
            self.length += 1;
        }
    }

    fn end_line(&mut self) -> bool {
        let line = self.start.get(..self.length).unwrap_or_default();
        if line.is_empty() {
            (self.lengths, self.encodings) = (0, 0);
        }
        self.lengths += u32::from(line.starts_with(CONTENT_LENGTH));
        self.encodings += u32::from(line.starts_with(TRANSFER_ENCODING));
        self.length = 0;
        self.lengths + self.encodings > 1
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
        if self.lines.are_ambiguous(new) {
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
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    const TWO: &str = "POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n";

    #[rstest]
    #[case::both(TWO)]
    #[case::both_the_other_way(
        "POST / HTTP/1.1\r\ntransfer-encoding:chunked\r\nhost: x\r\nCONTENT-LENGTH:5\r\n\r\n"
    )]
    #[case::bare_line_feeds("POST / HTTP/1.1\ncontent-length: 5\ntransfer-encoding: chunked\n\n")]
    #[case::two_lengths("POST / HTTP/1.1\r\ncontent-length: 5\r\ncontent-length: 5\r\n\r\n")]
    #[case::two_encodings(
        "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n"
    )]
    #[case::after_a_good_one(
        "POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}POST / HTTP/1.1\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n"
    )]
    fn a_length_that_is_said_twice_is_seen(#[case] bytes: &str) {
        assert!(Lines::default().are_ambiguous(bytes.as_bytes()));
    }

    #[rstest]
    #[case::a_length(
        "POST / HTTP/1.1\r\ncontent-length: 5\r\n\r\n{\"a\":\"content-length: 5\\ntransfer-encoding: x\"}"
    )]
    #[case::an_encoding(
        "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    )]
    #[case::one_request_after_another(
        "POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"
    )]
    #[case::other_names(
        "GET / HTTP/1.1\r\nx-content-length: 5\r\ncontent-length-x: 5\r\ncontent-length: 5\r\n\r\n"
    )]
    fn a_length_that_is_said_once_is_not(#[case] bytes: &str) {
        assert!(!Lines::default().are_ambiguous(bytes.as_bytes()));
    }

    proptest! {
        #[test]
        fn it_does_not_matter_in_how_many_pieces_the_bytes_come(
            cuts in prop::collection::vec(0..TWO.len(), 0..8)
        ) {
            let mut cuts = cuts;
            cuts.extend([0, TWO.len()]);
            cuts.sort_unstable();
            let mut lines = Lines::default();
            let mut seen = false;
            for pair in cuts.windows(2) {
                seen |= lines.are_ambiguous(&TWO.as_bytes()[pair[0]..pair[1]]);
            }
            prop_assert!(seen);
        }
    }
}
