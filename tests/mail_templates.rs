//! The templates of mails: every mail in every language, and an operator's own.

use std::fs;
use std::path::Path;
use std::time::Duration;

use doorward::app;
use doorward::config::Config;
use doorward::domain::language::Language;
use doorward::domain::mail_kind::MailKind;
use doorward::mail::{Colour, LetterWriter, OneTimeLink};
use rstest::rstest;
use tempfile::TempDir;

use crate::support::*;

const TOKEN: &str = "rmtMMcf3Qe0hVt5eXw1nUuJcK2p7sGzLyB8dRa4iTfo";
const HOSTILE: &str = "<b>Ann & \"Co\"'s</b>";
const ESCAPED: &str = "&lt;b&gt;Ann &amp; &quot;Co&quot;&#39;s&lt;/b&gt;";

fn writer(settings: &[(&str, &str)]) -> LetterWriter {
    let folder = tempfile::tempdir().expect("a folder");
    app::letter_writer(&load_config(&folder, "sqlite://unused.db", settings))
}

fn link(kind: MailKind, lifetime: Duration) -> Option<OneTimeLink<'static>> {
    let link = OneTimeLink {
        token: TOKEN,
        lifetime,
    };
    kind.purpose().map(|_| link)
}

/// A folder with these templates.
pub fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    }
    folder
}

pub fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

#[test]
fn every_mail_is_there_in_every_language() {
    let writer = writer(&[("mail.product_name", HOSTILE)]);
    let languages = writer.templates.languages().to_vec();
    let names: Vec<&str> = languages.iter().map(Language::as_str).collect();
    assert_eq!(names, ["de", "en"]);
    let mut subjects = std::collections::BTreeSet::new();
    for language in names {
        for kind in MailKind::ALL {
            let to = "o'<neill>&\"co\"@example.com";
            let link = link(kind, Duration::from_mins(30));
            let letter = writer.write(kind, to, Some(language), link.as_ref());
            let letter = letter.expect("written");
            let context = format!("{language} {kind:?}: {} {}", letter.text, letter.html);
            assert!(letter.subject.contains(HOSTILE), "{context}");
            assert!(letter.text.starts_with(&letter.subject), "{context}");
            assert_eq!((&*letter.to, letter.language.as_str()), (to, language));
            let lang = format!("<!doctype html>\n<html lang=\"{language}\" dir=\"ltr\">");
            assert!(letter.html.starts_with(&lang), "{context}");
            assert!(letter.html.contains(ESCAPED), "{context}");
            let address = "o&#39;&lt;neill&gt;&amp;&quot;co&quot;@example.com";
            assert!(letter.html.contains(address), "{context}");
            assert!(letter.text.contains(to), "{context}");
            for raw in ["<b>", "<neill>", "\"co\"", "{{", "{%", "<img", "src="] {
                assert!(!letter.html.contains(raw), "{raw} in {context}");
            }
            let url = match kind {
                MailKind::Confirm => "https://app.example.com/confirm",
                _ => "https://app.example.com/reset",
            };
            let parameters = "email=o%27%3Cneill%3E%26%22co%22%40example.com";
            let url = format!("{url}#{parameters}&token={TOKEN}");
            let lines = |wanted: &str| letter.text.lines().filter(|line| *line == wanted).count();
            let expected = usize::from(link.is_some());
            assert_eq!(lines(&format!("Token: {TOKEN}")), expected, "{context}");
            assert_eq!(lines(&url), expected, "{context}");
            let href = format!("href=\"{}\"", url.replace('&', "&amp;"));
            // The button, and the link below it.
            assert_eq!(
                letter.html.matches(&href).count(),
                2 * expected,
                "{context}"
            );
            subjects.insert(letter.subject);
        }
    }
    assert_eq!(
        subjects.len(),
        2 * MailKind::ALL.len(),
        "each says something else"
    );
}

/// `docs/MAIL.md` names the mails that there are.
#[test]
fn every_mail_is_documented() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/MAIL.md");
    let text = fs::read_to_string(path).expect("docs/MAIL.md");
    let list = text.split("\n\n").nth(1).expect("the first paragraph");
    let named: Vec<&str> = list.split('`').skip(1).step_by(2).collect();
    assert_eq!(named, MailKind::ALL.map(MailKind::as_str));
}

#[rstest]
#[case("en", 30 * 60, "30 minutes")]
#[case("en", 60, "1 minute")]
#[case("en", 86_400, "1 day")]
#[case("en", 90 * 60 + 1, "1 hour 30 minutes 1 second")]
#[case("de", 30 * 60, "30 Minuten")]
#[case("de", 86_400, "1 Tag")]
#[case("de", 3 * 86_400 + 3_600, "3 Tage 1 Stunde")]
fn a_duration_is_written_in_words(
    #[case] language: &str,
    #[case] seconds: u64,
    #[case] words: &str,
) {
    let link = link(MailKind::Reset, Duration::from_secs(seconds));
    let letter = writer(&[]).write(
        MailKind::Reset,
        "ann@example.com",
        Some(language),
        link.as_ref(),
    );
    let text = letter.expect("written").text;
    let after = text.split(words).nth(1).unwrap_or_default();
    assert!(after.starts_with(['.', ' ']), "{words} in {text}");
}

#[rstest]
#[case("#1f5fbf", "color:#ffffff", false)]
#[case("#FFEB3B", "color:#000000", true)]
#[case("#111827", "color:#ffffff", false)]
fn the_button_has_the_configured_colour_and_can_be_read(
    #[case] colour: &str,
    #[case] text: &str,
    #[case] needs_line: bool,
) {
    let writer = writer(&[("mail.colour", colour)]);
    assert_eq!(Colour::parse(colour), Some(writer.colour));
    let link = link(MailKind::Reset, Duration::from_mins(30));
    let letter = writer.write(MailKind::Reset, "ann@example.com", None, link.as_ref());
    let html = letter.expect("written").html;
    let colour = colour.to_lowercase();
    assert!(html.contains(&format!("bgcolor=\"{colour}\"")), "{html}");
    let button = html.split("<a href").nth(1).expect("a button");
    assert!(button.contains(text), "{button}");
    assert_eq!(
        html.contains("border:1px solid #8a8f98"),
        needs_line,
        "{html}"
    );
}

/// Past the checks of the configuration: no name of a product adds a header.
#[rstest]
#[tokio::test]
async fn a_product_name_with_line_breaks_adds_no_header(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let change = |config: &mut Config| {
        config.password.hash = CHEAP;
        config.mail.product_name = "Evil\r\nBcc: eve@example.com\r\n\r\n<h1>".to_owned();
    };
    let app = TestApp::custom(engine, &[], change).await;
    app.register("ann@example.com", PASSWORD).await;
    let mail = app.only_mail().await;
    assert_eq!(
        mail.subject,
        "Confirm your address for Evil Bcc: eve@example.com <h1>"
    );
    let mut files = fs::read_dir(app.config.data_directory.join("mails")).expect("a folder");
    let file = files.next().expect("a mail").expect("an entry").path();
    let raw = fs::read_to_string(file).expect("readable");
    let head = raw.split("\r\n\r\n").next().expect("a head");
    assert!(!head.contains("\r\nBcc:"), "{head}");
    assert!(!mail.html.contains("<h1>\n"), "{}", mail.html);
}

const OWN_RESET: &str = r#"{% extends "de/common.jinja" %}
{% block subject %}Neues Kennwort, {{ email }}{% endblock %}
{% block body %}
Hallo <{{ email }}>,

hier ist der Link von <em title={{ product_name }}>{{ product_name }}</em>.
{% endblock %}
{% block button %}Los{% endblock %}
"#;

/// One file is laid over the built-in ones, and what it writes is escaped like theirs.
#[rstest]
#[tokio::test]
async fn own_templates_replace_single_files(#[values(Sqlite, Postgres)] engine: Engine) {
    let own = folder(&[
        ("de/reset.jinja", OWN_RESET),
        ("footer.html", "<p>{{ product_name }} GmbH</p>"),
        (
            "layout.html",
            "{{ self.subject() }}{{ self.body() }}{{ link }}{% include 'footer.html' %}",
        ),
        (".hidden", "{{"),
    ]);
    let settings = [
        ("mail.templates", text(own.path())),
        ("mail.default_language", "de"),
        ("mail.product_name", HOSTILE),
    ];
    let app = TestApp::with(engine, &settings).await;
    app.register("o'ann&co@example.com", PASSWORD).await;
    let mail = app.only_mail().await;
    assert!(
        mail.subject.starts_with("Bestätigen Sie"),
        "{}",
        mail.subject
    );
    assert!(
        mail.html.ends_with(&format!("<p>{ESCAPED} GmbH</p>")),
        "{}",
        mail.html
    );

    app.forgot("o'ann&co@example.com").await.expect(200);
    let mail = app.only_mail().await;
    assert_eq!(mail.subject, "Neues Kennwort, o'ann&co@example.com");
    assert!(
        mail.html.contains("Hallo <o&#39;ann&amp;co@example.com>"),
        "{}",
        mail.html
    );
    assert!(
        mail.html
            .contains(&format!("<em title={ESCAPED}>{ESCAPED}</em>")),
        "{}",
        mail.html
    );
    assert!(
        mail.text.contains("\nLos:\nhttps://app.example.com/reset#"),
        "{}",
        mail.text
    );
    app.reset("o'ann&co@example.com", &mail.token(), "new1234")
        .await
        .expect(200);
}

/// A language of one's own is one like the others.
#[rstest]
#[tokio::test]
async fn own_templates_add_a_language(#[values(Sqlite, Postgres)] engine: Engine) {
    let own = folder(&[]);
    let portuguese = own.path().join("pt-br");
    fs::create_dir(&portuguese).expect("made");
    for kind in MailKind::ALL {
        let mail = "{% extends layout %}{% block subject %}Olá{% endblock %}\
                    {% block body %}{{ freeze }}{% endblock %}";
        fs::write(portuguese.join(format!("{}.jinja", kind.as_str())), mail).expect("written");
    }
    fs::write(
        portuguese.join("duration.jinja"),
        "{{ number }} x {{ unit }}",
    )
    .expect("written");
    let app = TestApp::with(engine, &[("mail.templates", text(own.path()))]).await;
    let body = serde_json::json!({ "email": "ann@example.com", "password": PASSWORD,
        "password_confirm": PASSWORD });
    let request = app
        .http
        .post(format!("{}/user/create", app.url))
        .json(&body);
    let answer = request.header("accept-language", "pt").send().await;
    assert_eq!(answer.expect("an answer").status(), 201);
    let mail = app.only_mail().await;
    assert_eq!((&*mail.subject, &*mail.language), ("Olá", "pt-br"));
    assert!(mail.text.contains("15 x minute"), "{}", mail.text);
}
