//! What is wrong with a template, in words for the operator who wrote it.

use std::error::Error as _;
use std::fmt;

use minijinja::{Error, ErrorKind};

/// Everything that templates may use.
pub(super) const VARIABLES: &str = "product_name, email, language, link, token, lifetime, freeze, \
    colour, colour_text, colour_border, colour_border_dark, layout; number and unit in duration.jinja";

/// A template that cannot be compiled or rendered.
pub struct TemplateError(pub(super) Error);

impl From<Error> for TemplateError {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl std::error::Error for TemplateError {}

/// The library's own has the values that the template was given, a token among them.
impl fmt::Debug for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TemplateError({self})")
    }
}

/// File and line, what is wrong there, and what is allowed.
impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A layout fails where a block in it does; the innermost error says where and why.
        let (mut innermost, mut place) = (&self.0, &self.0);
        while let Some(source) = innermost
            .source()
            .and_then(<dyn std::error::Error>::downcast_ref)
        {
            innermost = source;
            if innermost.name().is_some() {
                place = innermost;
            }
        }
        write!(f, "{}", place.name().unwrap_or("a template"))?;
        if let Some(line) = place.line() {
            write!(f, ", line {line}")?;
        }
        write!(f, ": {}", innermost.kind())?;
        if let Some(detail) = innermost.detail() {
            write!(f, ": {detail}")?;
        }
        match innermost.kind() {
            ErrorKind::UndefinedError => write!(f, "; allowed: {VARIABLES}"),
            ErrorKind::UnknownFilter | ErrorKind::UnknownFunction | ErrorKind::UnknownTest => {
                f.write_str("; allowed: those of MiniJinja without `safe`, and `paragraphs`")
            }
            ErrorKind::UnknownBlock => {
                f.write_str("; a mail needs at least the blocks subject and body")
            }
            _ => Ok(()),
        }
    }
}
