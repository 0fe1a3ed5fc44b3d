//! Requests whose answers are taken as they come, past the description: other methods, other
//! paths, headers.

use reqwest::{Method, Response};

use super::Client;

/// A request with a method and headers.
pub async fn request(app: &Client, method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let mut request = app.http.request(method, format!("{}{path}", app.url));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.expect("an answer")
}

/// A response header's text, or "".
pub fn header<'r>(response: &'r Response, name: &str) -> &'r str {
    response
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().expect("ASCII"))
}
