//! The templates of the mails: built in, and laid over them an operator's own. All of them are
//! compiled and tried when they are loaded, so that a wrong one is an error of the configuration
//! and never a mail that cannot be sent.
//!
//! One file for each language and kind has the texts, in blocks; `layout.html` and `layout.txt`
//! make the two parts of a mail out of them. `docs/MAIL.md` is the operator's description.

mod built_in;
mod environment;
mod error;
mod folder;
mod trial;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use minijinja::{Captured, Environment, Value, context};

pub use built_in::FILES;
pub use error::TemplateError;

use crate::domain::language::Language;
use crate::domain::mail_kind::MailKind;
use environment::Part;

/// The names that a language's folder may have files for, beside those of the mails.
const COMMON: &str = "common";
const DURATION: &str = "duration";

/// The built-in ones; a test shows that nothing is wrong with them.
static BUILT_IN: LazyLock<Result<Templates, Vec<String>>> =
    LazyLock::new(|| Templates::compile(built_in::sources()));

/// Compiled and tried templates; cheap to clone.
#[derive(Clone)]
pub struct Templates(Arc<Compiled>);

struct Compiled {
    html: Environment<'static>,
    text: Environment<'static>,
    languages: Vec<Language>,
}

/// A mail that was written.
pub(super) struct Written {
    pub subject: String,
    pub text: String,
    pub html: String,
}

impl Templates {
    /// The built-in templates, and over them those in the folder.
    ///
    /// # Errors
    /// A sentence for each thing that is wrong in the folder, with file and line.
    pub fn load(folder: Option<&Path>) -> Result<Self, Vec<String>> {
        let Some(folder) = folder else {
            return BUILT_IN.clone();
        };
        let mut sources = built_in::sources();
        sources.extend(folder::read(folder)?);
        Self::compile(sources)
    }

    fn compile(sources: BTreeMap<String, String>) -> Result<Self, Vec<String>> {
        let languages = folder::languages(&sources)?;
        let (mut html, mut text) = (environment::of(Part::Html), environment::of(Part::Text));
        let mut errors = Vec::new();
        for (name, source) in sources {
            let both = html.add_template_owned(name.clone(), source.clone());
            let both = both.and_then(|()| text.add_template_owned(name, source));
            errors.extend(both.err().map(|error| TemplateError(error).to_string()));
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let templates = Self(Arc::new(Compiled {
            html,
            text,
            languages,
        }));
        match trial::errors(&templates) {
            errors if errors.is_empty() => Ok(templates),
            errors => Err(errors),
        }
    }

    /// The languages that every mail exists in, by their names.
    #[must_use]
    pub fn languages(&self) -> &[Language] {
        &self.0.languages
    }

    /// The language, if the mails exist in it.
    #[must_use]
    pub fn language(&self, name: &str) -> Option<&Language> {
        let mut languages = self.0.languages.iter();
        languages.find(|language| language.as_str() == name)
    }

    pub(super) fn write(
        &self,
        kind: MailKind,
        language: &Language,
        values: &Value,
    ) -> Result<Written, TemplateError> {
        let name = format!("{language}/{}.jinja", kind.as_str());
        let html = render(&self.0.html, Part::Html, &name, values)?.into_output();
        let mut text = render(&self.0.text, Part::Text, &name, values)?;
        let subject = text.with_state_mut(|state| state.render_block("subject"))?;
        Ok(Written {
            // Never more than one line, whatever the template has.
            subject: subject.split_whitespace().collect::<Vec<_>>().join(" "),
            text: text.into_output().trim().to_owned() + "\n",
            html,
        })
    }

    /// The duration in words, as "1 hour 30 minutes".
    pub(super) fn duration(
        &self,
        language: &Language,
        duration: Duration,
    ) -> Result<String, TemplateError> {
        let seconds = duration.as_secs().max(1);
        let parts = [
            (seconds / 86_400, "day"),
            (seconds / 3_600 % 24, "hour"),
            (seconds / 60 % 60, "minute"),
            (seconds % 60, "second"),
        ];
        let template = self
            .0
            .text
            .get_template(&format!("{language}/{DURATION}.jinja"))?;
        let mut words = Vec::new();
        for (number, unit) in parts {
            if number > 0 {
                let part = template.render(context! { number, unit })?;
                words.push(part.trim().to_owned());
            }
        }
        Ok(words.join(" "))
    }
}

fn render<'e>(
    environment: &'e Environment<'static>,
    part: Part,
    name: &str,
    values: &Value,
) -> Result<Captured<'e>, minijinja::Error> {
    let context = context! { layout => part.layout(), ..values.clone() };
    environment.get_template(name)?.render_captured(context)
}

impl fmt::Debug for Templates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Templates")
            .field("languages", &self.0.languages)
            .finish_non_exhaustive()
    }
}
