//! Draws one chart: lines over the last hour, as the paths of an SVG.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};

use super::charts::{Chart, Unit};
use super::figures::STEP;
use super::history::{POINTS, Point};
use super::process::float;

/// In the units of the drawing; the page stretches it.
const WIDTH: f64 = 300.0;
const HEIGHT: f64 = 84.0;
const HOUR: f64 = 3600.0;
const MIB: f64 = 1024.0 * 1024.0;

/// A chart, ready to be put into the page.
#[derive(Debug)]
pub(super) struct Drawn {
    pub(super) title: &'static str,
    /// What the grid's upper and middle line say.
    pub(super) top: String,
    pub(super) middle: String,
    pub(super) lines: Vec<Line>,
}

#[derive(Debug)]
pub(super) struct Line {
    pub(super) name: &'static str,
    /// The newest value.
    pub(super) now: String,
    /// The greatest of the hour.
    pub(super) most: String,
    /// The `d` of an SVG path.
    pub(super) path: String,
}

/// Draws the points whose values begin at `first` in each [`Point`].
pub(super) fn draw(chart: &Chart, first: usize, points: &[Point], now: DateTime<Utc>) -> Drawn {
    let value = |point: &Point, series: usize| {
        let value = point.values.get(first + series).copied().flatten();
        value.filter(|value| value.is_finite())
    };
    let most = |series: usize| {
        let values = points.iter().filter_map(|point| value(point, series));
        values.fold(None, |most: Option<f64>, value| {
            Some(most.map_or(value, |most| most.max(value)))
        })
    };
    let greatest = (0..chart.series.len()).filter_map(most).fold(0.0, f64::max);
    let top = round_up(greatest, chart.unit);
    let line = |(series, of): (usize, &super::charts::Series)| {
        let values = points
            .iter()
            .map(|point| (age(point, now), value(point, series)));
        let write =
            |value: Option<f64>| value.map_or("–".to_owned(), |value| show(value, chart.unit));
        Line {
            name: of.name,
            now: write(points.last().and_then(|point| value(point, series))),
            most: write(most(series)),
            path: path(values, top),
        }
    };
    Drawn {
        title: chart.title,
        top: show(top, chart.unit),
        middle: show(top / 2.0, chart.unit),
        lines: chart.series.iter().enumerate().map(line).collect(),
    }
}

fn age(point: &Point, now: DateTime<Utc>) -> f64 {
    (now - point.at).as_seconds_f64()
}

/// Goes on from one point to the next unless something is missing in between.
fn path(values: impl Iterator<Item = (f64, Option<f64>)>, top: f64) -> String {
    let mut path = String::with_capacity(12 * POINTS);
    let mut last: Option<f64> = None;
    for (age, value) in values {
        let Some(value) = value.filter(|_| (0.0..=HOUR).contains(&age)) else {
            last = None;
            continue;
        };
        let x = WIDTH * (1.0 - age / HOUR);
        let y = HEIGHT * (1.0 - value / top);
        let goes_on = last.is_some_and(|last| last - age < 2.5 * STEP.as_secs_f64());
        // A line of no length makes a dot of a point that is alone. A text takes all that is written.
        let _ = if goes_on {
            write!(path, "L{x:.1} {y:.1}")
        } else {
            write!(path, "M{x:.1} {y:.1}h0")
        };
        last = Some(age);
    }
    path
}

/// The next value that can be halved and read: 1, 2, 4, 10, 20, 40, …
fn round_up(value: f64, unit: Unit) -> f64 {
    let (least, base) = match unit {
        Unit::Number => (1.0, 1.0),
        Unit::Seconds => (0.001, 1.0),
        Unit::Bytes => (MIB, MIB),
    };
    let value = value.max(least) / base;
    let decade = 10_f64.powf(value.log10().floor());
    let step = [1.0, 2.0, 4.0]
        .into_iter()
        .find(|step| step * decade >= value * 0.999_999);
    step.unwrap_or(10.0) * decade * base
}

/// A value as a person writes it.
pub(super) fn show(value: f64, unit: Unit) -> String {
    let (value, unit) = match unit {
        Unit::Number if value >= 1e6 => (value / 1e6, " M"),
        Unit::Number if value >= 1e4 => (value / 1e3, " k"),
        Unit::Number => (value, ""),
        Unit::Seconds if value >= 1.0 => (value, " s"),
        Unit::Seconds => (value * 1e3, " ms"),
        Unit::Bytes => (value / MIB, " MiB"),
    };
    let digits = match value {
        0.0 => 0,
        value if value >= 99.95 => 0,
        value if value >= 9.995 => 1,
        _ => 2,
    };
    let text = format!("{value:.digits$}");
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    format!("{text}{unit}")
}

/// The whole hour, for the page.
pub(super) const fn size() -> (f64, f64) {
    (WIDTH, HEIGHT)
}

/// How long the charts can look back by now.
pub(super) fn minutes(points: usize) -> f64 {
    float(points as u64) * STEP.as_secs_f64() / 60.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(0.0, Unit::Number, "0")]
    #[case(0.126, Unit::Number, "0.13")]
    #[case(12.0, Unit::Number, "12")]
    #[case(100.0, Unit::Number, "100")]
    #[case(46_168.0, Unit::Number, "46.2 k")]
    #[case(0.00123, Unit::Seconds, "1.23 ms")]
    #[case(0.9999, Unit::Seconds, "1000 ms")]
    #[case(2.5, Unit::Seconds, "2.5 s")]
    #[case(14_386_463.0, Unit::Bytes, "13.7 MiB")]
    fn values_are_written_short(#[case] value: f64, #[case] unit: Unit, #[case] text: &str) {
        assert_eq!(show(value, unit), text);
    }

    #[rstest]
    #[case(0.0, Unit::Number, 1.0)]
    #[case(1.0, Unit::Number, 1.0)]
    #[case(3.0, Unit::Number, 4.0)]
    #[case(41.0, Unit::Number, 100.0)]
    #[case(0.0, Unit::Seconds, 0.001)]
    #[case(0.3, Unit::Seconds, 0.4)]
    #[case(13.7 * MIB, Unit::Bytes, 20.0 * MIB)]
    fn the_grid_ends_at_a_round_value(#[case] value: f64, #[case] unit: Unit, #[case] top: f64) {
        let found = round_up(value, unit);
        assert!((found - top).abs() < top * 1e-9, "{found}");
    }

    #[test]
    fn a_line_breaks_where_something_is_missing() {
        let values = [
            (7_200.0, Some(1.0)),
            (60.0, Some(0.0)),
            (50.0, Some(1.0)),
            (40.0, None),
            (30.0, Some(0.5)),
            (0.0, Some(0.5)),
        ];
        let path = path(values.into_iter(), 1.0);
        assert_eq!(path, "M295.0 84.0h0L295.8 0.0M297.5 42.0h0M300.0 42.0h0");
    }
}
