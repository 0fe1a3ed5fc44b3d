//! How files that are built into the binary are served, and pages that load them.

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// Another window that opened the page must not be able to send it elsewhere afterwards.
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// A file, as it is sent.
#[derive(Debug)]
pub struct File {
    /// Where it is served.
    pub path: &'static str,
    content_type: &'static str,
    content: &'static str,
}

impl File {
    pub const fn script(path: &'static str, content: &'static str) -> Self {
        Self::new(path, "text/javascript; charset=utf-8", content)
    }

    pub const fn css(path: &'static str, content: &'static str) -> Self {
        Self::new(path, "text/css; charset=utf-8", content)
    }

    pub const fn svg(path: &'static str, content: &'static str) -> Self {
        Self::new(path, "image/svg+xml", content)
    }

    const fn new(path: &'static str, content_type: &'static str, content: &'static str) -> Self {
        Self {
            path,
            content_type,
            content,
        }
    }
}

/// Serves a file.
///
/// Browsers keep it and ask each time whether it is still the one: files import each other by
/// name, and after a deployment none must meet an older one.
pub fn file<S: Clone + Send + Sync + 'static>(file: &File) -> MethodRouter<S> {
    let (content, digest) = (file.content, Sha256::digest(file.content));
    let tag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(digest));
    let headers = [
        (header::CONTENT_TYPE, file.content_type),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    get(async move |request: HeaderMap| {
        let same = names(&request, &tag);
        let tag = [(header::ETAG, tag.clone())];
        if same {
            (StatusCode::NOT_MODIFIED, headers, tag).into_response()
        } else {
            (headers, tag, content).into_response()
        }
    })
}

/// Serves a page with its content security policy. Nobody keeps it: what people type into it, and
/// what links put behind its address, should not come back from a cache.
pub fn page<S: Clone + Send + Sync + 'static>(
    html: String,
    policy: &'static str,
) -> MethodRouter<S> {
    let html = Bytes::from(html);
    get(async move || -> Response {
        let headers = [
            (
                header::CONTENT_TYPE,
                HeaderValue::from_static("text/html; charset=utf-8"),
            ),
            (
                header::CONTENT_SECURITY_POLICY,
                HeaderValue::from_static(policy),
            ),
            (OPENER_POLICY, HeaderValue::from_static("same-origin")),
        ];
        (headers, html.clone()).into_response()
    })
}

/// Whether `If-None-Match` names the tag, which a proxy that compresses has made a weak one
/// (RFC 9110 section 13.1.2).
fn names(request: &HeaderMap, tag: &str) -> bool {
    let sent = request.get_all(header::IF_NONE_MATCH).into_iter();
    let sent = sent.filter_map(|value| value.to_str().ok());
    let mut tags = sent.flat_map(|value| value.split(',')).map(str::trim);
    tags.any(|sent| sent == "*" || sent.strip_prefix("W/").unwrap_or(sent) == tag)
}
