//! The content security policy, as the browser sees it.

use std::cell::RefCell;

use crate::browser::{Browser, DESKTOP, app};
use crate::support::*;

/// SECURITY 41. It also shows that these tests would notice a violation on any page.
#[tokio::test]
async fn the_browser_enforces_the_policy_and_complains() {
    let app = app(Sqlite, &[]).await;
    let browser = Browser::start(DESKTOP).await;
    browser.open(&app.url).await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    let elsewhere = app.url.replace("127.0.0.1", "localhost");
    for (forbidden, complaint) in [
        (
            "document.body.append(Object.assign(document.createElement('style'), { textContent: '*{color:red}' }))",
            "style-src",
        ),
        (
            "document.body.setAttribute('style', 'color: red')",
            "style-src",
        ),
        (
            &format!(
                "document.body.append(Object.assign(new Image(), {{ src: '{elsewhere}/pages/icon.svg' }}))"
            ),
            "img-src",
        ),
        (
            &format!("void fetch('{elsewhere}/user').catch(() => 0)"),
            "connect-src",
        ),
        (
            "HTMLFormElement.prototype.submit.call(document.getElementById('login'))",
            "form-action",
        ),
    ] {
        browser.eval(forbidden).await;
        let heard = RefCell::new(Vec::new());
        eventually(complaint, async || {
            let new = browser.complaints().await;
            heard.borrow_mut().extend(new);
            heard.borrow().iter().any(|heard| heard.contains(complaint))
        })
        .await;
    }
    for forbidden in [
        "document.body.innerHTML = '<p>text</p>'",
        "document.createElement('script').text = 'window.ran = true'",
        "trustedTypes.createPolicy('own', {})",
    ] {
        let tried = format!(
            "(() => {{ try {{ {forbidden}; return 'done'; }} catch (error) {{ return error.name; }} }})()"
        );
        assert_eq!(browser.eval(&tried).await, "TypeError", "{forbidden}");
    }
    assert_eq!(
        browser.eval("window.ran ?? null").await,
        serde_json::Value::Null
    );
    // And an error of a script is heard as well.
    browser.complaints().await;
    browser
        .eval("void setTimeout(() => { throw new Error('planted'); })")
        .await;
    eventually("the error is heard", async || {
        browser
            .complaints()
            .await
            .iter()
            .any(|heard| heard.contains("planted"))
    })
    .await;
    browser.complaints().await;
    browser.close().await;
}
