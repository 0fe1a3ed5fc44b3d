//! `/docs`: the description of the API for people, made from the same OpenAPI as
//! `/openapi.json`. Plain HTML and a style sheet, no script.

mod view;

use std::sync::LazyLock;

use askama::Template as _;

use super::openapi;
use view::View;

/// The page. Made once, since nothing in it changes while the process lives.
pub static PAGE: LazyLock<String> = LazyLock::new(|| {
    let description = serde_json::to_value(openapi::description()).unwrap_or_default();
    // It is checked at compile time, so it never fails in practice.
    View::of(&description).render().unwrap_or_default()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_description_says_is_escaped() {
        let view = View::of(&serde_json::json!({
            "info": { "title": "<title>", "description": "a & `<b>`" },
            "paths": {}, "components": { "schemas": {} },
        }));
        let page = view.render().expect("a page");
        assert!(!page.contains("<h1><title>"), "{page}");
        assert!(!page.contains("a & ") && !page.contains("<b>"), "{page}");
    }
}
