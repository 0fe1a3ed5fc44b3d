//! Every endpoint that takes a body, for tests that hold for all of them.

use reqwest::Method;
use serde_json::{Map, Value};

use super::{Answer, Client, PASSWORD, TestApp};

/// A `POST` endpoint.
#[derive(Debug, Clone, Copy)]
pub struct Endpoint {
    pub path: &'static str,
    /// Whether it wants a token.
    pub bearer: bool,
    pub fields: &'static [Field],
}

/// A field of a request, with a value that is fine and the answer to one that is no text.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    pub name: &'static str,
    pub good: &'static str,
    pub code: &'static str,
    pub words: &'static str,
}

const fn field(
    name: &'static str,
    good: &'static str,
    code: &'static str,
    words: &'static str,
) -> Field {
    Field {
        name,
        good,
        code,
        words,
    }
}

/// Registered by [`registered`].
pub const ANN: &str = "ann@example.com";
/// Registered by nobody.
pub const NEW: &str = "new@example.com";

const ONE_TIME: &str = "8c4vT1yVZbqY0sZC6cGm9g1kBf3vTn7Qe5rXhUu2dLw";
const ANN_EMAIL: Field = field("email", ANN, "invalid_email", "Invalid email");
const MISMATCH: &str = "Password does not match";
const NEW_PASSWORD: Field = field("new_password", "xyz789", "password_mismatch", MISMATCH);
const CONFIRM: Field = field(
    "new_password_confirm",
    "xyz789",
    "password_mismatch",
    MISMATCH,
);

/// Their good values would change something, as far as that can be without a mailed token.
pub const POSTS: [Endpoint; 7] = [
    Endpoint {
        path: "/user/create",
        bearer: false,
        fields: &[
            field("email", NEW, "invalid_email", "Invalid email"),
            field("password", PASSWORD, "password_mismatch", MISMATCH),
            field("password_confirm", PASSWORD, "password_mismatch", MISMATCH),
        ],
    },
    Endpoint {
        path: "/user/login",
        bearer: false,
        fields: &[
            ANN_EMAIL,
            field(
                "password",
                "wrong1",
                "wrong_credentials",
                "Invalid email or password",
            ),
        ],
    },
    Endpoint {
        path: "/user/change_password",
        bearer: true,
        fields: &[
            ANN_EMAIL,
            field(
                "password",
                PASSWORD,
                "current_password_required",
                "Current password is required",
            ),
            NEW_PASSWORD,
            CONFIRM,
        ],
    },
    Endpoint {
        path: "/user/forgot",
        bearer: false,
        fields: &[ANN_EMAIL],
    },
    Endpoint {
        path: "/user/reset_password",
        bearer: false,
        fields: &[
            ANN_EMAIL,
            field(
                "reset_token",
                ONE_TIME,
                "reset_token_required",
                "Reset token is required",
            ),
            NEW_PASSWORD,
            CONFIRM,
        ],
    },
    Endpoint {
        path: "/user/confirm",
        bearer: false,
        fields: &[
            ANN_EMAIL,
            field(
                "confirm_token",
                ONE_TIME,
                "confirm_token_required",
                "Confirm token is required",
            ),
        ],
    },
    Endpoint {
        path: "/user/confirm/resend",
        bearer: false,
        fields: &[ANN_EMAIL],
    },
];

impl Endpoint {
    /// A body with every field.
    pub fn body(&self) -> Map<String, Value> {
        let pair = |field: &Field| (field.name.to_owned(), field.good.into());
        self.fields.iter().map(pair).collect()
    }

    /// The same as text, without the closing brace and with a comma, to be continued.
    pub fn open_body(&self) -> String {
        let mut text = Value::Object(self.body()).to_string();
        text.pop();
        text + ","
    }

    /// A body in which one field's value is these bytes.
    pub fn body_with(&self, name: &str, raw: impl AsRef<[u8]>) -> Vec<u8> {
        let text = Value::Object(self.body()).to_string();
        let good = self
            .fields
            .iter()
            .find(|field| field.name == name)
            .expect("a field")
            .good;
        let (before, after) = text.split_once(&format!("\"{name}\":")).expect("the field");
        let after = after
            .strip_prefix(&format!("\"{good}\""))
            .expect("its value");
        let mut bytes = format!("{before}\"{name}\":").into_bytes();
        bytes.extend_from_slice(raw.as_ref());
        bytes.extend_from_slice(after.as_bytes());
        bytes
    }

    /// Sends these bytes as JSON, with the token where one is wanted.
    pub async fn send(&self, client: &Client, token: &str, body: impl Into<Vec<u8>>) -> Answer {
        self.send_as(client, token, Some("application/json"), body)
            .await
    }

    /// Sends these bytes as some media type.
    pub async fn send_as(
        &self,
        client: &Client,
        token: &str,
        content_type: Option<&str>,
        body: impl Into<Vec<u8>>,
    ) -> Answer {
        let mut request = client.http.post(format!("{}{}", client.url, self.path));
        if self.bearer {
            request = request.bearer_auth(token);
        }
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        let response = request.body(body.into()).send().await.expect("an answer");
        Answer::of(Method::POST, self.path, response).await
    }
}

/// Registers [`ANN`], whose mails have been sent; gives the token.
pub async fn registered(app: &TestApp) -> String {
    let ann = app.register(ANN, PASSWORD).await;
    app.deliver_mail().await;
    ann.token
}

/// What a refused request must not change.
pub async fn traces(app: &TestApp) -> String {
    let sql = "SELECT (SELECT COUNT(*) FROM users)
        || ' users, ' || (SELECT MAX(password_hash || token_version) FROM users)
        || ', ' || (SELECT COUNT(*) FROM outbox) || ' mails, '
        || (SELECT COUNT(*) FROM one_time_tokens) || ' tokens, '
        || (SELECT COUNT(*) FROM login_failures) || ' failures, '
        || (SELECT COALESCE(SUM(mails), 0) FROM mail_quota) || ' of the quota'";
    app.database.text(sql).await
}
