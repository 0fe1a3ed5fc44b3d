//! The words that old clients compare, and the order in which the old API complained.

use rstest::rstest;
use serde_json::{Map, Value};

use crate::support::endpoints::POSTS;
use crate::support::*;

const ANN: &str = "ann@example.com";
const BOB: &str = "bob@example.com";
const EMAIL: &str = "Invalid email";
const MISMATCH: &str = "Password does not match";
const POLICY: &str = "Password must be 6-24 characters, including letters and digits";
const CREDENTIALS: &str = "Invalid email or password";
const TOKEN: &str = "Invalid token";

/// The values of the endpoint's fields, in the order of the table in DESIGN, and the complaint.
/// Each body is wrong in everything that comes after what is complained of.
type Complaints = &'static [(&'static [&'static str], &'static str)];

const CREATE: Complaints = &[
    (&[], EMAIL),
    (&["ann@", "short", "other"], EMAIL),
    (&[ANN], MISMATCH),
    (&[ANN, "", ""], MISMATCH),
    (&[ANN, "short", "other"], MISMATCH),
    (&[ANN, "short", "short"], POLICY),
    (&[ANN, "nodigit", "nodigit"], POLICY),
    (&[ANN, "1234567", "1234567"], POLICY),
    (
        &[ANN, "other456", "other456"],
        "This email is already in use",
    ),
];
const LOGIN: Complaints = &[
    (&["ann@", ""], EMAIL),
    (&[ANN], CREDENTIALS),
    (&[ANN, ""], CREDENTIALS),
    (&[ANN, "wrong1"], CREDENTIALS),
    (&["nobody@example.com", "wrong1"], CREDENTIALS),
];
const CHANGE_PASSWORD: Complaints = &[
    (&["ann@", "", "short", "other"], EMAIL),
    (&[BOB, "", "short", "other"], "Current password is required"),
    (&[BOB, "wrong1", "short", "other"], MISMATCH),
    (&[BOB, "wrong1", "short", "short"], POLICY),
    (&[BOB, "wrong1", "xyz789", "xyz789"], "Email not found"),
    (&[BOB, PASSWORD, "xyz789", "xyz789"], "Email not found"),
    (&[ANN, "wrong1", "xyz789", "xyz789"], "Invalid password"),
];
const FORGOT: Complaints = &[(&[], EMAIL), (&["ann@"], EMAIL)];
const RESET_PASSWORD: Complaints = &[
    (&["ann@", "", "short", "other"], EMAIL),
    (&[ANN, "", "short", "other"], "Reset token is required"),
    (&[ANN, "x", "short", "other"], MISMATCH),
    (&[ANN, "x", "short", "short"], POLICY),
    (&[ANN, "x", "xyz789", "xyz789"], TOKEN),
    (&["nobody@example.com", "x", "xyz789", "xyz789"], TOKEN),
];
const CONFIRM: Complaints = &[
    (&["ann@", ""], EMAIL),
    (&[ANN], "Confirm token is required"),
    (&[ANN, "x"], TOKEN),
];

#[rstest]
#[tokio::test]
async fn the_old_words_in_the_old_order(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let ann = app.register(ANN, PASSWORD).await;
    app.register(BOB, PASSWORD).await;
    let complaints = [
        CREATE,
        LOGIN,
        CHANGE_PASSWORD,
        FORGOT,
        RESET_PASSWORD,
        CONFIRM,
        FORGOT,
    ];
    for (endpoint, complaints) in POSTS.iter().zip(complaints) {
        for (values, words) in complaints {
            let pairs = endpoint.fields.iter().zip(*values);
            let pairs = pairs.map(|(field, value)| (field.name.to_owned(), (*value).into()));
            let body = Value::Object(pairs.collect::<Map<_, _>>()).to_string();
            let answer = endpoint.send(&app, &ann.token, body.clone()).await;
            let got = (answer.status, answer.err_msg());
            assert_eq!(got, (400, *words), "{} {body}", endpoint.path);
        }
    }
    ann.login().await.expect(200);
}

#[rstest]
#[case(
    "8",
    "30",
    "classic",
    "Password must be 8-30 characters, including letters and digits"
)]
#[case("preset", "preset", "nist", "Password must be 15-256 characters")]
#[tokio::test]
async fn the_words_on_passwords_follow_the_policy(
    #[case] min: &str,
    #[case] max: &str,
    #[case] policy: &str,
    #[case] words: &str,
) {
    let settings = [
        ("password.policy", policy),
        ("password.min_length", min),
        ("password.max_length", max),
    ];
    let app = TestApp::with(Sqlite, &settings).await;
    let answer = app.try_register("ann@example.com", PASSWORD).await;
    assert_eq!(
        answer.expect_problem(400, "password_policy").err_msg(),
        words
    );
}
