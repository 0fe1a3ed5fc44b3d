//! `/docs`: the description of the API for people, made from the same OpenAPI as
//! `/openapi.json`. Plain HTML, a style sheet, no script.

mod view;

use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};

use super::openapi;
use view::View;

/// The page. Made once, since nothing in it changes while the process lives.
pub static PAGE: LazyLock<String> = LazyLock::new(|| {
    let description = serde_json::to_value(openapi::description()).unwrap_or_default();
    render(&View::of(&description)).unwrap_or_else(|error| {
        tracing::error!(%error, "the page /docs cannot be made");
        String::new()
    })
});

fn render(view: &View) -> Result<String, minijinja::Error> {
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true);
    templates.set_syntax(syntax.build()?);
    templates.add_template("docs.html", include_str!("docs/docs.html"))?;
    templates.get_template("docs.html")?.render(Serde(view))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_description_says_is_escaped() {
        let view = View::of(&serde_json::json!({
            "info": { "title": "<title>", "description": "a & `<b>`" },
            "paths": {}, "components": { "schemas": {} },
        }));
        let page = render(&view).expect("a page");
        assert!(page.contains("&lt;title&gt;") && !page.contains("<title>&lt;title>"));
        assert!(page.contains("a &amp; <code>&lt;b&gt;</code>"), "{page}");
    }
}
