//! Reads on after a refusal: a client that writes all of its request before it looks at the
//! answer would otherwise meet a closed connection instead of the answer.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use http_body_util::BodyExt as _;

/// The most that is read only so that the client gets to hear of the refusal, in bytes.
const MOST: usize = 8 * 1024 * 1024;

/// And for how long.
const PATIENCE: Duration = Duration::from_secs(10);

/// A body of which whatever the handler leaves is read and thrown away, within bounds.
pub fn drained(body: Body) -> Body {
    if body.is_end_stream() {
        body
    } else {
        Body::new(Drained(body))
    }
}

struct Drained(Body);

impl HttpBody for Drained {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<hyper::body::Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.0).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        self.0.size_hint()
    }
}

impl Drop for Drained {
    fn drop(&mut self) {
        if self.is_end_stream() {
            return;
        }
        let mut rest = std::mem::take(&mut self.0);
        tokio::spawn(tokio::time::timeout(PATIENCE, async move {
            let mut length = 0;
            while let Some(Ok(frame)) = rest.frame().await {
                length += frame.data_ref().map_or(0, Bytes::len);
                if length > MOST {
                    break;
                }
            }
        }));
    }
}
