//! Wrong settings: all of them are named at once, with what is allowed, and never with a value.

use doorward::config::{Config, Sources};
use rstest::rstest;

use crate::support::binary::Program;

/// Good enough to be taken; made by `openssl rand -base64 48`.
pub const GOOD_SECRET: &str = "3f0Zr9kq1uJmXv7sNwYb2HcTgLpEaDi5oUz8RxMQ6tCjVyWnKBhSfGlO4IeAdPk";

/// Loads with these variables and no files; the errors, if there are any.
pub fn errors(variables: &[(&str, &str)]) -> Vec<String> {
    let none = ("DOORWARD_CONFIG_DIR", "/nonexistent");
    let variables = variables.iter().chain([&none]);
    let variables = variables.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let sources = match Sources::new(variables) {
        Ok(sources) => sources,
        Err(error) => return vec![error],
    };
    Config::load(&sources)
        .err()
        .map(|errors| errors.0)
        .unwrap_or_default()
}

fn variable(key: &str) -> String {
    format!("DOORWARD__{}", key.to_uppercase().replace('.', "__"))
}

/// SECURITY 47.
#[rstest]
#[case("http.host", &["localhost", "1.2.3", "999.0.0.1", "127.0.0.1:80"], "an IP address")]
#[case("http.port", &["-1", "65536", "http", "1.5", " 80"], "from 0 to 65535")]
#[case("http.token_error_status", &["403", "4000", "unauthorized"], "400, 401")]
#[case("http.trusted_proxies", &["10.0.0.0/33", "proxy.internal", "10.0.0.1;10.0.0.2"], "networks")]
#[case(
    "http.cors_origins",
    &["*", "app.example.org", "https://app.example.org/", "https://u:p@app.example.org", "null"],
    "origins"
)]
#[case("http.pages", &["yes", "1", ""], "true or false")]
#[case("http.read_timeout", &["0s", "6m", "10", "ten", "-1s"], "a duration from 1s to 5m")]
#[case("http.handler_timeout", &["0s", "21m", "60"], "a duration from 1s to 20m")]
#[case("http.handler_timeout", &["1s", "26s"], "more than http.read_timeout and twice")]
#[case("http.drain_delay", &["6m", "never"], "a duration from 0s to 5m")]
#[case("http.drain_timeout", &["0s", "11m"], "a duration from 1s to 10m")]
#[case(
    "database.url",
    &["mysql://u:canary@h/d", "/tmp/x.db", "sqlite::memory:", "sqlite://x?mode=memory",
      "postgres://u:canary@h:port/d", "postgres://u:5432/canary@h/d"],
    "postgres://"
)]
#[case("database.max_connections", &["0", "1001", "many"], "from 1 to 1000")]
#[case("database.cached_accounts", &["-1", "10000001", "lots"], "from 0 to 10000000")]
#[case("database.prepared_statements", &["yes", "1", "TRUE"], "true or false")]
#[case("metrics.listen", &["9464", "192.0.2.1", "localhost:9464", "127.0.0.1:99999"], "a port")]
#[case(
    "telemetry.otlp_endpoint",
    &["localhost:4317", "grpc://127.0.0.1:4317", "http://ann:canary@127.0.0.1:4318"],
    "an http:// or https:// URL"
)]
#[case("telemetry.otlp_sample_ratio", &["-0.1", "1.1", "half", "NaN"], "from 0 to 1")]
#[case("jwt.issuer", &[""], "a name")]
#[case("jwt.lifetime", &["59s", "366d", "forever"], "a duration from 1m to 365d")]
#[case("password.policy", &["strong", "Classic"], "classic, nist")]
#[case("password.min_length", &["0", "257", "six"], "\"preset\" or a number from 1 to 256")]
#[case("password.min_length", &["25"], "is more than password.max_length")]
#[case("password.max_length", &["0", "1025"], "\"preset\" or a number from 1 to 1024")]
#[case("password.memory_kib", &["7", "262145", "19456k"], "from 8 to 262144")]
#[case("password.iterations", &["0", "17"], "from 1 to 16")]
#[case("password.hash_threads", &["0", "257", "all"], "\"auto\" or a number from 1 to 256")]
#[case("password.hash_queue", &["0", "100001"], "from 1 to 100000")]
#[case("password.hash_wait", &["0s", "6m", "5", "soon"], "a duration from 100ms to 5m")]
#[case("password.hash_nice", &["-1", "20", "low"], "from 0 to 19")]
#[case("password.engine", &["fast", "Auto", ""], "auto, portable")]
#[case("lockout.failures", &["0", "1001", "-5"], "from 1 to 1000")]
#[case("lockout.window", &["0s", "31d", "120"], "a duration from 1s to 30d")]
#[case("lockout.freeze", &["0s", "31d", "15 parsecs"], "a duration from 1s to 30d")]
#[case("registration.confirmation", &["on", "true"], "off, optional, required")]
#[case("one_time_tokens.reset_lifetime", &["59s", "25h"], "a duration from 1m to 24h")]
#[case("one_time_tokens.confirm_lifetime", &["59s", "31d"], "a duration from 1m to 30d")]
#[case("mail.transport", &["sendmail", ""], "smtp, file, console, off")]
#[case("mail.from", &["", "nobody", "a@b.de, c@d.de", "A <a@b.de>\r\nBcc: c@d.de"], "<address@")]
#[case("mail.product_name", &["", "Two\nlines", "Two\u{2028}lines"], "1 to 100 characters on one line")]
#[case("mail.colour", &["", "blue", "#12", "1a2b3c", "#1a2b3g"], "a colour as #1f5fbf")]
#[case("mail.default_language", &["", "fr", "EN", "english"], "de, en")]
#[case("mail.templates", &["/nonexistent/canary"], "cannot be read")]
#[case(
    "links.base_url",
    &["app.example.org", "ftp://app.example.org", "https://app.example.org/?x=1",
      "https://app.example.org/#x", "https://u:canary@app.example.org", "javascript:alert(1)"],
    "http:// or https:// URL"
)]
#[case("limits.enabled", &["off", "0"], "true or false")]
#[case("limits.mails_per_hour", &["0", "1001"], "from 1 to 1000")]
#[case("telemetry.log_format", &["text", "JSON"], "pretty, json")]
#[case("telemetry.log_level", &["doorward=loud", "verbose", "=", "info,x=y=z"], "a level")]
fn a_wrong_value_is_refused_with_its_key_and_what_is_allowed(
    #[case] key: &str,
    #[case] values: &[&str],
    #[case] allowed: &str,
) {
    for value in values {
        let errors = errors(&[(&variable(key), value)]);
        assert_eq!(errors.len(), 1, "{key} = {value:?}: {errors:?}");
        let error = &errors[0];
        let names = format!("{key} (from {})", variable(key));
        assert!(
            error.starts_with(&names) && error.contains(allowed),
            "{value:?}: {error}"
        );
        let shows = value.len() > 4 && error.contains(value);
        assert!(
            !shows && !error.contains("canary"),
            "{value:?} is shown: {error}"
        );
    }
}

/// SECURITY 47: the real program.
#[tokio::test]
async fn all_errors_are_told_at_once_and_nothing_is_started() {
    let program = Program::new()
        .set("DOORWARD_ENV", "production")
        .set("JWT_SECRET", "canary-short")
        .set("DATABASE_URL", "mysql://u:canary@db/x")
        .set("PORT", "99999")
        .set("DOORWARD__LOCKOUT__WINDOW", "canary-window")
        .set("DOORWARD__LOCKOUT__FAILURS", "canary-typo");
    for command in [
        &["serve"][..],
        &[],
        &["migrate"],
        &["check-config"],
        &["user", "show", "1"],
    ] {
        let ran = program.run(command).await.expect(2);
        assert!(
            ran.stderr.contains("the configuration has 7 error(s):"),
            "{}",
            ran.stderr
        );
        for key in [
            "jwt.secret",
            "database.url",
            "http.port",
            "lockout.window",
            "lockout.failurs",
            "links.base_url",
            "mail.smtp_url",
        ] {
            let times = ran
                .stderr
                .lines()
                .filter(|line| line.trim_start().starts_with(key));
            assert_eq!(times.count(), 1, "{key}: {}", ran.stderr);
        }
        assert!(
            !ran.stderr.contains("canary") && !ran.stderr.contains("99999"),
            "{}",
            ran.stderr
        );
    }
    assert!(
        !program.folder.path().join("data").exists(),
        "nothing was started"
    );
    let unknown = Program::new()
        .set("DOORWARD_ENV", "canary")
        .run(&["serve"])
        .await
        .expect(2);
    assert!(
        unknown
            .stderr
            .contains("DOORWARD_ENV: allowed: development, production")
    );
    assert!(!unknown.stderr.contains("canary"));
}

/// A limit that others make too short is named with everything else that is wrong.
#[rstest]
#[case(&[("HTTP__HANDLER_TIMEOUT", "26001ms")], 0)]
#[case(&[("HTTP__HANDLER_TIMEOUT", "20m"), ("HTTP__READ_TIMEOUT", "5m"), ("PASSWORD__HASH_WAIT", "5m")], 0)]
#[case(&[("HTTP__READ_TIMEOUT", "44s")], 1)]
#[case(&[("PASSWORD__HASH_WAIT", "25s")], 1)]
#[case(&[("PASSWORD__HASH_WAIT", "25s"), ("HTTP__HOST", "x"), ("PASSWORD__HASH_NICE", "x")], 3)]
fn a_request_may_take_as_long_as_its_parts(#[case] set: &[(&str, &str)], #[case] wrong: usize) {
    let set: Vec<(String, &str)> = set
        .iter()
        .map(|(name, value)| (format!("DOORWARD__{name}"), *value))
        .collect();
    let set: Vec<(&str, &str)> = set
        .iter()
        .map(|(name, value)| (name.as_str(), *value))
        .collect();
    let errors = errors(&set);
    assert_eq!(errors.len(), wrong, "{errors:?}");
    let named = errors
        .iter()
        .filter(|error| error.starts_with("http.handler_timeout"));
    assert_eq!(named.count(), wrong.min(1), "{errors:?}");
}

#[test]
fn production_asks_for_everything_that_only_an_operator_knows() {
    let errors = errors(&[("DOORWARD_ENV", "production")]);
    assert_eq!(errors.len(), 3, "{errors:?}");
    for key in ["jwt.secret", "links.base_url", "mail.smtp_url"] {
        assert!(
            errors.iter().any(|error| error.starts_with(key)),
            "{key}: {errors:?}"
        );
    }
}
