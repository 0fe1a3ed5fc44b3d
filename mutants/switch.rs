//! Says which mutant is chosen, and notes which ones are reached; only in the copy that
//! `scripts/mutants` makes.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

const MOST: usize = 10_000;

static CHOSEN: OnceLock<usize> = OnceLock::new();
static NOTES: OnceLock<Option<String>> = OnceLock::new();
static REACHED: [AtomicBool; MOST] = [const { AtomicBool::new(false) }; MOST];

/// Whether the mutant with this number is the chosen one.
#[must_use]
pub fn on(number: usize) -> bool {
    let chosen = *CHOSEN.get_or_init(|| {
        let variable = std::env::var("MUTANT_CHOSEN").unwrap_or_default();
        variable.parse().unwrap_or_default()
    });
    if let Some(file) = NOTES.get_or_init(|| std::env::var("MUTANT_NOTES").ok()) {
        note(file, number);
    }
    chosen == number
}

fn note(file: &str, number: usize) {
    if !REACHED[number].swap(true, Ordering::Relaxed) {
        let file = OpenOptions::new().append(true).create(true).open(file);
        // One write for each, so that several processes can share the file.
        let line = format!("{number}\n");
        drop(file.and_then(|mut file| file.write_all(line.as_bytes())));
    }
}
