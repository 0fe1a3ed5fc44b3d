//! The log for machines: what a system that collects logs can search by.

use serde_json::Value;

use crate::support::bare::request;
use crate::support::binary::Program;
use crate::support::process::{Process, doorward_after};
use crate::support::*;

#[tokio::test]
async fn a_line_for_machines_has_a_field_for_everything() {
    let program = Program::new()
        .set("DOORWARD__TELEMETRY__LOG_FORMAT", "json")
        .set("DOORWARD__MAIL__TRANSPORT", "off");
    let mut serving = program.serve().await;
    let ann = serving.client.register("ann@example.com", PASSWORD).await;
    let headers = [("x-request-id", "my-request-7")];
    let answer = request(&serving.client, "POST", "/user/login", &headers).await;
    assert_eq!(answer.status(), 400);
    ann.login().await.expect(200);
    assert_eq!(serving.terminate().await, 0);

    let log = serving.stderr();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}")))
        .collect();
    for line in &lines {
        let time = line["timestamp"].as_str().expect("a time");
        assert!(chrono::DateTime::parse_from_rfc3339(time).is_ok(), "{line}");
        assert!(
            line["level"].is_string() && line["message"].is_string(),
            "{line}"
        );
    }
    let of_request = |id: &str| lines.iter().find(move |line| line["span"]["id"] == id);
    let refused = of_request("my-request-7").expect("a line");
    assert_eq!(refused["message"], "answered");
    assert_eq!(refused["level"], "INFO");
    assert_eq!(refused["method"], "POST");
    assert_eq!(refused["route"], "/user/login");
    assert_eq!(refused["status"], 400);
    assert!(refused["ms"].is_u64(), "{refused}");
    assert_eq!(refused["client"], "127.0.0.1");
    // What happened within a request has its id too.
    let logged_in = lines.iter().find(|line| line["message"] == "logged in");
    let logged_in = logged_in.expect("a line");
    assert!(logged_in["user.id"].is_u64() || logged_in["user.id"].is_i64());
    let answered = of_request(logged_in["span"]["id"].as_str().expect("an id"));
    assert!(answered.is_some());
}

/// A full disk, or a reader that is gone: lines are lost, and nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_cannot_be_written_costs_no_request_and_no_mail() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = [("DOORWARD__MAIL__TRANSPORT", "file")];
    let command = doorward_after("exec 2>/dev/full", folder.path(), &settings);
    let mut process = Process::run(command);
    let client = process.client().await;
    let ann = client.register("ann@example.com", PASSWORD).await;
    ann.login().await.expect(200);
    ann.login_with("wrong1").await.expect(400);
    eventually("the mail leaves", || {
        let mails = mailbox::read(&folder.path().join("data/mails"));
        std::future::ready(!mails.is_empty())
    })
    .await;
    process.terminate();
    assert_eq!(process.ended().await.code(), Some(0));
}
