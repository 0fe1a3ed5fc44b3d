//! The calls in `docs/` for Postman and for the HTTP clients of editors are run against a real
//! server, so that they cannot rot.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rstest::rstest;
use serde_json::Value;

use crate::support::*;

const COLLECTION: &str = include_str!("../docs/doorward.postman_collection.json");
const HTTP_FILE: &str = include_str!("../docs/doorward.http");
const EMAIL: &str = "ann@example.com";

/// A program from npm; scripts/test puts them there.
fn npm_program(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../npm/node_modules/.bin");
    let program = folder.join(name);
    assert!(
        program.exists(),
        "{name} is missing; run scripts/test, which installs it"
    );
    program
}

async fn run(mut command: Command) -> Output {
    let output = tokio::task::spawn_blocking(move || command.output());
    output.await.expect("ran").expect("started")
}

/// The tokens of the last mails with a link to these pages.
fn tokens(mails: &[Mail]) -> (String, String) {
    let last = |page: &str| {
        let to_page = |mail: &&Mail| mail.text.contains(&format!("/{page}#"));
        mails.iter().rev().find(to_page).expect("a mail").token()
    };
    (last("confirm"), last("reset"))
}

async fn newman(app: &TestApp, folder: &str, variables: &[(&str, &str)]) {
    let mut command = Command::new(npm_program("newman"));
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/doorward.postman_collection.json");
    command
        .arg("run")
        .arg(file)
        .args(["--folder", folder, "--color", "off"]);
    let url = ("base", app.url.as_str());
    for (name, value) in variables.iter().chain([&url]) {
        command.args(["--env-var", &format!("{name}={value}")]);
    }
    let output = run(command).await;
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("assertions"), "{text}");
}

#[rstest]
#[tokio::test]
async fn the_postman_collection_runs(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    newman(&app, "Accounts", &[]).await;
    let (confirm, reset) = tokens(&app.deliver_mail().await);
    let mailed = [("confirm_token", confirm.as_str()), ("reset_token", &reset)];
    newman(&app, "With the tokens from the mails", &mailed).await;
    newman(&app, "The service", &[]).await;
}

/// Title and status of each request that ran.
async fn httpyac(app: &TestApp, arguments: &[&str], tokens: (&str, &str)) -> Vec<(String, Value)> {
    // What a person types into the first lines of the file.
    let (confirm, reset) = tokens;
    let file = HTTP_FILE
        .replace("http://127.0.0.1:1337", &app.url)
        .replace(
            "@confirm_token = paste-it-here",
            &format!("@confirm_token = {confirm}"),
        )
        .replace(
            "@reset_token = paste-it-here",
            &format!("@reset_token = {reset}"),
        );
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("calls.http"), file).expect("written");
    // Into a file: what it has not written to a pipe is lost when it ends.
    let report = folder.path().join("report.json");
    let mut command = Command::new(npm_program("httpyac"));
    command
        .args(["send", "calls.http", "--json"])
        .args(arguments)
        .current_dir(folder.path())
        .stdout(File::create(&report).expect("a file"));
    let output = run(command).await;
    let report: Value = serde_json::from_slice(&fs::read(report).expect("readable"))
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let requests = report["requests"].as_array().expect("requests").iter();
    requests
        .map(|request| {
            let title = request["title"].as_str().expect("a title");
            (title.to_owned(), request["response"]["statusCode"].clone())
        })
        .collect()
}

#[tokio::test]
async fn the_http_file_runs() {
    let app = TestApp::start(Sqlite).await;
    let titles = || {
        HTTP_FILE
            .lines()
            .filter_map(|line| line.strip_prefix("### "))
    };
    let status = |title: &str| title.rsplit_once(": ").expect("a status").1.to_owned();

    let ran = httpyac(&app, &["--all"], ("none", "none")).await;
    assert_eq!(
        ran.iter().map(|(title, _)| title).collect::<Vec<_>>(),
        titles().collect::<Vec<_>>()
    );
    let (confirm, reset) = tokens(&app.deliver_mail().await);
    let with_tokens = httpyac(&app, &["--tag", "mailed"], (&confirm, &reset)).await;
    assert_eq!(with_tokens.len(), 2, "{with_tokens:?}");
    let mailed: BTreeSet<&String> = with_tokens.iter().map(|(title, _)| title).collect();
    let without = ran.iter().filter(|(title, _)| !mailed.contains(title));
    for (title, answered) in without.chain(&with_tokens) {
        assert_eq!(answered.to_string(), status(title), "{title}");
    }
}

/// Every operation is in both, and the address is the one that the documents use.
#[tokio::test]
async fn no_call_is_missing() {
    let app = TestApp::start(Sqlite).await;
    let description = app.get("/openapi.json").await.expect(200).body;
    let collection: Value = serde_json::from_str(COLLECTION).expect("JSON");
    assert!(COLLECTION.contains(EMAIL) && HTTP_FILE.contains(EMAIL));
    let mut postman = BTreeSet::new();
    for folder in collection["item"].as_array().expect("folders") {
        for item in folder["item"].as_array().expect("items") {
            let request = &item["request"];
            let url = request["url"]["raw"].as_str().expect("a URL");
            let path = url.strip_prefix("{{base}}").expect("the variable");
            postman.insert(format!(
                "{} {path}",
                request["method"].as_str().expect("one")
            ));
        }
    }
    let lines = HTTP_FILE.lines().filter(|line| line.contains(" {{base}}"));
    let http_file: BTreeSet<String> = lines.map(|line| line.replace("{{base}}", "")).collect();
    let paths = description["paths"].as_object().expect("paths");
    let all = paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().expect("methods").keys();
        methods.map(move |method| format!("{} {path}", method.to_uppercase()))
    });
    let all: BTreeSet<String> = all.collect();
    assert_eq!(postman, all);
    assert_eq!(http_file, all);
}
