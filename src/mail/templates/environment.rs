//! What templates can do: the two parts of a mail, what is escaped in them, filters.

use std::fmt::Write as _;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::ValueKind;
use minijinja::{AutoEscape, Environment, Error, Output, State, UndefinedBehavior, Value};

/// A part of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Html,
    Text,
}

impl Part {
    /// The template that lays out this part.
    pub(super) fn layout(self) -> &'static str {
        match self {
            Self::Html => "layout.html",
            Self::Text => "layout.txt",
        }
    }
}

/// The environment that renders this part; the same templates are in both.
pub(super) fn of(part: Part) -> Environment<'static> {
    let mut environment = Environment::new();
    let mut syntax = SyntaxConfig::builder();
    if let Ok(syntax) = syntax.trim_blocks(true).lstrip_blocks(true).build() {
        environment.set_syntax(syntax);
    }
    // The part decides, not the name of a template.
    environment.set_auto_escape_callback(move |_| match part {
        Part::Html => AutoEscape::Html,
        Part::Text => AutoEscape::None,
    });
    environment.set_formatter(format);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // For the name of what is not defined, in an error.
    environment.set_debug(true);
    environment.add_filter("paragraphs", paragraphs);
    // There is nothing to be trusted among the values.
    environment.remove_filter("safe");
    environment
}

/// As the library does it, but a slash stays one: programs between the server and the reader look
/// for links in mails, and not all of them know that `&#x2f;` is a slash.
fn format(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    match value.as_str() {
        Some(text) if matches!(state.auto_escape(), AutoEscape::Html) && !value.is_safe() => {
            escape(out, text).map_err(Error::from)
        }
        _ => minijinja::escape_formatter(out, state, value),
    }
}

fn escape(out: &mut Output<'_>, text: &str) -> std::fmt::Result {
    for c in text.chars() {
        match c {
            '&' => out.write_str("&amp;")?,
            '<' => out.write_str("&lt;")?,
            '>' => out.write_str("&gt;")?,
            '"' => out.write_str("&quot;")?,
            '\'' => out.write_str("&#39;")?,
            other => out.write_char(other)?,
        }
    }
    Ok(())
}

/// The paragraphs of a text, which empty lines part; each on one line.
fn paragraphs(text: &Value) -> Result<Vec<Value>, Error> {
    if text.kind() != ValueKind::String {
        let kind = minijinja::ErrorKind::InvalidOperation;
        return Err(Error::new(kind, "paragraphs are made of a text"));
    }
    let mut paragraphs = vec![String::new()];
    for line in text.as_str().unwrap_or_default().lines().map(str::trim) {
        match paragraphs.last_mut() {
            Some(paragraph) if !line.is_empty() => {
                if !paragraph.is_empty() {
                    paragraph.push(' ');
                }
                paragraph.push_str(line);
            }
            _ => paragraphs.push(String::new()),
        }
    }
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    // What has been escaped stays so, and nothing else.
    let is_safe = text.is_safe();
    let value = |text| {
        if is_safe {
            Value::from_safe_string(text)
        } else {
            Value::from(text)
        }
    };
    Ok(paragraphs.into_iter().map(value).collect())
}
