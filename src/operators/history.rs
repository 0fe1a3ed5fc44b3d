//! The last hour, a point for each step, in memory of a fixed size.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use prometheus::proto::MetricFamily;

use super::charts::CHARTS;
use super::window::Window;

/// An hour of steps of 10 seconds.
pub(super) const POINTS: usize = 360;

#[derive(Debug, Default)]
pub(super) struct History {
    /// What the next point is compared with.
    last: Option<(DateTime<Utc>, Vec<MetricFamily>)>,
    points: VecDeque<Point>,
}

/// The charts' values at one moment, in the order of [`CHARTS`] and their series.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Point {
    pub(super) at: DateTime<Utc>,
    pub(super) values: Vec<Option<f64>>,
}

impl History {
    pub(super) fn record(&mut self, at: DateTime<Utc>, families: Vec<MetricFamily>) {
        if let Some((before_at, before)) = &self.last {
            let seconds = (at - *before_at).as_seconds_f64();
            // Somebody has set the clock back.
            if seconds > 0.0 {
                let window = Window {
                    before,
                    now: &families,
                    seconds,
                };
                let series = CHARTS.iter().flat_map(|chart| chart.series);
                let values = series.map(|series| (series.read)(&window)).collect();
                if self.points.len() == POINTS {
                    self.points.pop_front();
                }
                self.points.push_back(Point { at, values });
            }
        }
        self.last = Some((at, families));
    }

    pub(super) fn points(&self) -> Vec<Point> {
        self.points.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    #[test]
    fn an_hour_is_kept_and_no_more() {
        let mut history = History::default();
        let start = DateTime::<Utc>::UNIX_EPOCH;
        for step in 0..=i32::try_from(POINTS).expect("few") + 5 {
            history.record(start + TimeDelta::seconds(10) * step, Vec::new());
        }
        let points = history.points();
        assert_eq!(points.len(), POINTS);
        assert_eq!(points[0].at, start + TimeDelta::seconds(60));
    }

    #[test]
    fn a_clock_that_is_set_back_makes_no_point() {
        let mut history = History::default();
        let start = DateTime::<Utc>::UNIX_EPOCH;
        for seconds in [20, 10, 30] {
            history.record(start + TimeDelta::seconds(seconds), Vec::new());
        }
        assert_eq!(history.points().len(), 1);
    }
}
