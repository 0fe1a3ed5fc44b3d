//! Wrong templates of an operator: an error at the start, with file, line and what is allowed.

use std::fs;

use rstest::rstest;

use crate::configuration::errors;
use crate::mail_templates::{folder, text};
use crate::support::binary::Program;

const VARIABLE: &str = "DOORWARD__MAIL__TEMPLATES";

fn mail(body: &str) -> String {
    format!(
        "{{% extends \"en/common.jinja\" %}}\n\
         {{% block subject %}}Hello{{% endblock %}}\n\
         {{% block body %}}{body}{{% endblock %}}\n"
    )
}

#[rstest]
#[case::syntax("en/reset.jinja", "{% block subject %}\n\n{% endif %}", &["line 3", "syntax error"])]
#[case::variable("en/reset.jinja", &mail("\n{{ adress }}"), &["line 4", "adress", "allowed: product_name, email"])]
#[case::unsafe_filter("de/welcome.jinja", &mail("{{ email|safe }}"), &["line 3", "safe", "allowed: those of"])]
#[case::escaping("en/reset.jinja", &mail("{% autoescape false %}{{ email }}{% endautoescape %}"), &["not escaped"])]
#[case::escaping_of_the_product("en/welcome.jinja", &mail("{% autoescape false %}{{ product_name }}{% endautoescape %}"), &["not escaped"])]
#[case::no_body("en/welcome.jinja", "{% extends layout %}{% block subject %}Hello{% endblock %}", &["the blocks subject and body"])]
#[case::no_subject("en/welcome.jinja", "{% extends layout %}{% block subject %} {% endblock %}{% block body %}x{% endblock %}", &["the block subject has to have"])]
#[case::no_token("layout.txt", "{{ self.subject() }}\n{{ link }}\n{{ token }}", &["en/reset.jinja", "needs the line `Token: {{ token }}`"])]
#[case::token_twice("en/confirm.jinja", &mail("x\n\nToken: {{ token }}\n"), &["alone and once"])]
#[case::no_link_in_text("layout.txt", "{{ self.subject() }}\nToken: {{ token }}\n", &["a line that ends with `{{ link }}`"])]
#[case::no_link_in_html("layout.html", "{{ self.body() }}", &["the HTML part needs `{{ link }}`"])]
#[case::include("en/reset.jinja", &mail("{% include 'logo.html' %}"), &["line 3", "logo.html"])]
#[case::units("de/duration.jinja", "{{ number }} {{ {'day': 'Tag'}[unit] }}", &["de/duration.jinja, line 1"])]
#[case::endless("en/reset.jinja", "{% extends 'en/reset.jinja' %}", &["en/reset.jinja"])]
#[case::misspelled("en/rest.jinja", "", &["there is no such template", "reset, "])]
#[case::extension("en/reset.html", "", &["there is no such template"])]
#[case::extension_of_a_part("logo.png", "", &["not a template"])]
#[case::language("EN/reset.jinja", "", &["not the name of a language", "lower case"])]
#[case::incomplete("fr/reset.jinja", &mail("x"), &["fr/welcome.jinja: is missing"])]
fn a_wrong_template_is_an_error_of_the_configuration(
    #[case] name: &str,
    #[case] source: &str,
    #[case] told: &[&str],
) {
    let own = folder(&[(name, source)]);
    let errors = errors(&[(VARIABLE, text(own.path()))]);
    let wanted = errors.iter().filter(|error| {
        error.starts_with("mail.templates (from DOORWARD__MAIL__TEMPLATES): ")
            && told.iter().all(|told| error.contains(told))
    });
    assert!(wanted.count() >= 1, "{told:?} in {errors:#?}");
    let shown = errors.iter().any(|error| error.contains(text(own.path())));
    assert!(!shown, "no value is shown: {errors:?}");
}

#[test]
fn what_is_no_text_or_too_long_is_an_error() {
    let own = folder(&[]);
    fs::write(own.path().join("layout.txt"), b"\xff").expect("written");
    fs::write(own.path().join("part.html"), "x".repeat(300_000)).expect("written");
    fs::create_dir(own.path().join("layout.html")).expect("made");
    let errors = errors(&[(VARIABLE, text(own.path()))]);
    assert_eq!(errors.len(), 3, "{errors:?}");
    for told in [
        "layout.txt: ",
        "part.html: not a file of at most",
        "layout.html: not the name",
    ] {
        assert!(
            errors.iter().any(|error| error.contains(told)),
            "{told}: {errors:?}"
        );
    }
}

/// SECURITY 47: the real program. Nothing starts, and all errors are told at once.
#[tokio::test]
async fn nothing_is_started_with_a_wrong_template() {
    let own = folder(&[
        ("en/reset.jinja", "{{ oops"),
        ("de/confirm.jinja", "{% oops %}"),
    ]);
    let program = Program::new()
        .set(VARIABLE, text(own.path()))
        .set("PORT", "canary");
    for command in [&["serve"][..], &["check-config"], &["mail", "preview"]] {
        let ran = program.run(command).await.expect(2);
        assert!(ran.stderr.contains("has 3 error(s):"), "{}", ran.stderr);
        for told in [
            "en/reset.jinja, line 1: ",
            "de/confirm.jinja, line 1: ",
            "http.port",
        ] {
            assert!(ran.stderr.contains(told), "{told}: {}", ran.stderr);
        }
    }
    assert!(!program.folder.path().join("data").exists());
}
