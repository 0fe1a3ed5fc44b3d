//! How long answers took, one list for each status.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value, json};

/// The times of all answers.
#[derive(Debug, Default)]
pub struct Summary(BTreeMap<u16, Vec<u32>>);

impl Summary {
    /// One more answer.
    pub fn add(&mut self, status: u16, took: Duration) {
        let micros = u32::try_from(took.as_micros()).unwrap_or(u32::MAX);
        self.0.entry(status).or_default().push(micros);
    }

    /// How many answers had this status.
    pub fn count(&self, status: u16) -> usize {
        self.0.get(&status).map_or(0, Vec::len)
    }

    /// For each status the number of answers and their times in milliseconds.
    pub fn into_json(self) -> Value {
        let statuses = self.0.into_iter().map(|(status, mut micros)| {
            micros.sort_unstable();
            let at = |percent: usize| millis(micros.get((micros.len() - 1) * percent / 100));
            let times = json!({
                "count": micros.len(),
                "p50_ms": at(50),
                "p90_ms": at(90),
                "p99_ms": at(99),
                "max_ms": at(100),
            });
            (status.to_string(), times)
        });
        Value::Object(statuses.collect::<Map<_, _>>())
    }
}

fn millis(micros: Option<&u32>) -> f64 {
    f64::from(micros.copied().unwrap_or_default()) / 1_000.0
}
