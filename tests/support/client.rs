//! The client side: requests to one instance, and people who have an account there.

use reqwest::Method;
use serde_json::{Value, json};

use super::Answer;

/// Sends requests to one instance and checks every answer against the OpenAPI description.
#[derive(Clone)]
pub struct Client {
    pub url: String,
    pub http: reqwest::Client,
}

/// Somebody with an account.
#[derive(Clone)]
pub struct User {
    pub(super) client: Client,
    pub email: String,
    pub password: String,
    pub token: String,
}

impl Client {
    /// Sends JSON with POST.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, None, Some(body)).await
    }

    /// Sends JSON with POST and a bearer token.
    pub async fn post_as(&self, token: &str, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(token), Some(body)).await
    }

    /// `GET /user` with a bearer token.
    pub async fn me(&self, token: &str) -> Answer {
        self.send(Method::GET, "/user", Some(token), None).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None, None).await
    }

    pub async fn send(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> Answer {
        let mut request = self
            .http
            .request(method.clone(), format!("{}{path}", self.url));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        Answer::of(method, path, request.send().await.expect("an answer")).await
    }

    /// A request with any headers and any bytes.
    pub async fn raw(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Answer {
        let mut request = self
            .http
            .post(format!("{}{path}", self.url))
            .body(body.into());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::of(Method::POST, path, request.send().await.expect("an answer")).await
    }

    pub async fn try_register(&self, email: &str, password: &str) -> Answer {
        let body = json!({ "email": email, "password": password, "password_confirm": password });
        self.post("/user/create", body).await
    }

    /// Registers, with confirmation off or optional.
    pub async fn register(&self, email: &str, password: &str) -> User {
        let token = self.try_register(email, password).await.expect(201).token();
        User {
            client: self.clone(),
            email: email.into(),
            password: password.into(),
            token,
        }
    }

    pub async fn login(&self, email: &str, password: &str) -> Answer {
        self.post(
            "/user/login",
            json!({ "email": email, "password": password }),
        )
        .await
    }

    pub async fn forgot(&self, email: &str) -> Answer {
        self.post("/user/forgot", json!({ "email": email })).await
    }

    pub async fn reset(&self, email: &str, token: &str, new: &str) -> Answer {
        let body = json!({
            "email": email, "reset_token": token, "new_password": new, "new_password_confirm": new,
        });
        self.post("/user/reset_password", body).await
    }

    pub async fn confirm(&self, email: &str, token: &str) -> Answer {
        self.post(
            "/user/confirm",
            json!({ "email": email, "confirm_token": token }),
        )
        .await
    }
}

impl User {
    /// The same person at another instance.
    pub fn at(&self, client: &Client) -> Self {
        Self {
            client: client.clone(),
            ..self.clone()
        }
    }

    pub async fn login(&self) -> Answer {
        self.client.login(&self.email, &self.password).await
    }

    pub async fn login_with(&self, password: &str) -> Answer {
        self.client.login(&self.email, password).await
    }

    pub async fn me(&self) -> Answer {
        self.client.me(&self.token).await
    }

    /// Sends the change; this value keeps the old password and token.
    pub async fn change_password(&self, current: &str, new: &str) -> Answer {
        let body = json!({
            "email": self.email, "password": current,
            "new_password": new, "new_password_confirm": new,
        });
        self.client
            .post_as(&self.token, "/user/change_password", body)
            .await
    }

    pub async fn forgot(&self) -> Answer {
        self.client.forgot(&self.email).await
    }
}
