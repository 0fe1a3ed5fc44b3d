//! A person's browser: opens pages, types, presses buttons, reads what is said. Whatever the browser
//! itself complains of makes the test fail.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::prelude::*;
use thirtyfour::{BrowserLogEntry, LoggingPrefsLogLevel};

use crate::chromedriver::Chromedriver;
use crate::support::{Engine, ITSELF, TestApp, eventually};

/// As root Chromium has no sandbox, and it opens nothing but our own pages here. When the pipe to
/// chromedriver breaks, it ends.
const ARGUMENTS: [&str; 11] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
];

/// What the page is shown on.
#[derive(Debug, Clone, Copy)]
pub struct Screen {
    pub width: u32,
    pub dark: bool,
}

pub const DESKTOP: Screen = Screen {
    width: 1280,
    dark: false,
};
pub const PHONE: Screen = Screen {
    width: 390,
    dark: false,
};

// In this order they are dropped: the browser, what drives it, and its files.
pub struct Browser {
    driver: WebDriver,
    _chromedriver: Chromedriver,
    _profile: TempDir,
}

/// An app whose mails lead to its own pages.
pub async fn app(engine: Engine, settings: &[(&str, &str)]) -> TestApp {
    let itself = [("links.base_url", ITSELF)];
    TestApp::with(engine, &[&itself, settings].concat()).await
}

impl Browser {
    pub async fn start(screen: Screen) -> Self {
        let (chromedriver, profile) = (
            Chromedriver::start(),
            tempfile::tempdir().expect("a folder"),
        );
        let mut wanted = DesiredCapabilities::chrome();
        for argument in ARGUMENTS {
            wanted.add_arg(argument).expect("an argument");
        }
        let folder = format!("--user-data-dir={}", profile.path().display());
        wanted.add_arg(&folder).expect("an argument");
        wanted
            .set_logging_prefs("browser", LoggingPrefsLogLevel::All)
            .expect("a level");
        let driver = WebDriver::new(&chromedriver.url, wanted)
            .await
            .expect("Chromium starts");
        let browser = Self {
            driver,
            _chromedriver: chromedriver,
            _profile: profile,
        };
        let scheme = if screen.dark { "dark" } else { "light" };
        let size = json!({
            "width": screen.width, "height": 844, "deviceScaleFactor": 1, "mobile": screen.width < 600,
        });
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        browser
            .cdp("Emulation.setDeviceMetricsOverride", size)
            .await;
        browser.cdp("Emulation.setEmulatedMedia", features).await;
        browser
    }

    pub async fn open(&self, url: &str) {
        self.driver.goto(url).await.expect("opened");
    }

    pub async fn reload(&self) {
        self.driver.refresh().await.expect("loaded again");
    }

    pub async fn cdp(&self, command: &str, parameters: Value) -> Value {
        let answer = self.driver.cdp().send_raw(command, parameters).await;
        answer.expect("the browser does it")
    }

    /// What an expression is in the page.
    pub async fn eval(&self, expression: &str) -> Value {
        let script = format!("return {expression}");
        let value = self.driver.execute(script, Vec::new()).await;
        value.expect("evaluated").json().clone()
    }

    /// Waits until an expression holds in the page.
    pub async fn until(&self, expression: &str) {
        eventually(expression, async || self.eval(expression).await == true).await;
    }

    pub async fn find(&self, css: &str) -> WebElement {
        let found = self.driver.find(By::Css(css)).await;
        found.unwrap_or_else(|error| panic!("{css}: {error}"))
    }

    /// The text that a person sees there.
    pub async fn text(&self, css: &str) -> String {
        self.find(css).await.text().await.expect("a text")
    }

    /// Types into the fields of a form, after what was there is gone.
    pub async fn fill(&self, form: &str, fields: &[(&str, &str)]) {
        for (name, text) in fields {
            let field = self.find(&format!("#{form} [name={name}]")).await;
            field.clear().await.expect("cleared");
            if !text.is_empty() {
                field.send_keys(*text).await.expect("typed");
            }
        }
    }

    /// Fills a form in and sends it.
    pub async fn submit(&self, form: &str, fields: &[(&str, &str)]) {
        self.fill(form, fields).await;
        let button = self.find(&format!("#{form} button")).await;
        button.click().await.expect("pressed");
    }

    /// Presses what has this label and can be seen.
    pub async fn press(&self, label: &str) {
        let path =
            format!("//*[self::button or self::a or self::label][normalize-space()='{label}']");
        for found in self.driver.find_all(By::XPath(path)).await.expect("a list") {
            if found.is_displayed().await.expect("a state") {
                found.click().await.expect("pressed");
                return;
            }
        }
        panic!("there is no {label:?} to press");
    }

    /// Waits until the page says this.
    pub async fn says(&self, words: &str) {
        let notice = json!(words);
        self.until(&format!(
            "document.querySelector('.notice').textContent.includes({notice})"
        ))
        .await;
    }

    /// What stands beside a field.
    pub async fn error_at(&self, form: &str, name: &str) -> String {
        self.text(&format!("#{form}-{name}-error")).await
    }

    /// The calls to the API since the page was opened, as paths.
    pub async fn calls(&self) -> Vec<String> {
        let script = "performance.getEntriesByType('resource').map((entry) => new URL(entry.name)\
            .pathname).filter((path) => path.startsWith('/user'))";
        serde_json::from_value(self.eval(script).await).expect("a list")
    }

    /// Writes a picture of the whole page to `target/screenshots`.
    pub async fn picture(&self, name: &str) {
        let size = self
            .eval("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
            .await;
        let clip = json!({ "x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1 });
        let how = json!({ "captureBeyondViewport": true, "clip": clip });
        let answer = self.cdp("Page.captureScreenshot", how).await;
        let png = STANDARD.decode(answer["data"].as_str().expect("a picture"));
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../screenshots");
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join(format!("{name}.png")), png.expect("base64")).expect("written");
    }

    /// Everything the browser has complained of since the last time it was asked: errors of
    /// scripts, violations of the policy, what could not be loaded. An answer of the API with a
    /// status above 400 is none.
    pub async fn complaints(&self) -> Vec<String> {
        let is_answer = |entry: &BrowserLogEntry| {
            entry.source.as_deref() == Some("network")
                && (entry.message.contains("/user/") || entry.message.contains("/user "))
        };
        let log = self.driver.browser_log().await.expect("a log");
        log.into_iter()
            .filter(|entry| ["SEVERE", "WARNING"].contains(&entry.level.as_str()))
            .filter(|entry| !is_answer(entry))
            .map(|entry| entry.message)
            .collect()
    }

    /// Ends the browser, which must have had nothing to complain of.
    pub async fn close(self) {
        assert_eq!(self.complaints().await, Vec::<String>::new());
        self.driver.quit().await.expect("closed");
    }
}
