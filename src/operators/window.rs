//! What happened between two looks at the counters.

use prometheus::proto::{Bucket, Metric, MetricFamily};

use super::process::float;

/// The counters at two moments.
#[derive(Debug)]
pub(super) struct Window<'f> {
    pub(super) before: &'f [MetricFamily],
    pub(super) now: &'f [MetricFamily],
    /// Between the two; more than 0.
    pub(super) seconds: f64,
}

/// A label and how its value has to begin.
pub(super) type Wanted<'w> = &'w [(&'w str, &'w str)];

impl Window<'_> {
    /// How fast a counter grew, in a second.
    pub(super) fn rate(&self, name: &str, wanted: Wanted<'_>) -> Option<f64> {
        let now = sum(self.now, name, wanted)?;
        let before = sum(self.before, name, wanted).unwrap_or_default();
        Some((now - before).max(0.0) / self.seconds)
    }

    /// A gauge as it is now.
    pub(super) fn gauge(&self, name: &str, wanted: Wanted<'_>) -> Option<f64> {
        sum(self.now, name, wanted)
    }

    /// The time within which this share of what happened was done, estimated as Prometheus'
    /// `histogram_quantile` does; `None` when nothing happened.
    pub(super) fn quantile(&self, share: f64, name: &str, wanted: Wanted<'_>) -> Option<f64> {
        let (bounds, now, all_now) = buckets(self.now, name, wanted)?;
        let (_, before, all_before) = buckets(self.before, name, wanted).unwrap_or_default();
        let all = all_now.saturating_sub(all_before);
        if all == 0 {
            return None;
        }
        let rank = share * float(all);
        let (mut lower, mut below) = (0.0, 0.0);
        for (place, bound) in bounds.iter().enumerate() {
            let [now, before] = [&now, &before].map(|of| of.get(place).copied().unwrap_or(0));
            let upto = float(now.saturating_sub(before));
            if upto >= rank && upto > below {
                return Some(lower + (bound - lower) * (rank - below) / (upto - below));
            }
            (lower, below) = (*bound, upto);
        }
        // More than the histogram can tell.
        bounds.last().copied()
    }
}

fn series<'f>(
    families: &'f [MetricFamily],
    name: &str,
    wanted: Wanted<'_>,
) -> impl Iterator<Item = &'f Metric> {
    let family = families.iter().find(|family| family.name() == name);
    let series = family.map_or(&[][..], MetricFamily::get_metric);
    series.iter().filter(move |metric| {
        wanted.iter().all(|(label, begin)| {
            let mut labels = metric.get_label().iter();
            labels.any(|pair| pair.name() == *label && pair.value().starts_with(begin))
        })
    })
}

/// `None` when there is no such series.
fn sum(families: &[MetricFamily], name: &str, wanted: Wanted<'_>) -> Option<f64> {
    let value = |metric: &Metric| metric.get_counter().get_value() + metric.get_gauge().get_value();
    let values = series(families, name, wanted).map(value);
    values.reduce(|sum, value| sum + value)
}

/// Upper bounds, how many are at or below each, and how many there are in all.
type Buckets = (Vec<f64>, Vec<u64>, u64);

fn buckets(families: &[MetricFamily], name: &str, wanted: Wanted<'_>) -> Option<Buckets> {
    let histograms = series(families, name, wanted).map(Metric::get_histogram);
    histograms.fold(None, |sum: Option<Buckets>, histogram| {
        let buckets = histogram.get_bucket().iter();
        let (mut bounds, mut counts, mut all) = sum.unwrap_or_default();
        if bounds.is_empty() {
            bounds = buckets.clone().map(Bucket::upper_bound).collect();
            counts = vec![0; bounds.len()];
        }
        for (count, bucket) in counts.iter_mut().zip(buckets) {
            *count += bucket.cumulative_count();
        }
        all += histogram.get_sample_count();
        Some((bounds, counts, all))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Metrics;
    use axum::http::Method;
    use std::time::Duration;

    const SECONDS: &str = "doorward_http_request_duration_seconds";
    const REQUESTS: &str = "doorward_http_requests_total";

    fn answer(metrics: &Metrics, route: &str, status: u16, millis: u64, times: u64) {
        for _ in 0..times {
            let took = Duration::from_millis(millis);
            metrics.http.answered(&Method::GET, route, status, took);
        }
    }

    #[test]
    fn rates_and_quantiles_are_those_of_the_window_alone() {
        let metrics = Metrics::new();
        answer(&metrics, "/user", 200, 9_000, 1_000);
        let before = metrics.gather();
        answer(&metrics, "/user", 200, 2, 90);
        answer(&metrics, "/user", 503, 200, 10);
        answer(&metrics, "/health/live", 200, 4_000, 500);
        let now = metrics.gather();
        let window = Window {
            before: &before,
            now: &now,
            seconds: 10.0,
        };
        let user: Wanted = &[("route", "/user")];
        assert_eq!(window.rate(REQUESTS, user), Some(10.0));
        let failed = [("route", "/user"), ("status", "5")];
        assert_eq!(window.rate(REQUESTS, &failed), Some(1.0));
        assert_eq!(window.rate(REQUESTS, &[("route", "/none")]), None);
        let quantile = |share| window.quantile(share, SECONDS, user).expect("some");
        // 2 ms is in the bucket from 1 to 2.5 ms, 200 ms in the one from 100 to 250.
        assert!(
            (0.001..=0.0025).contains(&quantile(0.5)),
            "{}",
            quantile(0.5)
        );
        assert!((0.1..=0.25).contains(&quantile(0.99)), "{}", quantile(0.99));
        let still = Window {
            before: &now,
            ..window
        };
        assert_eq!(still.rate(REQUESTS, user), Some(0.0));
        assert_eq!(still.quantile(0.5, SECONDS, user), None);
    }

    #[test]
    fn what_is_beyond_the_last_bucket_counts_as_its_bound() {
        let metrics = Metrics::new();
        let before = metrics.gather();
        answer(&metrics, "/user", 200, 60_000, 3);
        let window = Window {
            before: &before,
            now: &metrics.gather(),
            seconds: 1.0,
        };
        assert_eq!(window.quantile(0.5, SECONDS, &[]), Some(10.0));
    }
}
