//! The pages behind the links in mails: nothing happens before the button, and a link that does
//! not work has a next step.

use std::time::Duration;

use rstest::rstest;
use serde_json::json;

use crate::browser::{Browser, DESKTOP, app};
use crate::support::*;

const ANN: &str = "ann@example.com";

/// A page behind a link, and how its link is got and used.
#[derive(Debug, Clone, Copy)]
enum Page {
    Reset,
    Confirm,
}
use Page::{Confirm, Reset};

impl Page {
    async fn link(self, app: &TestApp) -> String {
        match self {
            Reset => app.forgot(ANN).await.expect(200),
            Confirm => {
                let body = json!({ "email": ANN });
                app.post("/user/confirm/resend", body).await.expect(200)
            }
        };
        app.only_mail().await.link().to_owned()
    }

    /// Does what the page is there for.
    async fn use_it(self, browser: &Browser) {
        let fields: &[_] = match self {
            Reset => &[
                ("new_password", "xyz789"),
                ("new_password_confirm", "xyz789"),
            ],
            Confirm => &[],
        };
        browser.submit("use", fields).await;
    }

    fn path(self) -> &'static str {
        match self {
            Reset => "/reset",
            Confirm => "/confirm",
        }
    }

    fn thanks(self) -> &'static str {
        match self {
            Reset => "Your new password is set",
            Confirm => "your address is confirmed",
        }
    }
}

/// With an account whose address is not confirmed, and no mail on its way.
async fn with_ann() -> TestApp {
    let app = app(Sqlite, &[("limits.mails_per_hour", "9")]).await;
    app.register(ANN, PASSWORD).await;
    app.deliver_mail().await;
    app
}

/// SECURITY 32: also for a scanner that runs scripts.
#[rstest]
#[tokio::test]
async fn opening_a_link_sends_nothing_and_uses_nothing_up(#[values(Reset, Confirm)] page: Page) {
    let app = with_ann().await;
    let link = page.link(&app).await;
    let browser = Browser::start(DESKTOP).await;
    for _ in 0..3 {
        browser.open("about:blank").await;
        browser.open(&link).await;
        browser
            .until("!document.getElementById('use').hidden")
            .await;
        assert_eq!(browser.calls().await, Vec::<String>::new());
    }
    // Where it could be read over a shoulder, or be copied with the address.
    let url = format!("{}{}", app.url, page.path());
    assert_eq!(browser.eval("location.href").await, url);
    page.use_it(&browser).await;
    browser.says(page.thanks()).await;
    assert_eq!(browser.calls().await.len(), 1);
    browser.close().await;
}

#[rstest]
#[tokio::test]
async fn a_link_that_does_not_work_says_so_and_offers_another(
    #[values(Reset, Confirm)] page: Page,
) {
    let browser = Browser::start(DESKTOP).await;
    for how in ["used", "expired", "foreign", "cut", "missing", "bare"] {
        let app = with_ann().await;
        let (link, words) = broken(&app, page, how).await;
        browser.open(&link).await;
        if words == DEAD {
            browser
                .until("!document.getElementById('use').hidden")
                .await;
            page.use_it(&browser).await;
        }
        browser.says(words).await;

        // The next step; a bare address does not know whose it is.
        if how == "bare" {
            browser.fill("again", &[("email", ANN)]).await;
        }
        browser.press("Send me another link").await;
        browser
            .says("If ann@example.com has an account, a mail is on its way.")
            .await;
        if let ("used", Confirm) = (how, page) {
            assert_eq!(app.deliver_mail().await.len(), 0, "it is confirmed already");
        } else {
            browser.open(app.only_mail().await.link()).await;
            browser
                .until("!document.getElementById('use').hidden")
                .await;
            page.use_it(&browser).await;
            browser.says(page.thanks()).await;
        }
    }
    browser.close().await;
}

const DEAD: &str = "it was used, it is too old, or a newer one has replaced it";

/// A link that does not work, and what is said of it.
async fn broken(app: &TestApp, page: Page, how: &str) -> (String, &'static str) {
    let link = page.link(app).await;
    let token = link.rsplit('=').next().expect("a token").to_owned();
    match how {
        "used" => {
            match page {
                Reset => app.reset(ANN, &token, "def456").await.expect(200),
                Confirm => app.confirm(ANN, &token).await.expect(200),
            };
            app.deliver_mail().await;
            (link, DEAD)
        }
        "expired" => {
            app.clock.advance(Duration::from_secs(24 * 3600 + 1));
            (link, DEAD)
        }
        "foreign" => {
            let other: String = token.chars().rev().collect();
            (link.replace(&token, &other), DEAD)
        }
        "cut" => (
            link[..link.len() - 5].to_owned(),
            "The link is not complete",
        ),
        "missing" => (
            link.replace(&format!("&token={token}"), ""),
            "The token is missing.",
        ),
        _ => (
            format!("{}{}", app.url, page.path()),
            "The token is missing.",
        ),
    }
}

/// For mail programs that break links, and for people with the token on another device.
#[rstest]
#[tokio::test]
async fn a_token_can_be_typed_in(#[values(Reset, Confirm)] page: Page) {
    let app = with_ann().await;
    let link = page.link(&app).await;
    let token = link.rsplit('=').next().expect("a token").to_owned();
    let field = match page {
        Reset => "reset_token",
        Confirm => "confirm_token",
    };
    let browser = Browser::start(DESKTOP).await;
    browser.open(&format!("{}{}", app.url, page.path())).await;
    browser.says("The token is missing.").await;
    browser.fill("use", &[("email", ANN)]).await;
    page.use_it(&browser).await;
    browser.says("One field is not right yet.").await;
    let error = browser.error_at("use", field).await;
    assert_eq!(error, "The token is missing. It stands in the mail.");
    browser.fill("use", &[(field, &token[1..])]).await;
    page.use_it(&browser).await;
    browser.says("This link does not work").await;
    browser.fill("use", &[(field, &token)]).await;
    page.use_it(&browser).await;
    browser.says(page.thanks()).await;
    browser.close().await;
}

#[tokio::test]
async fn a_wrong_field_leaves_the_link_as_it_is() {
    let app = with_ann().await;
    let link = Reset.link(&app).await;
    let browser = Browser::start(DESKTOP).await;
    browser.open(&link).await;
    let fields = [("new_password", "short"), ("new_password_confirm", "short")];
    browser.fill("use", &fields).await;
    browser.press("Set the new password").await;
    browser.says("One field is not right yet.").await;
    let error = browser.error_at("use", "new_password").await;
    assert!(
        error.starts_with("Password must be 6-24 characters"),
        "{error}"
    );
    Reset.use_it(&browser).await;
    browser.says(Reset.thanks()).await;
    app.login(ANN, "xyz789").await.expect(200);
    browser.close().await;
}

/// The browser does not load a page again when only the fragment of its address is another.
#[tokio::test]
async fn of_two_links_in_one_tab_the_second_counts() {
    let app = with_ann().await;
    app.register("bob@example.com", PASSWORD).await;
    app.deliver_mail().await;
    let first = Reset.link(&app).await;
    app.forgot("bob@example.com").await.expect(200);
    let second = app.only_mail().await.link().to_owned();
    let browser = Browser::start(DESKTOP).await;
    browser.open(&first).await;
    browser
        .until("document.querySelector('#use-email').value === 'ann@example.com'")
        .await;
    browser.open(&second).await;
    browser
        .until("document.querySelector('#use-email').value === 'bob@example.com'")
        .await;
    Reset.use_it(&browser).await;
    browser.says(Reset.thanks()).await;
    app.login("bob@example.com", "xyz789").await.expect(200);
    app.login(ANN, PASSWORD).await.expect(200);
    browser.close().await;
}

/// What stands in an address is anybody's.
#[rstest]
#[tokio::test]
async fn nothing_from_an_address_becomes_html(#[values(Reset, Confirm)] page: Page) {
    let product = "<b id=x>\"Ann's\" & Co</b><script>alert(1)</script>";
    let app = app(Sqlite, &[("mail.product_name", product)]).await;
    let browser = Browser::start(DESKTOP).await;
    let evil = "<img id=x src=/evil onerror=alert(1)>@example.com";
    let encoded: String =
        reqwest::Url::parse_with_params("http://x/", [("email", evil), ("token", evil)])
            .expect("a URL")
            .query()
            .expect("a query")
            .to_owned();
    browser
        .open(&format!("{}{}#{encoded}", app.url, page.path()))
        .await;
    browser.says("The link is not complete").await;
    assert_eq!(
        browser
            .eval("document.querySelector('#use-email').value")
            .await,
        evil
    );
    assert_eq!(browser.text(".brand").await, product);
    browser.press("Send me another link").await;
    browser.says("One field is not right yet.").await;
    assert_eq!(
        browser.eval("document.querySelectorAll('#x').length").await,
        0
    );
    let shown = browser
        .eval("document.querySelector('.request code').textContent")
        .await;
    assert!(shown.as_str().expect("a call").contains(evil));
    browser.close().await;
}
