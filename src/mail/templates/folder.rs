//! An operator's folder of templates.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

use super::{COMMON, DURATION};
use crate::domain::language::Language;
use crate::domain::mail_kind::MailKind;

/// The longest template, in bytes; above some 100 KiB, mail readers cut mails off.
const LONGEST: u64 = 256 * 1024;

/// The most files.
const MOST: usize = 1_000;

/// The templates in the folder, by their names. What begins with a dot is passed over.
pub(super) fn read(folder: &Path) -> Result<BTreeMap<String, String>, Vec<String>> {
    let entries = entries(folder).map_err(|error| vec![format!("cannot be read: {error}")])?;
    let mut paths = Vec::new();
    let mut errors = Vec::new();
    for (name, is_folder) in entries {
        if !is_folder {
            paths.push(name);
        } else if Language::parse(&name).is_some() {
            match self::entries(&folder.join(&name)) {
                Ok(files) => {
                    let path = |(file, _)| format!("{name}/{file}");
                    paths.extend(files.into_iter().map(path));
                }
                Err(error) => errors.push(format!("{name}: {error}")),
            }
        } else {
            errors.push(format!(
                "{name}: not the name of a language; allowed: as de or pt-br, in lower case"
            ));
        }
    }
    if paths.len() > MOST {
        return Err(vec![format!("there are more than {MOST} files")]);
    }
    let mut sources = BTreeMap::new();
    for path in paths {
        match check_name(&path).and_then(|()| source(&folder.join(&path))) {
            Ok(source) => drop(sources.insert(path, source)),
            Err(error) => errors.push(format!("{path}: {error}")),
        }
    }
    if errors.is_empty() {
        Ok(sources)
    } else {
        Err(errors)
    }
}

/// The languages of these templates, if each has every text.
pub(super) fn languages(sources: &BTreeMap<String, String>) -> Result<Vec<Language>, Vec<String>> {
    let names = sources.keys().filter_map(|path| path.split_once('/'));
    let languages: BTreeSet<Language> = names
        .filter_map(|(language, _)| Language::parse(language))
        .collect();
    let mut missing = Vec::new();
    for language in &languages {
        for name in MailKind::ALL
            .map(MailKind::as_str)
            .iter()
            .chain(&[DURATION])
        {
            let path = format!("{language}/{name}.jinja");
            if !sources.contains_key(&path) {
                missing.push(format!("{path}: is missing; a language needs every text"));
            }
        }
    }
    if missing.is_empty() {
        Ok(languages.into_iter().collect())
    } else {
        Err(missing)
    }
}

/// A misspelled file would change nothing, and nobody would notice.
fn check_name(path: &str) -> Result<(), String> {
    let Some((_, file)) = path.split_once('/') else {
        // Beside the layouts there may be parts that own templates include.
        let extension = Path::new(path).extension().and_then(|text| text.to_str());
        let is_template = matches!(extension, Some("html" | "txt" | "jinja"));
        let allowed = "not a template; allowed: layout.html, layout.txt, and files ending in \
                       .html, .txt or .jinja for those to include";
        return is_template.then_some(()).ok_or_else(|| allowed.to_owned());
    };
    let mut names = MailKind::ALL.map(MailKind::as_str).to_vec();
    names.extend([COMMON, DURATION]);
    let is_known = file
        .strip_suffix(".jinja")
        .is_some_and(|name| names.contains(&name));
    is_known.then_some(()).ok_or_else(|| {
        format!(
            "there is no such template; allowed: {}, each with .jinja",
            names.join(", ")
        )
    })
}

fn source(path: &Path) -> Result<String, String> {
    let length = fs::metadata(path).map_err(|error| error.to_string())?;
    if !length.is_file() || length.len() > LONGEST {
        return Err(format!("not a file of at most {LONGEST} bytes"));
    }
    fs::read_to_string(path).map_err(|error| error.to_string())
}

/// Names, and whether each is a folder; links are followed, as Kubernetes mounts them.
fn entries(folder: &Path) -> io::Result<Vec<(String, bool)>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder)?.take(MOST + 1) {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') {
            entries.push((name, fs::metadata(entry.path())?.is_dir()));
        }
    }
    entries.sort();
    Ok(entries)
}
