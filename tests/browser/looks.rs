//! Every state of every page on a phone and on a desktop, light and dark: axe-core finds no
//! barrier, nothing is wider than the screen, and there is a picture for people to look at.

use std::fs;
use std::path::Path;

use rstest::rstest;
use serde_json::{Value, json};

use crate::browser::{Browser, Screen, app};
use crate::support::*;

const ANN: &str = "ann@example.com";

struct Look<'b> {
    browser: &'b Browser,
    axe: &'b str,
    screen: &'b str,
}

impl Look<'_> {
    async fn at(&self, state: &str) {
        let context = format!("{state} at {}", self.screen);
        self.browser
            .picture(&format!("{state}-{}", self.screen))
            .await;
        let wide = "document.documentElement.scrollWidth > innerWidth";
        assert_eq!(
            self.browser.eval(wide).await,
            false,
            "{context} is too wide"
        );
        self.browser
            .eval(&format!("void (() => {{ {} }})()", self.axe))
            .await;
        let found = self.browser.eval("axe.run()").await;
        let passes = found["passes"].as_array().expect("a list").len();
        assert!(passes > 15, "{context}: axe looked at nothing");
        let faults: Vec<(&Value, Vec<&Value>)> = found["violations"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|fault| {
                let nodes = fault["nodes"].as_array().expect("a list");
                (
                    &fault["help"],
                    nodes.iter().map(|node| &node["html"]).collect(),
                )
            })
            .collect();
        assert!(faults.is_empty(), "{context}: {faults:#?}");
    }
}

fn axe() -> String {
    let file =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join("../npm/node_modules/axe-core/axe.min.js");
    fs::read_to_string(&file).unwrap_or_else(|error| {
        panic!(
            "{}: {error}; run scripts/test, which installs axe-core",
            file.display()
        )
    })
}

#[rstest]
#[tokio::test]
async fn every_state_looks_and_reads_well(
    #[values(390, 1280)] width: u32,
    #[values(false, true)] dark: bool,
) {
    let app = app(Sqlite, &[]).await;
    let browser = Browser::start(Screen { width, dark }).await;
    let screen = format!("{width}-{}", if dark { "dark" } else { "light" });
    let look = Look {
        browser: &browser,
        axe: &axe(),
        screen: &screen,
    };
    browser.open(&app.url).await;
    browser
        .until("!document.querySelector('#login-view').hidden")
        .await;
    look.at("login").await;

    let strict = [("registration.confirmation", "required")];
    let strict = crate::browser::app(Sqlite, &strict).await;
    browser.open(&strict.url).await;
    browser
        .until("!document.querySelector('#login-view').hidden")
        .await;
    look.at("login-must-confirm").await;
    browser.open(&app.url).await;

    browser.press("Register").await;
    let fields = [
        ("email", "ann"),
        ("password", "abc"),
        ("password_confirm", "abc\n"),
    ];
    browser.fill("register", &fields).await;
    browser.says("Some fields are not right yet.").await;
    look.at("register-wrong").await;
    let fields = [
        ("email", ANN),
        ("password", PASSWORD),
        ("password_confirm", "abc123\n"),
    ];
    browser.fill("register", &fields).await;
    browser.says("Your account is ready.").await;
    look.at("account").await;

    let confirm = app.only_mail().await.link().to_owned();
    browser.open(&confirm).await;
    browser.says("Press the button").await;
    look.at("confirm").await;
    browser.press("Confirm my address").await;
    browser.says("Thank you").await;
    look.at("confirm-done").await;
    browser.open(&confirm).await;
    browser.says("Press the button").await;
    browser.press("Confirm my address").await;
    browser.says("This link does not work").await;
    look.at("confirm-used").await;

    browser.open(&format!("{}/#forgot", app.url)).await;
    browser
        .fill("forgot", &[("email", "ann@example.com\n")])
        .await;
    browser.says("a mail with a link is on its way").await;
    browser.press("fetch").await;
    look.at("forgot-sent").await;
    let reset = app.only_mail().await.link().to_owned();
    browser.open(&reset[..reset.len() - 5]).await;
    browser.says("The link is not complete").await;
    look.at("reset-cut").await;
    browser.open(&reset).await;
    browser
        .until("document.querySelector('#by-hand').hidden")
        .await;
    let fields = [
        ("new_password", "xyz789"),
        ("new_password_confirm", "xyz78\n"),
    ];
    browser.fill("use", &fields).await;
    browser.says("One field is not right yet.").await;
    look.at("reset-wrong").await;
    browser
        .fill("use", &[("new_password_confirm", "xyz789\n")])
        .await;
    browser.says("Your new password is set").await;
    look.at("reset-done").await;

    for _ in 0..5 {
        let body = json!({ "email": ANN, "password": "wrong1" });
        app.post("/user/login", body).await;
    }
    // A stranger's browser: the reset has made this one known.
    browser.cdp("Network.clearBrowserCookies", json!({})).await;
    browser.press("Log in").await;
    browser
        .fill("login", &[("email", ANN), ("password", "xyz789\n")])
        .await;
    browser.says("There were too many wrong passwords").await;
    look.at("login-locked").await;
    browser.close().await;
}
