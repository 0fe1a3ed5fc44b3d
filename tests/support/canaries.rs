//! Secrets that are easy to find, on their way through everything that the service does.

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::binary::{Program, Serving};
use super::forms::forms;
use super::{Answer, Client, TestDatabase, mailbox};

pub const DATABASE_PASSWORD: &str = "canary-database-password";
pub const SMTP_PASSWORD: &str = "canary-smtp-password";
pub const EMAIL: &str = "Canary.Ann@Example.com";
pub const PASSWORDS: [&str; 6] = [
    "canary1right",
    "canary2new",
    // Decomposed: what is hashed is the composed form, which is a secret as well.
    "canary3re\u{301}set",
    "canary4wrong",
    "canary5other",
    "canary-without-digit",
];

/// What must not be found, and what was answered.
pub struct Canaries {
    pub jwt_secret: String,
    pub tokens: Vec<String>,
    pub answers: Vec<String>,
}

fn database_url(database: &TestDatabase) -> String {
    // The test server lets everybody in, so any password is right.
    let with_password = format!("postgres:{DATABASE_PASSWORD}@");
    database.url.replacen("postgres@", &with_password, 1)
}

pub async fn serve(database: &TestDatabase, jwt_secret: &str, mail: &[(&str, &str)]) -> Served {
    let mut program = Program::new()
        .set("DATABASE_URL", &database_url(database))
        .set("JWT_SECRET", jwt_secret)
        .set("DOORWARD__TELEMETRY__LOG_LEVEL", "trace")
        .set(
            "DOORWARD__MAIL__SMTP_URL",
            &format!("smtp://u:{SMTP_PASSWORD}@127.0.0.1:9"),
        )
        .set("RUST_BACKTRACE", "full");
    for (name, value) in mail {
        program = program.set(name, value);
    }
    let serving = program.serve().await;
    Served { program, serving }
}

pub struct Served {
    pub program: Program,
    pub serving: Serving,
}

impl Canaries {
    pub async fn post(
        &mut self,
        client: &Client,
        token: Option<&str>,
        path: &str,
        body: Value,
    ) -> Answer {
        let answer = client.send(Method::POST, path, token, Some(body)).await;
        let mut headers = answer.headers.clone();
        // A cookie lets somebody in, so its value is a secret too, and this is its one place.
        for cookie in headers.get_all("set-cookie") {
            let pair = cookie.to_str().expect("ASCII").split(';').next();
            let value = pair.and_then(|pair| pair.split_once('='));
            self.tokens.push(value.expect("a value").1.to_owned());
        }
        headers.remove("set-cookie");
        self.answers
            .push(format!("{path}: {} {headers:?}", answer.text));
        answer
    }

    /// Every endpoint, with success and with each kind of failure.
    pub async fn through_everything(&mut self, served: &Served) {
        let token = self.register_and_log_in(served).await;
        self.send_nonsense(&served.serving.client, &token).await;
        self.change_and_recover(served, token).await;
    }

    async fn register_and_log_in(&mut self, served: &Served) -> String {
        let client = served.serving.client.clone();
        let [right, _, _, wrong, other, no_digit] = PASSWORDS;
        let create = async |this: &mut Self, password: &str, confirm: &str| {
            let body = json!({ "email": EMAIL, "password": password, "password_confirm": confirm });
            this.post(&client, None, "/user/create", body).await
        };
        create(self, no_digit, no_digit).await.expect(400);
        create(self, right, other).await.expect(400);
        let token = create(self, right, right).await.expect(201).token();
        create(self, other, other).await.expect(400);
        for (email, password, status) in [
            (EMAIL, right.to_owned(), 200),
            ("canary.nobody@example.com", wrong.to_owned(), 400),
            (EMAIL, wrong.repeat(500), 400),
        ] {
            let body = json!({ "email": email, "password": password });
            let answer = self.post(&client, None, "/user/login", body).await;
            answer.expect(status);
        }
        client.me(&token).await.expect(200);
        self.show_a_device_token(&client).await;
        token
    }

    /// As a header and as a cookie, with a right and a wrong password.
    async fn show_a_device_token(&mut self, client: &Client) {
        let [right, _, _, wrong, _, _] = PASSWORDS;
        let login = |password: &str| json!({ "email": EMAIL, "password": password });
        let device = client.login(EMAIL, right).await.expect(200).device();
        let cookie = format!("doorward_device={device}");
        for (name, value) in [("device-token", &device), ("cookie", &cookie)] {
            for (password, status) in [(wrong, 400), (right, 200)] {
                let headers = [(name, value.as_str())];
                let answer = client.post_with("/user/login", &headers, login(password));
                let answer = answer.await.expect(status);
                assert!(!answer.text.contains(&device));
                self.answers.push(answer.text.clone());
                if status == 200 {
                    self.tokens.push(answer.device());
                    self.tokens.push(answer.token());
                }
            }
        }
        self.tokens.push(device);
    }

    async fn send_nonsense(&mut self, client: &Client, token: &str) {
        let [_, _, _, wrong, other, _] = PASSWORDS;
        for broken in [
            format!(r#"{{"email":"{EMAIL}","password":"{wrong}""#),
            format!(r#"{{"email":"{EMAIL}","password":"{wrong}","password":"{other}"}}"#),
            format!(r#"{{"email":["{EMAIL}"],"password":{{"{wrong}":"{other}"}}}}"#),
            format!("email={EMAIL}&password={wrong}"),
        ] {
            for kind in ["application/json", "application/x-www-form-urlencoded"] {
                let headers = [("content-type", kind)];
                let answer = client.raw("/user/login", &headers, broken.clone()).await;
                assert!(answer.status >= 400);
                self.answers.push(answer.text);
            }
        }
        let query = format!("/user?token={token}&password={wrong}&email={EMAIL}");
        let pasted = format!("/{token}/{wrong}/{EMAIL}");
        let forged = format!("{token}x");
        for path in [query, pasted] {
            let answer = client.send(Method::GET, &path, Some(&forged), None).await;
            self.answers.push(answer.text);
        }
        // Not HTTP at all.
        let address = client.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).await.expect("connected");
        let broken = format!("GET /{wrong} HTTP/1.1\r\nAuthorization {token}\r\n\r\n");
        stream.write_all(broken.as_bytes()).await.expect("written");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("closed");
        self.answers.push(answer);
    }

    async fn change_and_recover(&mut self, served: &Served, first: String) {
        let client = served.serving.client.clone();
        let [right, new, reset, wrong, _, _] = PASSWORDS;
        let confirm = self.mailed(served, "Confirm").await;
        let mut second = None;
        for (current, new, status) in [(wrong, new, 400), (right, new, 200), (new, right, 400)] {
            let body = json!({ "email": EMAIL, "password": current, "new_password": new,
                "new_password_confirm": new });
            let path = "/user/change_password";
            let answer = self
                .post(&client, Some(&first), path, body)
                .await
                .expect(status);
            second = second.or(answer.body["token"].as_str().map(str::to_owned));
        }
        let second = second.expect("a new token");

        let email = json!({ "email": EMAIL });
        let resend = "/user/confirm/resend";
        self.post(&client, None, resend, email.clone())
            .await
            .expect(200);
        let again = self.mailed(served, "Confirm").await;
        self.post(&client, None, "/user/forgot", email)
            .await
            .expect(200);
        let reset_token = self.mailed(served, "Choose").await;
        for (token, status) in [(&confirm, 400), (&second, 400), (&again, 200)] {
            let body = json!({ "email": EMAIL, "confirm_token": token });
            self.post(&client, None, "/user/confirm", body)
                .await
                .expect(status);
        }
        for (token, status) in [(&confirm, 400), (&reset_token, 200), (&reset_token, 400)] {
            let body = json!({ "email": EMAIL, "reset_token": token, "new_password": reset,
                "new_password_confirm": reset });
            self.post(&client, None, "/user/reset_password", body)
                .await
                .expect(status);
        }
        let login = |password: &str| json!({ "email": EMAIL, "password": password });
        let third = self
            .post(&client, None, "/user/login", login(reset))
            .await
            .expect(200);
        for status in [400, 400, 400, 400, 400, 403] {
            self.post(&client, None, "/user/login", login(wrong))
                .await
                .expect(status);
        }
        self.tokens.extend([first, second, third.token()]);
    }

    /// The token in the newest mail with this subject, once it is there.
    pub async fn mailed(&mut self, served: &Served, subject: &str) -> String {
        let folder = served.program.folder.path().join("data/mails");
        for _ in 0..500 {
            let mails = mailbox::read(&folder)
                .into_iter()
                .filter(|m| m.subject.starts_with(subject));
            let tokens: Vec<_> = mails.map(|mail| mail.token()).collect();
            let fresh = tokens
                .into_iter()
                .find(|token| !self.tokens.contains(token));
            if let Some(token) = fresh {
                self.tokens.push(token.clone());
                return token;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("no mail {subject}: {}", served.serving.stderr())
    }

    #[track_caller]
    pub fn assert_absent(&self, place: &str, text: &str) {
        let secrets = [self.jwt_secret.as_str(), DATABASE_PASSWORD, SMTP_PASSWORD];
        let tokens = self.tokens.iter().map(String::as_str);
        for secret in secrets.into_iter().chain(PASSWORDS).chain(tokens) {
            assert_no_form(place, text, secret);
        }
        for token in self.tokens.iter().filter(|token| token.contains('.')) {
            let signature = token.rsplit('.').next().expect("a signature");
            assert!(
                !text.contains(signature),
                "{place} has the signature of {token}"
            );
        }
    }
}

#[track_caller]
pub fn assert_no_form(place: &str, text: &str, secret: &str) {
    for form in forms(secret) {
        if let Some(at) = text.find(&form) {
            let line = text[..at].rsplit('\n').next().unwrap_or_default();
            panic!("{place} has {secret} as {form}: {line}…");
        }
    }
}

pub fn assert_no_address(place: &str, text: &str) {
    let lower = text.to_lowercase();
    for line in lower.lines() {
        assert!(
            !line.contains("canary.") && !line.contains("canary%2e"),
            "{place}: {line}"
        );
    }
}
