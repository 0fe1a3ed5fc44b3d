//! `docs/SECURITY-CASES.md` says which tests show what; here it is checked that they exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use config::{Config, File, FileFormat};

const NUMBERS: u32 = 48;

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_requirement_has_a_test_that_exists() {
    let table = read("docs/SECURITY-CASES.md");
    let mut numbers = BTreeSet::new();
    for row in table.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = row.split(" | ").collect();
        let Ok(number) = cells[0].trim_start_matches("| ").parse::<u32>() else {
            continue;
        };
        numbers.insert(number);
        let shown = cells.last().expect("a last cell").trim_end_matches(" |");
        let named: Vec<&str> = shown.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "{number}: nothing shows it");
        for name in named {
            if let Some((file, test)) = name.split_once("::") {
                let text = read(file);
                assert!(text.contains(&format!("fn {test}(")), "{number}: {name}");
                assert!(text.contains("SECURITY "), "{number}: {file}");
            } else if let Some(script) =
                name.split(' ').next().filter(|s| s.starts_with("scripts/"))
            {
                assert!(!read(script).is_empty(), "{number}: {name}");
            }
        }
    }
    assert_eq!(numbers, (1..=NUMBERS).collect());
}

/// SECURITY 48: the whole of it, and on every change; nothing of it is only warned of but several
/// versions of one crate.
#[test]
fn the_dependencies_are_checked_on_every_change() {
    let workflow = read(".github/workflows/ci.yml");
    let on = workflow.split("jobs:").next().expect("a head");
    assert!(
        on.contains("  push:\n") && on.contains("  pull_request:\n"),
        "{on}"
    );
    let run = workflow
        .lines()
        .any(|line| line.trim() == "- run: cargo deny check");
    assert!(run, "{workflow}");
    let rules = File::from_str(&read("deny.toml"), FileFormat::Toml);
    let rules = Config::builder().add_source(rules).build().expect("TOML");
    for (key, value) in [
        ("advisories.unmaintained", "all"),
        ("advisories.unsound", "all"),
        ("advisories.yanked", "deny"),
        ("bans.wildcards", "deny"),
        ("sources.unknown-registry", "deny"),
        ("sources.unknown-git", "deny"),
    ] {
        let set = rules.get_string(key).expect("a word");
        assert_eq!(set, value, "{key}");
    }
    assert!(
        !rules
            .get_array("licenses.allow")
            .expect("a list")
            .is_empty()
    );
    for advisory in rules.get_array("advisories.ignore").unwrap_or_default() {
        let why = advisory
            .into_table()
            .map(|table| table.contains_key("reason"));
        assert!(
            why.is_ok_and(|why| why),
            "an advisory is ignored without a reason"
        );
    }
}
