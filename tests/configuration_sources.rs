//! Where settings come from, and which source wins.

use std::fs;
use std::path::Path;

use rstest::rstest;

use crate::configuration::GOOD_SECRET;
use crate::support::binary::Program;

/// The value in force and where it was set.
async fn in_force(program: &Program, key: &str) -> (String, String) {
    let ran = program.run(&["check-config", "--json"]).await.expect(0);
    let setting = ran.json()["settings"][key].clone();
    let text = |name: &str| setting[name].as_str().expect("a text").to_owned();
    (text("value"), text("from"))
}

#[tokio::test]
async fn a_later_source_wins() {
    let program = Program::new();
    let folder = program.folder.path().join("settings");
    fs::create_dir(&folder).expect("made");
    let file = |name: &str| folder.join(name).display().to_string();
    let key = "drain_delay";
    let program = program
        .set("DOORWARD_ENV", "production")
        .set("JWT_SECRET", GOOD_SECRET)
        .set("DOORWARD__LINKS__BASE_URL", "https://app.example.org")
        .set("DOORWARD__MAIL__TRANSPORT", "off")
        .set("DOORWARD_CONFIG_DIR", &folder.display().to_string());
    let full = format!("http.{key}");
    // Built in: production's file over the defaults.
    let expect = async |program: &Program, value: &str, from: &str| {
        assert_eq!(
            in_force(program, &full).await,
            (value.to_owned(), from.to_owned())
        );
    };
    expect(&program, "3s", "production.toml").await;
    let development = Program::new();
    expect(&development, "0s", "default.toml").await;
    // On disk, in the same order.
    fs::write(file("default.toml"), format!("[http]\n{key} = \"4s\"\n")).expect("written");
    expect(&program, "4s", &file("default.toml")).await;
    fs::write(file("production.toml"), format!("[http]\n{key} = \"5s\"\n")).expect("written");
    expect(&program, "5s", &file("production.toml")).await;
    fs::write(
        file("development.toml"),
        format!("[http]\n{key} = \"6s\"\n"),
    )
    .expect("written");
    expect(&program, "5s", &file("production.toml")).await;
    // And the environment over all of them.
    let program = program.set("DOORWARD__HTTP__DRAIN_DELAY", "7s");
    expect(&program, "7s", "DOORWARD__HTTP__DRAIN_DELAY").await;
}

#[tokio::test]
async fn files_are_found_in_the_working_directory_and_lists_are_lists() {
    let program = Program::new().set("DOORWARD_CONFIG_DIR", "config");
    let folder = program.folder.path().join("config");
    fs::create_dir(&folder).expect("made");
    let text = "[http]\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]\nport = 8080\n\
        [limits]\nenabled = false\n";
    fs::write(folder.join("default.toml"), text).expect("written");
    assert_eq!(
        in_force(&program, "http.trusted_proxies").await.0,
        "10.0.0.0/8,::1"
    );
    assert_eq!(in_force(&program, "http.port").await.0, "8080");
    assert_eq!(in_force(&program, "limits.enabled").await.0, "false");
    let listed = " 10.0.0.0/8 , 192.168.1.1,";
    let program = program.set("DOORWARD__HTTP__TRUSTED_PROXIES", listed);
    assert_eq!(in_force(&program, "http.trusted_proxies").await.0, listed);

    fs::write(
        folder.join("default.toml"),
        "[http]\nprt = 1\n[jwt]\nsecert = \"canary\"\n",
    )
    .expect("written");
    let ran = program.run(&["check-config"]).await.expect(2);
    for key in ["http.prt", "jwt.secert"] {
        let error = format!("{key} (from config/default.toml): there is no such setting");
        assert!(ran.stderr.contains(&error), "{}", ran.stderr);
    }
    assert!(!ran.output().contains("canary"), "{}", ran.output());
}

#[rstest]
#[case("DATABASE_URL", "database.url", "sqlite://elsewhere.db")]
#[case("JWT_SECRET", "jwt.secret", GOOD_SECRET)]
#[case("HOST", "http.host", "::1")]
#[case("PORT", "http.port", "8080")]
#[tokio::test]
async fn the_short_names_work(#[case] name: &str, #[case] key: &str, #[case] value: &str) {
    let program = Program::new().set(name, value);
    let shown = if name.len() == 4 { value } else { "[hidden]" };
    assert_eq!(
        in_force(&program, key).await,
        (shown.to_owned(), name.to_owned())
    );
}

/// SECURITY 47.
#[rstest]
#[case("DATABASE_URL", "database.url", "sqlite://canary.db")]
#[case("JWT_SECRET", "jwt.secret", GOOD_SECRET)]
#[case("DOORWARD__JWT__SECRET", "jwt.secret", GOOD_SECRET)]
#[case(
    "DOORWARD__MAIL__SMTP_URL",
    "mail.smtp_url",
    "smtp://u:canary@localhost:25"
)]
#[tokio::test]
async fn a_secret_can_come_from_a_file_and_is_never_shown(
    #[case] name: &str,
    #[case] key: &str,
    #[case] value: &str,
) {
    let program = Program::new();
    let path = program.folder.path().join("secret");
    fs::write(&path, format!("{value}\n")).expect("written");
    let name_of_file = format!("{name}_FILE");
    let program = program.set(&name_of_file, &path.display().to_string());
    assert_eq!(
        in_force(&program, key).await,
        ("[hidden]".to_owned(), name_of_file.clone())
    );
    for arguments in [&["check-config"][..], &["check-config", "--json"]] {
        let ran = program.run(arguments).await.expect(0);
        assert!(!ran.output().contains(value), "{}", ran.output());
    }

    let both = program.set(name, value);
    let ran = both.run(&["check-config"]).await.expect(2);
    let error = format!("{name} and {name_of_file}: set one of them, not both");
    assert!(ran.stderr.contains(&error), "{}", ran.stderr);
    assert!(!ran.output().contains(value), "{}", ran.output());

    let missing = Program::new().set(&name_of_file, "/nonexistent/secret");
    let ran = missing.run(&["check-config"]).await.expect(2);
    let error = format!("{name_of_file}: the file cannot be read");
    assert!(ran.stderr.contains(&error), "{}", ran.stderr);
}

/// SECURITY 47: whoever mistypes a name must not see the secret printed for it.
#[tokio::test]
async fn a_misspelled_secret_and_a_broken_file_show_no_value() {
    let program = Program::new()
        .set("DOORWARD__JWT__SECERT", "canary-one")
        .set("DOORWARD__MAIL__SMTP_URI", "canary-two")
        .set("DOORWARD_CONFIG_DIR", "config");
    let folder = program.folder.path().join("config");
    fs::create_dir(&folder).expect("made");
    fs::write(
        folder.join("default.toml"),
        "[jwt]\nsecret = \"canary-three\n",
    )
    .expect("written");
    for arguments in [
        &["check-config"][..],
        &["check-config", "--json"],
        &["serve"],
    ] {
        let ran = program.run(arguments).await.expect(2);
        assert!(!ran.output().contains("canary"), "{}", ran.output());
        assert!(
            ran.stderr
                .contains("jwt.secert (from DOORWARD__JWT__SECERT)"),
            "{}",
            ran.stderr
        );
        assert!(
            ran.stderr.contains("config/default.toml: "),
            "{}",
            ran.stderr
        );
        assert!(ran.stderr.contains("line 2"), "{}", ran.stderr);
    }
}

/// The files of the repository itself.
#[tokio::test]
async fn every_key_exists_and_is_explained() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let read = |name: &str| fs::read_to_string(root.join(name)).expect("readable");
    let default = keys(&read("default.toml"));
    assert!(default.len() > 35, "{default:?}");
    for (key, explained) in &default {
        assert!(explained, "{key} has no comment");
    }
    for name in ["development.toml", "production.toml"] {
        for (key, _) in keys(&read(name)) {
            assert!(
                default.iter().any(|(known, _)| *known == key),
                "{name}: {key}"
            );
        }
    }
    // Every key is read: what nobody asks for is an error, and so is what has no default.
    let program = Program::new();
    let shown = program
        .run(&["check-config", "--json"])
        .await
        .expect(0)
        .json();
    let shown: Vec<_> = shown["settings"]
        .as_object()
        .expect("settings")
        .keys()
        .cloned()
        .collect();
    let mut names: Vec<_> = default.into_iter().map(|(key, _)| key).collect();
    names.sort();
    assert_eq!(shown, names);
}

/// The keys of a TOML file, and whether a comment stands before each or before its block.
fn keys(text: &str) -> Vec<(String, bool)> {
    let (mut section, mut explained, mut found) = (String::new(), false, Vec::new());
    for line in text.lines().map(str::trim) {
        if line.is_empty() {
            explained = false;
        } else if line.starts_with('#') {
            explained = true;
        } else if let Some(name) = line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'))
        {
            (section, explained) = (name.to_owned(), false);
        } else if let Some((key, _)) = line.split_once(" = ") {
            found.push((format!("{section}.{key}"), explained));
        }
    }
    found
}

/// SECURITY 47: a slip that would leave the default in force.
#[rstest]
#[case("DOORWARD_PASSWORD__POLICY")]
#[case("DOORWARD_HTTP__PORT")]
#[case("DOORWARD_ENVIRONMENT")]
#[case("DOORWARD_JWT_SECRET")]
#[tokio::test]
async fn a_variable_that_nobody_reads_is_refused(#[case] name: &str) {
    let program = Program::new().set(name, "canary");
    let ran = program.run(&["check-config"]).await.expect(2);
    let error = format!("{name}: there is no such variable");
    assert!(ran.stderr.contains(&error), "{}", ran.stderr);
    assert!(!ran.output().contains("canary"), "{}", ran.output());
}

/// Kubernetes sets these where the service is called `doorward`.
#[tokio::test]
async fn variables_of_others_are_left_alone() {
    let program = Program::new()
        .set("DOORWARD_SERVICE_HOST", "10.0.0.1")
        .set("DOORWARD_PORT", "tcp://10.0.0.1:1337")
        .set("DOORWARD_DB_PORT_5432_TCP", "tcp://10.0.0.2:5432");
    program.run(&["check-config"]).await.expect(0);
}
