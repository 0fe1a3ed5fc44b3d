//! What a browser does with the device token's cookie.

use doorward::security::access_token::TokenSubject;
use serde_json::{Value, json};

use super::{Answer, Client, Engine, PASSWORD, TestApp, User};

/// The header in which clients without cookies show their token.
pub const DEVICE_TOKEN: &str = "device-token";

/// Ann, who is the first to register.
pub const OWNER: TokenSubject = TokenSubject {
    account: 1,
    version: 1,
};

/// The service, Ann, and the token of the browser that she logged in from.
pub async fn ann_at_home(engine: Engine) -> (TestApp, User, String) {
    let app = TestApp::start(engine).await;
    let ann = app.register("ann@example.com", PASSWORD).await;
    let home = ann.login().await.expect(200).device();
    (app, ann, home)
}

impl Answer {
    /// The `Set-Cookie` of the device token, or "".
    pub fn device_cookie(&self) -> &str {
        let cookie = self.header("set-cookie");
        let name = cookie.split('=').next().unwrap_or_default();
        assert!(
            ["", "doorward_device", "__Host-doorward_device"].contains(&name),
            "{cookie}"
        );
        cookie
    }

    /// What the client has to show next time.
    #[track_caller]
    pub fn device(&self) -> String {
        let pair = self.device_cookie().split(';').next().unwrap_or_default();
        let (_, tokens) = pair.split_once('=').expect("a device cookie");
        tokens.to_owned()
    }
}

impl Client {
    /// POST with JSON and headers.
    pub async fn post_with(&self, path: &str, headers: &[(&str, &str)], body: Value) -> Answer {
        let json = [("content-type", "application/json")];
        let headers = [headers, &json].concat();
        self.raw(path, &headers, body.to_string()).await
    }

    /// Logs in from a device.
    pub async fn login_from(&self, device: &str, email: &str, password: &str) -> Answer {
        let body = json!({ "email": email, "password": password });
        self.post_with("/user/login", &[(DEVICE_TOKEN, device)], body)
            .await
    }
}

impl User {
    pub async fn login_from(&self, device: &str, password: &str) -> Answer {
        self.client.login_from(device, &self.email, password).await
    }

    /// Sends the change from a device; this value keeps the old password and token.
    pub async fn change_password_from(&self, device: &str, current: &str, new: &str) -> Answer {
        let body = json!({
            "email": self.email, "password": current,
            "new_password": new, "new_password_confirm": new,
        });
        let bearer = format!("Bearer {}", self.token);
        let headers = [("authorization", bearer.as_str()), (DEVICE_TOKEN, device)];
        self.client
            .post_with("/user/change_password", &headers, body)
            .await
    }

    /// Wrong passwords from somewhere else, until the address is locked.
    pub async fn is_attacked(&self) {
        for number in 0..5 {
            let wrong = self.login_with(&format!("wrong{number}")).await;
            wrong.expect_problem(400, "wrong_credentials");
        }
        let locked = self.login_with("wrong5").await;
        locked.expect_problem(403, "account_locked");
    }
}
