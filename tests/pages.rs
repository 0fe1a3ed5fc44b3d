//! The pages as answers: what they are served with, to whom, and when they are not there.

use reqwest::Response;
use rstest::rstest;

use crate::support::bare::{header, request};
use crate::support::*;

const PAGES: [&str; 3] = ["/", "/reset", "/confirm"];

/// Paths that a page or a script names in quotes, below the page's own folder.
fn named(text: &str) -> Vec<String> {
    let quoted = text.split(['"', '\'']);
    let files = quoted.filter(|part| part.starts_with("pages/") || part.starts_with("./"));
    let files = files.filter(|part| part.contains('.') && part.len() > 2 && !part.contains('#'));
    files
        .map(|file| format!("/pages/{}", file.rsplit('/').next().expect("a name")))
        .collect()
}

/// Every file that the pages load, directly or through one another.
async fn files(app: &TestApp) -> Vec<String> {
    let mut files: Vec<String> = Vec::new();
    let mut waiting = PAGES.map(str::to_owned).to_vec();
    while let Some(path) = waiting.pop() {
        let response = request(app, "GET", &path, &[]).await;
        assert_eq!(response.status().as_u16(), 200, "{path}");
        for file in named(&response.text().await.expect("a text")) {
            if !files.contains(&file) {
                files.push(file.clone());
                waiting.push(file);
            }
        }
    }
    files.sort();
    files
}

fn headers(response: &Response) -> String {
    let mut lines: Vec<String> = response
        .headers()
        .iter()
        .map(|(name, value)| match name.as_str() {
            "date" | "x-request-id" | "etag" | "content-length" => format!("{name}: [differs]"),
            _ => format!("{name}: {}", value.to_str().expect("ASCII")),
        })
        .collect();
    lines.sort();
    lines.join("\n")
}

/// SECURITY 41: no script and no style but ours, and nobody keeps a page.
#[tokio::test]
async fn pages_have_a_policy_of_their_own() {
    let app = TestApp::start(Sqlite).await;
    for path in PAGES {
        let response = request(&app, "GET", path, &[]).await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(headers(&response), @r"
            cache-control: no-store
            content-length: [differs]
            content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'
            content-type: text/html; charset=utf-8
            cross-origin-opener-policy: same-origin
            date: [differs]
            referrer-policy: no-referrer
            x-content-type-options: nosniff
            x-frame-options: DENY
            x-request-id: [differs]
            ");
        }
        let html = response.text().await.expect("a page");
        for inline in [
            "<script>",
            "<style",
            " style=",
            " onclick=",
            "javascript:",
            "//",
        ] {
            assert!(!html.contains(inline), "{path}: {inline}");
        }
    }
}

/// SECURITY 41.
#[tokio::test]
async fn every_file_of_a_page_is_there_and_is_asked_for_again() {
    let app = TestApp::start(Sqlite).await;
    let files = files(&app).await;
    assert_eq!(files.len(), 11, "{files:?}");
    for path in files {
        let response = request(&app, "GET", &path, &[]).await;
        let kind = match path.rsplit('.').next() {
            Some("js") => "text/javascript; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            _ => "image/svg+xml",
        };
        assert_eq!(header(&response, "content-type"), kind, "{path}");
        assert_eq!(header(&response, "cache-control"), "no-cache");
        assert_eq!(header(&response, "x-content-type-options"), "nosniff");
        let tag = header(&response, "etag").to_owned();
        assert!(tag.len() > 40, "{path}: {tag}");
        let content = response.text().await.expect("a text");
        for known in [
            tag.clone(),
            format!("W/{tag}"),
            format!("\"old\", {tag}"),
            "*".to_owned(),
        ] {
            let again = request(&app, "GET", &path, &[("if-none-match", &known)]).await;
            assert_eq!(again.status().as_u16(), 304, "{path}: {known}");
            assert_eq!(header(&again, "etag"), tag);
            assert_eq!(header(&again, "cache-control"), "no-cache");
            assert_eq!(again.text().await.expect("nothing"), "");
        }
        for other in ["\"old\"", "", "old", "W/\"old\""] {
            let again = request(&app, "GET", &path, &[("if-none-match", other)]).await;
            assert_eq!(again.status().as_u16(), 200, "{path}: {other}");
            assert_eq!(again.text().await.expect("a text"), content);
        }
    }
}

/// SECURITY 32: whatever a scanner does to the address of a link.
#[tokio::test]
async fn pages_and_files_are_only_read() {
    let app = TestApp::start(Sqlite).await;
    let pages = PAGES.map(str::to_owned);
    for path in [&pages[..], &files(&app).await].concat() {
        let get = request(&app, "GET", &path, &[]).await;
        let head = request(&app, "HEAD", &path, &[]).await;
        assert_eq!(headers(&get), headers(&head), "{path}");
        assert_eq!(
            header(&get, "content-length"),
            header(&head, "content-length")
        );
        assert_eq!(head.text().await.expect("nothing"), "");
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            let answer = request(&app, method, &path, &[]).await;
            assert_eq!(answer.status().as_u16(), 405, "{method} {path}");
            assert_eq!(header(&answer, "allow"), "GET,HEAD", "{method} {path}");
        }
    }
}

/// Pages do not need the database, and should say so themselves when it is away.
#[tokio::test]
async fn pages_are_there_while_the_database_is_not() {
    let app = TestApp::start(Sqlite).await;
    app.stage.send_replace(doorward::http::Stage::Starting);
    app.store.close().await;
    for path in PAGES {
        assert_eq!(request(&app, "GET", path, &[]).await.status().as_u16(), 200);
    }
}

#[rstest]
#[case::the_pages(&PAGES)]
#[case::their_files(&["/pages/style.css", "/pages/account.js", "/pages/icon.svg"])]
#[tokio::test]
async fn without_pages_there_is_nothing(#[case] paths: &[&str]) {
    let app = TestApp::with(Sqlite, &[("http.pages", "false")]).await;
    for path in paths {
        app.get(path).await.expect_problem(404, "not_found");
    }
    app.register("ann@example.com", PASSWORD).await;
}

/// What the settings say is text, whatever it looks like.
#[tokio::test]
async fn the_name_of_the_product_is_text() {
    let name = r#"<b>"Ann's" & Co</b>"#;
    let app = TestApp::with(Sqlite, &[("mail.product_name", name)]).await;
    for path in PAGES {
        let html = request(&app, "GET", path, &[])
            .await
            .text()
            .await
            .expect("a page");
        assert!(!html.contains("<b>") && html.contains("&#38; Co"), "{path}");
    }
}

#[rstest]
#[case(&[], "6-24 characters, including letters and digits", "minlength: 6; maxlength: 24; required: lower; required: digit;")]
#[case(&[("password.min_length", "10")], "10-24 characters, including letters and digits", "minlength: 10; maxlength: 24;")]
#[case(&[("password.policy", "nist")], "15-256 characters, nothing easy to guess", "\"minlength: 15; maxlength: 256;\"")]
#[tokio::test]
async fn pages_tell_the_password_policy_in_force(
    #[case] settings: &[(&str, &str)],
    #[case] hint: &str,
    #[case] rules: &str,
) {
    let app = TestApp::with(Sqlite, settings).await;
    for path in ["/", "/reset"] {
        let html = request(&app, "GET", path, &[])
            .await
            .text()
            .await
            .expect("a page");
        assert!(
            html.contains(&format!(">{hint}</p>")) && html.contains(rules),
            "{path}"
        );
    }
}

/// Where nobody gets mails to confirm with, no button asks for one.
#[rstest]
#[case("off", false)]
#[case("optional", true)]
#[case("required", true)]
#[tokio::test]
async fn the_account_page_knows_whether_addresses_are_confirmed(
    #[case] rule: &str,
    #[case] offered: bool,
) {
    let app = TestApp::with(Sqlite, &[("registration.confirmation", rule)]).await;
    let html = request(&app, "GET", "/", &[])
        .await
        .text()
        .await
        .expect("a page");
    assert_eq!(html.contains("id=\"resend\""), offered);
}
