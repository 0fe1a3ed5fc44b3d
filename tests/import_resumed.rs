//! Imports that end early, by a kill or by a signal, and go on where they stopped.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Stdio};

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::binary::{Program, Ran};
use crate::support::process::doorward;
use crate::support::*;

const HASH: &str = "$2b$04$9jJBV4P58IL01CWNWYHHnOBGJJYk64rD9WlKjkaZTyMJzk3bl4LI6";
const USERS: &str = "SELECT COUNT(*) FROM users";

/// Lines of which every tenth is bad, some because their address was there before.
fn lines(count: u64) -> Vec<String> {
    let line = |number| match number % 20 {
        10 => "no account".to_owned(),
        0 => account(number - 1),
        _ => account(number),
    };
    (1..=count).map(line).collect()
}

fn account(number: u64) -> String {
    let email = format!("user{number}@example.com");
    json!({ "email": email, "password_hash": HASH }).to_string()
}

struct Fixture {
    app: TestApp,
    program: Program,
    file: String,
    report: String,
}

impl Fixture {
    async fn start(engine: Engine, text: &str) -> Self {
        let app = TestApp::start(engine).await;
        let program = Program::beside(&app);
        let path = |name: &str| program.folder.path().join(name).display().to_string();
        let (file, report) = (path("users.jsonl"), path("report.jsonl"));
        fs::write(&file, text).expect("written");
        Self {
            app,
            program,
            file,
            report,
        }
    }

    /// Starts an import that can be killed.
    fn spawn(&self, file: &str, batch: &str) -> Child {
        let variables = [("DATABASE_URL", self.app.database.url.as_str())];
        let mut command = doorward(self.program.folder.path(), &variables);
        command.args(["user", "import", file, "--format", "jsonl"]);
        command.args(["--report", &self.report, "--batch", batch]);
        command.stdin(Stdio::piped()).stdout(Stdio::null());
        command.stderr(Stdio::piped()).spawn().expect("started")
    }

    async fn resume(&self, batch: &str) -> Ran {
        let import = ["user", "import", &self.file, "--report", &self.report];
        let import = [&import[..], &["--batch", batch, "--json"]].concat();
        self.program.run(&import).await
    }

    async fn users(&self) -> i64 {
        self.app.database.number(USERS).await
    }

    /// The numbers of the report, in its order.
    fn reported(&self) -> Vec<u64> {
        let text = fs::read_to_string(&self.report).expect("a report");
        let number = |line| {
            let line: Value = serde_json::from_str(line).expect("JSON");
            line["line"].as_u64().expect("a number")
        };
        text.lines().map(number).collect()
    }

    /// Every good line has its account and every bad one is in the report, each once.
    async fn assert_whole(&self, count: u64) {
        let bad: Vec<u64> = (1..=count).filter(|number| number % 10 == 0).collect();
        assert_eq!(self.reported(), bad);
        let good = i64::try_from(count).expect("few") - i64::try_from(bad.len()).expect("few");
        assert_eq!(self.users().await, good);
    }
}

/// The source is a pipe, so that the process is certainly in the middle when it is killed.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn one_killed_in_the_middle_loses_nothing_and_doubles_nothing(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let lines = lines(3_000);
    let fixture = Fixture::start(engine, &lines.join("\n")).await;
    let mut child = fixture.spawn("-", "100");
    let mut pipe = child.stdin.take().expect("piped");
    let begin = lines[..2_050].join("\n");
    pipe.write_all(begin.as_bytes()).expect("written");
    eventually("20 batches are committed", async || {
        fixture.users().await == 1_800
    })
    .await;
    child.kill().expect("killed");
    child.wait().expect("ended");
    assert_eq!(fixture.users().await, 1_800);

    let ran = fixture.resume("100").await.expect(1).json();
    assert_eq!(
        (&ran["imported"], &ran["refused"]),
        (&json!(2_700), &json!(300))
    );
    assert_eq!(
        ran["this_run"],
        json!({ "imported": 900, "refused": 100, "skipped": 0,
            "reasons": { "email_taken": 50, "not_json": 50 } })
    );
    fixture.assert_whole(3_000).await;
    // Once more: it is done.
    let ran = fixture.resume("100").await.expect(1).json();
    assert_eq!(
        (&ran["imported"], &ran["refused"]),
        (&json!(2_700), &json!(300))
    );
    assert_eq!(
        ran["this_run"],
        json!({ "imported": 0, "refused": 0, "skipped": 0, "reasons": {} })
    );
    fixture.assert_whole(3_000).await;
}

/// Its report is there and empty.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn one_without_a_bad_line_goes_on_too(#[values(Sqlite, Postgres)] engine: Engine) {
    let lines: Vec<String> = (1..=1_500).map(account).collect();
    let fixture = Fixture::start(engine, &lines.join("\n")).await;
    let mut child = fixture.spawn("-", "100");
    let mut pipe = child.stdin.take().expect("piped");
    pipe.write_all(lines[..1_050].join("\n").as_bytes())
        .expect("written");
    eventually("10 batches are committed", async || {
        fixture.users().await == 1_000
    })
    .await;
    child.kill().expect("killed");
    child.wait().expect("ended");
    let ran = fixture.resume("100").await.expect(0).json();
    assert_eq!(ran["imported"], 1_500);
    assert_eq!(fixture.reported(), Vec::<u64>::new());
    assert_eq!(fixture.users().await, 1_500);
}

#[tokio::test]
async fn a_restart_that_cannot_begin_forgets_nothing() {
    let fixture = Fixture::start(Sqlite, &lines(100).join("\n")).await;
    fixture.resume("100").await.expect(1);
    let import = ["user", "import", &fixture.file, "--report", &fixture.report];
    let restart = [&import[..], &["--restart"]].concat();
    let ran = fixture.program.run(&restart).await.expect(1);
    assert!(ran.stderr.contains("not empty"), "{}", ran.stderr);
    let reached = "SELECT COUNT(*) FROM imports WHERE line > 0 AND finished_at IS NOT NULL";
    assert_eq!(fixture.app.database.number(reached).await, 1);
    fixture.assert_whole(100).await;
}

#[tokio::test]
async fn what_was_imported_already_is_not_claimed_again() {
    let fixture = Fixture::start(Sqlite, &lines(100).join("\n")).await;
    let import = ["user", "import", &fixture.file];
    let first = fixture.program.run(&import).await.expect(1).stdout;
    assert_eq!(
        first,
        "90 accounts were made\n\
         5 lines could not be used: not a JSON object\n\
         5 lines could not be used: the address has an account already, maybe from an earlier line\n"
    );
    let again = fixture.program.run(&import).await.expect(1).stdout;
    assert_eq!(
        again,
        "it was imported to its end already; --restart begins again\n\
         with the runs before: 90 accounts, 0 lines passed over, 10 not usable\n"
    );
    let restart = [&import[..], &["--restart", "--on-existing", "skip"]].concat();
    let restarted = fixture.program.run(&restart).await.expect(1).stdout;
    assert!(
        restarted.starts_with("0 accounts were made\n95 lines were passed over"),
        "{restarted}"
    );
}

/// Wherever the kill meets it: before a commit, after one, while the report is written.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn one_killed_again_and_again_ends_up_whole(#[values(Sqlite, Postgres)] engine: Engine) {
    let count = 4_000;
    let fixture = Fixture::start(engine, &lines(count).join("\n")).await;
    let (mut killed, mut reached) = (0, 0);
    for _ in 0..12 {
        let mut child = fixture.spawn(&fixture.file, "20");
        let fixture = &fixture;
        eventually("it goes on, or has ended", || {
            let ended = child.try_wait().expect("a state").is_some();
            async move { ended || fixture.users().await > reached }
        })
        .await;
        killed += u32::from(child.try_wait().expect("a state").is_none());
        child.kill().expect("killed");
        child.wait().expect("ended");
        reached = fixture.users().await;
    }
    assert!(killed > 2, "killed {killed} times");
    fixture.resume("20").await.expect(1);
    fixture.assert_whole(count).await;
}

/// What stands in the report behind the last commit belongs to no batch that counts.
#[rstest]
#[tokio::test]
async fn a_report_goes_on_behind_what_was_committed(#[values(Sqlite, Postgres)] engine: Engine) {
    // More than the head that a file is known by.
    let fixture = Fixture::start(engine, &(lines(1_000).join("\n") + "\n")).await;
    fixture.resume("100").await.expect(1);
    let mut report = fs::read_to_string(&fixture.report).expect("a report");
    report.push_str("{\"line\":1010,\"reason\":\"half a li");
    fs::write(&fixture.report, report).expect("written");
    fs::write(&fixture.file, lines(1_100).join("\n")).expect("written");
    fixture.resume("100").await.expect(1);
    fixture.assert_whole(1_100).await;
    // Of an import that begins anew, a report that is there already is another's.
    fixture.app.database.execute("DELETE FROM imports").await;
    let fresh = fixture.resume("100").await.expect(1);
    assert!(fresh.stderr.contains("not empty"), "{}", fresh.stderr);
    fixture.assert_whole(1_100).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_it_after_the_batch_in_hand(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[values("-INT", "-TERM")] signal: &str,
) {
    let lines = lines(2_000);
    let fixture = Fixture::start(engine, &lines.join("\n")).await;
    let mut child = fixture.spawn("-", "100");
    let mut pipe = child.stdin.take().expect("piped");
    pipe.write_all(lines[..1_500].join("\n").as_bytes())
        .expect("written");
    eventually("14 batches are committed", async || {
        fixture.users().await == 1_260
    })
    .await;
    let pid = child.id().to_string();
    let told = std::process::Command::new("kill")
        .args([signal, &pid])
        .status();
    assert!(told.expect("told").success());
    let mut code = None;
    eventually("it ends, though the pipe is open", || {
        let status = child.try_wait().expect("a state");
        code = status.and_then(|status| status.code());
        std::future::ready(status.is_some())
    })
    .await;
    assert_eq!(code, Some(1));
    let mut said = String::new();
    let stderr = child.stderr.as_mut().expect("piped");
    stderr.read_to_string(&mut said).expect("text");
    let advice = "stopped behind line 1400 with 1260 accounts; the same command goes on there";
    assert!(said.contains(advice), "{said}");
    fixture.resume("100").await.expect(1);
    fixture.assert_whole(2_000).await;
}

/// A place in a file means nothing in another one.
#[rstest]
#[case("jsonl")]
#[case("csv")]
#[case("sails")]
#[tokio::test]
async fn a_file_that_changed_before_the_place_is_refused_and_one_that_grew_goes_on(
    #[case] format: &str,
) {
    let app = TestApp::start(Sqlite).await;
    let program = Program::beside(&app);
    let path = program.folder.path().join("source");
    let file = path.display().to_string();
    let import = [
        "user", "import", &file, "--format", format, "--json", "--batch", "100",
    ];
    // More than the head that a file is known by.
    let numbers: Vec<u64> = (1..=1_500).collect();
    write(&path, format, &numbers);
    let ran = program.run(&import).await.expect(0).json();
    assert_eq!(ran["imported"], 1_500);

    let mut grown = numbers.clone();
    grown.extend(2_000..2_010);
    write(&path, format, &grown);
    let ran = program.run(&import).await.expect(0).json();
    assert_eq!(ran["imported"], 1_510);

    let mut changed = grown.clone();
    changed[1_400] = 9_999;
    write(&path, format, &changed);
    let ran = program.run(&import).await.expect(1);
    assert!(ran.stderr.contains("--restart"), "{}", ran.stderr);
    assert_eq!(app.database.number(USERS).await, 1_510);

    let skip = [&import[..], &["--restart", "--on-existing", "skip"]].concat();
    let ran = program.run(&skip).await.expect(0).json();
    assert_eq!(
        (&ran["imported"], &ran["skipped"]),
        (&json!(1), &json!(1_509))
    );
}

fn write(path: &Path, format: &str, numbers: &[u64]) {
    let text = match format {
        "jsonl" => numbers
            .iter()
            .map(|number| account(*number) + "\n")
            .collect(),
        "csv" => {
            let row = |number| format!("{HASH},user{number}@example.com\r\n");
            "password_hash,email\r\n".to_owned() + &numbers.iter().map(row).collect::<String>()
        }
        _ => {
            let user = |number: &u64| {
                let account: Value = serde_json::from_str(&account(*number)).expect("JSON");
                json!({ "email": account["email"], "encryptedPassword": HASH })
            };
            let users: Vec<Value> = numbers.iter().map(user).collect();
            json!({ "data": { "user": users } }).to_string()
        }
    };
    fs::write(path, text).expect("written");
}

/// Two that import the same get every account made once between them.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn two_at_once_make_no_account_twice(#[values(Sqlite, Postgres)] engine: Engine) {
    let count = 2_000;
    let fixture = Fixture::start(engine, &lines(count).join("\n")).await;
    let import = ["user", "import", &fixture.file, "--batch", "50"];
    let both = tokio::join!(fixture.program.run(&import), fixture.program.run(&import));
    let codes: BTreeSet<i32> = [both.0.code, both.1.code].into();
    assert_eq!(codes, [1].into(), "{both:?}");
    fixture.resume("50").await.expect(1);
    assert_eq!(fixture.users().await, 1_800);
}
