//! What an import that has come to its end has done.

use serde_json::{Map, Value, json};

use crate::cli::CliError;
use crate::cli::output::{print, print_json};
use crate::store::ImportProgress;
use crate::transfer::importer::Importer;
use crate::transfer::reader::Ignored;

pub(super) struct Summary<'a> {
    pub(super) importer: &'a Importer,
    /// Where this run began, if another one came before it.
    pub(super) earlier: Option<&'a ImportProgress>,
    pub(super) ignored: &'a Ignored,
    pub(super) dry_run: bool,
}

/// What one run did, or all of them.
struct Counts {
    imported: i64,
    refused: i64,
    skipped: i64,
}

impl Summary<'_> {
    pub(super) fn print(&self, json: bool) -> Result<(), CliError> {
        if json {
            print_json(&self.json())
        } else {
            print(&self.text()).map(drop)
        }
    }

    /// Those of this run alone.
    fn of_this_run(&self) -> Counts {
        let at = self.importer.at();
        let before = self.earlier.cloned().unwrap_or_default();
        Counts {
            imported: at.imported - before.imported,
            refused: at.refused - before.refused,
            skipped: at.skipped - before.skipped,
        }
    }

    /// An earlier run came to the end, and nothing was added to the file since.
    fn was_finished(&self) -> bool {
        let position = self.importer.at().position;
        self.earlier
            .is_some_and(|earlier| earlier.finished_at.is_some() && earlier.position == position)
    }

    fn json(&self) -> Value {
        let (at, run) = (self.importer.at(), self.of_this_run());
        let mut reasons = Map::new();
        for (reason, count) in &self.importer.reasons {
            let before = reasons.get(reason.code()).and_then(Value::as_u64);
            let sum = count + before.unwrap_or(0);
            reasons.insert(reason.code().to_owned(), sum.into());
        }
        json!({
            "dry_run": self.dry_run,
            "imported": at.imported,
            "refused": at.refused,
            "skipped": at.skipped,
            "this_run": {
                "imported": run.imported,
                "refused": run.refused,
                "skipped": run.skipped,
                "reasons": reasons,
            },
            "fields_left_behind": self.ignored.names(),
        })
    }

    fn text(&self) -> String {
        let (at, run) = (self.importer.at(), self.of_this_run());
        let mut lines = Vec::new();
        if self.was_finished() {
            let text = "it was imported to its end already; --restart begins again";
            lines.push(text.to_owned());
        } else {
            let made = if self.dry_run {
                "accounts would be made"
            } else {
                "accounts were made"
            };
            lines.push(format!("{} {made}", run.imported));
        }
        if run.skipped > 0 {
            lines.push(format!(
                "{} lines were passed over: the address has an account",
                run.skipped
            ));
        }
        for (reason, count) in &self.importer.reasons {
            lines.push(format!("{count} lines could not be used: {reason}"));
        }
        if self.earlier.is_some() {
            lines.push(format!(
                "with the runs before: {} accounts, {} lines passed over, {} not usable",
                at.imported, at.skipped, at.refused
            ));
        }
        let ignored = self.ignored.names();
        if !ignored.is_empty() {
            lines.push(format!("left behind: {}", ignored.join(", ")));
        }
        lines.join("\n") + "\n"
    }
}
