//! `doorward mail`: templates to begin with, and how the mails look.

use std::fs;

use crate::mail_templates::text;
use crate::support::binary::Program;

#[tokio::test]
async fn the_built_in_templates_can_be_written_and_used_as_they_are() {
    let program = Program::new();
    let out = program.folder.path().join("templates");
    let write = ["mail", "templates", "--out", text(&out)];
    // Before anything else is right.
    let ran = program.run(&write).await.expect(0);
    assert!(ran.stdout.contains("mail.templates"), "{}", ran.stdout);
    let layout = fs::read_to_string(out.join("layout.html")).expect("written");
    assert_eq!(layout, include_str!("../src/mail/texts/layout.html"));

    let program = program.set("DOORWARD__MAIL__TEMPLATES", text(&out));
    program.run(&["check-config"]).await.expect(0);
    fs::write(out.join("en/reset.jinja"), "mine").expect("written");
    let ran = program.run(&write).await.expect(1);
    assert!(ran.stderr.contains("is there already"), "{}", ran.stderr);
    let mine = fs::read_to_string(out.join("en/reset.jinja")).expect("there");
    assert_eq!(mine, "mine");
}

#[tokio::test]
async fn a_preview_shows_the_mails_as_they_are_sent() {
    let program = Program::new().set("DOORWARD__MAIL__PRODUCT_NAME", "A & B");
    let one = ["mail", "preview", "--kind", "reset", "--language", "de"];
    let shown = program.run(&one).await.expect(0).stdout;
    assert!(
        shown.contains("Subject: Wählen Sie ein neues Passwort für A & B\n"),
        "{shown}"
    );
    assert!(
        shown.contains("\nToken: ") && shown.contains("30 Minuten"),
        "{shown}"
    );
    let all = program.run(&["mail", "preview"]).await.expect(0).stdout;
    assert_eq!(all.matches("Subject: ").count(), 14, "{all}");

    let out = program.folder.path().join("mails");
    let write = ["mail", "preview", "--out", text(&out)];
    for _ in 0..2 {
        program.run(&write).await.expect(0);
    }
    let html = fs::read_to_string(out.join("en/confirm.html")).expect("written");
    assert!(
        html.contains("A &amp; B") && html.contains("Confirm my address"),
        "{html}"
    );
    let text = fs::read_to_string(out.join("de/welcome.txt")).expect("written");
    assert!(text.contains("Willkommen bei A & B"), "{text}");
    assert_eq!(fs::read_dir(out.join("de")).expect("a folder").count(), 14);

    for (wrong, told) in [
        (["--kind", "rest"], "allowed: welcome, confirm, reset"),
        (["--language", "fr"], "allowed: de, en"),
    ] {
        let ran = program
            .run(&[&["mail", "preview"], &wrong[..]].concat())
            .await;
        let ran = ran.expect(2);
        assert!(ran.stderr.contains(told), "{}", ran.stderr);
    }
}
