//! `/docs`: the description of the API for people, made from the same OpenAPI as
//! `/openapi.json`. Plain HTML and a style sheet, no script.

mod view;

use askama::Template as _;

use crate::http::openapi;
use view::View;

/// No script at all.
pub const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; \
    form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// Writes the page.
///
/// # Errors
/// When the template cannot be rendered; it is checked at compile time, so never in practice.
pub fn page() -> Result<String, askama::Error> {
    let description = serde_json::to_value(openapi::description()).unwrap_or_default();
    View::of(&description).render()
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
        let page = view.render().expect("a page");
        assert!(!page.contains("<h1><title>"), "{page}");
        assert!(!page.contains("a & ") && !page.contains("<b>"), "{page}");
    }
}
