//! An answer, checked against the OpenAPI description on arrival.

use std::sync::LazyLock;

use reqwest::header::HeaderMap;
use reqwest::{Method, Response};
use serde_json::Value;

static DESCRIPTION: LazyLock<Value> = LazyLock::new(|| {
    serde_json::to_value(doorward::http::openapi::description()).expect("a description")
});

#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    /// `Null` when there is no JSON.
    pub body: Value,
}

impl Answer {
    pub async fn of(method: Method, path: &str, response: Response) -> Self {
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let text = response.text().await.expect("a body");
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        let answer = Self {
            status,
            headers,
            text,
            body,
        };
        answer.assert_documented(&method, path);
        answer
    }

    /// Asserts the status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// Asserts status and code of a problem.
    #[track_caller]
    pub fn expect_problem(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status, self.code()), (status, code), "{}", self.text);
        self
    }

    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or("(no code)")
    }

    pub fn err_msg(&self) -> &str {
        self.body["err_msg"].as_str().unwrap_or("(no err_msg)")
    }

    #[track_caller]
    pub fn token(&self) -> String {
        let token = self.body["token"].as_str();
        token
            .unwrap_or_else(|| panic!("no token: {}", self.text))
            .to_owned()
    }

    /// A header's text, or "".
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("ASCII"))
    }

    /// Seconds of `Retry-After`.
    #[track_caller]
    pub fn retry_after(&self) -> u64 {
        self.header("retry-after")
            .parse()
            .expect("Retry-After in seconds")
    }

    /// What the description does not mention is never answered.
    fn assert_documented(&self, method: &Method, path: &str) {
        let path = path.split('?').next().unwrap_or_default();
        let operations = &DESCRIPTION["paths"][path];
        if self.status >= 400 {
            self.assert_problem();
        }
        if operations.is_null() {
            assert_eq!(self.status, 404, "{path} is not described: {}", self.text);
            return;
        }
        let operation = &operations[method.as_str().to_lowercase()];
        if operation.is_null() {
            assert!(
                [200, 204, 405].contains(&self.status),
                "{method} {path}: {}",
                self.status
            );
            return;
        }
        let response = &operation["responses"][self.status.to_string()];
        assert!(
            !response.is_null(),
            "{method} {path}: {} is not described",
            self.status
        );
        for header in ["Set-Cookie", "Retry-After", "WWW-Authenticate"] {
            let sent = self.headers.contains_key(header);
            assert!(
                !sent || response["headers"][header].is_object(),
                "{method} {path}: {header} at {} is not described",
                self.status
            );
        }
        if self.status >= 400 && *method != Method::HEAD {
            let examples = &response["content"]["application/problem+json"]["examples"];
            assert!(
                !examples[self.code()].is_null(),
                "{method} {path}: {} {} is not described",
                self.status,
                self.code()
            );
        }
    }

    /// RFC 9457 and the old API's field.
    fn assert_problem(&self) {
        if self.text.is_empty() {
            return;
        }
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.body["status"], self.status);
        assert_eq!(self.body["err_msg"], self.body["detail"]);
        for field in ["type", "title", "detail", "code"] {
            assert!(self.body[field].is_string(), "{field}: {}", self.text);
        }
    }
}
