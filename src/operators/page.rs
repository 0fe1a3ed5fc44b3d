//! The page for operators, and the same as JSON.

use askama::Template;
use chrono::{DateTime, SubsecRound as _, Utc};
use serde::Serialize;

use super::Operators;
use super::chart::{self, Drawn};
use super::charts::{CHARTS, Unit};
use super::history::Point;
use crate::http::Stage;

/// What there is to see.
#[derive(Debug, Serialize)]
pub(super) struct Status {
    state: &'static str,
    version: &'static str,
    database: &'static str,
    /// Whether it answers, as of now.
    database_answers: bool,
    started_at: DateTime<Utc>,
    uptime_seconds: i64,
    now: DateTime<Utc>,
    /// When each of the values below was taken.
    times: Vec<DateTime<Utc>>,
    charts: Vec<ChartValues>,
    #[serde(skip)]
    drawn_at: DateTime<Utc>,
    #[serde(skip)]
    points: Vec<Point>,
}

#[derive(Debug, Serialize)]
struct ChartValues {
    title: &'static str,
    /// Of the values; a rate is a number in a second.
    unit: &'static str,
    series: Vec<SeriesValues>,
}

#[derive(Debug, Serialize)]
struct SeriesValues {
    name: &'static str,
    values: Vec<Option<f64>>,
}

#[derive(Template)]
#[template(path = "status.html")]
struct Page<'s> {
    status: &'s Status,
    /// It does not renew itself.
    is_still: bool,
    uptime: String,
    charts: Vec<Drawn>,
    width: f64,
    height: f64,
    minutes: f64,
}

pub(super) async fn look(operators: &Operators) -> Status {
    let figures = &operators.figures;
    let stage = *operators.stage.borrow();
    let database_answers = figures.database_answers().await;
    let (about, now, points) = (&figures.about, figures.now(), figures.points());
    Status {
        state: match stage {
            Stage::Starting => "starting",
            Stage::Draining => "draining",
            Stage::Serving if database_answers => "ready",
            Stage::Serving => "not ready",
        },
        version: about.version,
        database: about.database,
        database_answers,
        started_at: about.started.trunc_subsecs(0),
        uptime_seconds: (now - about.started).num_seconds(),
        now: now.trunc_subsecs(0),
        times: points
            .iter()
            .map(|point| point.at.trunc_subsecs(0))
            .collect(),
        charts: values(&points),
        drawn_at: now,
        points,
    }
}

pub(super) fn render(status: &Status, is_still: bool) -> askama::Result<String> {
    let mut first = 0;
    let charts = CHARTS.iter().map(|chart| {
        let drawn = chart::draw(chart, first, &status.points, status.drawn_at);
        first += chart.series.len();
        drawn
    });
    let (width, height) = chart::size();
    let page = Page {
        status,
        is_still,
        uptime: uptime(status.uptime_seconds),
        charts: charts.collect(),
        width,
        height,
        minutes: chart::minutes(status.points.len()),
    };
    page.render()
}

fn values(points: &[Point]) -> Vec<ChartValues> {
    let mut next = 0..;
    let mut column = |name| {
        let number = next.next().unwrap_or_default();
        let value = |point: &Point| point.values.get(number).copied().flatten();
        SeriesValues {
            name,
            values: points.iter().map(value).collect(),
        }
    };
    let charts = CHARTS.iter().map(|chart| ChartValues {
        title: chart.title,
        unit: match chart.unit {
            Unit::Number => "number",
            Unit::Seconds => "seconds",
            Unit::Bytes => "bytes",
        },
        series: chart
            .series
            .iter()
            .map(|series| column(series.name))
            .collect(),
    });
    charts.collect()
}

/// The two largest parts: "3 d 4 h", "12 min 5 s".
fn uptime(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let (days, hours) = (seconds / 86_400, seconds / 3_600 % 24);
    let (minutes, seconds) = (seconds / 60 % 60, seconds % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes} min {seconds} s"),
        (0, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_since_the_start_has_two_parts() {
        for (seconds, text) in [
            (-1, "0 min 0 s"),
            (65, "1 min 5 s"),
            (3_600, "1 h 0 min"),
            (90_000, "1 d 1 h"),
        ] {
            assert_eq!(uptime(seconds), text);
        }
    }
}
