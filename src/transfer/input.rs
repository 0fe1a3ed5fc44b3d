//! The bytes of a source: counted, digested, and compared with what was read the last time.

use std::io::{self, BufRead, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest as _, Sha256};

use super::{Format, Mark};

/// How much of a source tells it from others.
const HEAD: u64 = 64 * 1024;

/// A source, from its beginning.
pub struct Input {
    bytes: io::BufReader<Box<dyn Read + Send>>,
    /// SHA-256 of the format and of how the source begins.
    pub fingerprint: Vec<u8>,
    digest: Sha256,
    position: u64,
    /// How many bytes were read, for those who watch.
    pub read: Arc<AtomicU64>,
}

impl Input {
    /// Reads the beginning.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn open(mut source: impl Read + Send + 'static, format: Format) -> io::Result<Self> {
        let mut head = Vec::new();
        source.by_ref().take(HEAD).read_to_end(&mut head)?;
        let fingerprint = Sha256::new()
            .chain_update(format.name())
            .chain_update(&head)
            .finalize()
            .to_vec();
        let read = Arc::new(AtomicU64::new(0));
        let counted = Counted {
            source: Cursor::new(head).chain(source),
            read: Arc::clone(&read),
        };
        let counted: Box<dyn Read + Send> = Box::new(counted);
        Ok(Self {
            bytes: io::BufReader::with_capacity(256 * 1024, counted),
            fingerprint,
            digest: Sha256::new(),
            position: 0,
            read,
        })
    }

    /// What can be looked at next; empty at the end.
    pub(super) fn peek(&mut self) -> io::Result<&[u8]> {
        self.bytes.fill_buf()
    }

    /// Goes on by so many of the bytes that were looked at.
    pub(super) fn advance(&mut self, count: usize) {
        self.digest.update(&self.bytes.buffer()[..count]);
        self.bytes.consume(count);
        self.position += count as u64;
    }

    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// The place that is reached, behind `line` lines.
    pub(super) fn mark(&self, line: u64) -> Mark {
        Mark {
            position: self.position,
            line,
            digest: self.digest.clone().finalize().to_vec(),
        }
    }

    /// Goes on to a place that an earlier run reached; `false` when it is not the same source up
    /// to there.
    pub(super) fn skip_to(&mut self, mark: &Mark) -> io::Result<bool> {
        while self.position < mark.position {
            let left = usize::try_from(mark.position - self.position).unwrap_or(usize::MAX);
            let some = self.peek()?.len().min(left);
            if some == 0 {
                return Ok(false);
            }
            self.advance(some);
        }
        Ok(self.mark(mark.line) == *mark)
    }

    /// For a source that is not read in lines.
    pub(super) fn into_bytes(self) -> impl Read {
        self.bytes
    }
}

/// Counts on the way.
struct Counted<R> {
    source: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}
