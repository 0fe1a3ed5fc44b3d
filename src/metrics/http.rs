//! Requests, by method, route and status. Every answer of the service passes here, so what is
//! counted is found by comparing a few pointers' worth of text, without a hash or a lock.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::http::Method;
use prometheus::{
    Histogram, HistogramVec, IntCounter, IntCounterVec, Registry, Result,
    register_histogram_vec_with_registry as histograms,
    register_int_counter_vec_with_registry as counters,
};

/// More routes than there are; those that find no place are looked up the slow way.
const ROUTES: usize = 64;
/// The same for statuses of one route and method.
const STATUSES: usize = 16;
/// What a client can invent must not become a label.
const METHODS: [&str; 5] = ["GET", "POST", "HEAD", "OPTIONS", "_OTHER"];

/// Of all requests that reached the router.
#[derive(Debug, Clone)]
pub struct HttpMetrics(Arc<Known>);

#[derive(Debug)]
struct Known {
    requests: IntCounterVec,
    seconds: HistogramVec,
    routes: Places<Route, ROUTES>,
}

#[derive(Debug)]
struct Route {
    name: Box<str>,
    methods: [OnceLock<Endpoint>; METHODS.len()],
}

#[derive(Debug)]
struct Endpoint {
    seconds: Histogram,
    answers: Places<(u16, IntCounter), STATUSES>,
}

impl HttpMetrics {
    pub(super) fn register(registry: &Registry) -> Result<Self> {
        let requests = counters!(
            "doorward_http_requests_total",
            "Requests that were answered, by method, route and status.",
            &["method", "route", "status"],
            registry
        )?;
        let seconds = histograms!(
            "doorward_http_request_duration_seconds",
            "From a request's headers to its answer, by method and route.",
            &["method", "route"],
            super::SECONDS.to_vec(),
            registry
        )?;
        Ok(Self(Arc::new(Known {
            requests,
            seconds,
            routes: Places::default(),
        })))
    }

    /// Counts an answer. The route is the pattern that matched, never a path.
    pub fn answered(&self, method: &Method, route: &str, status: u16, took: Duration) {
        let Known {
            requests,
            seconds,
            routes,
        } = &*self.0;
        let number = method_number(method);
        let method = METHODS.get(number).copied().unwrap_or_default();
        let slowly = || requests.with_label_values(&[method, route, status_text(status).as_str()]);
        let found = routes.find(|known| *known.name == *route, || Route::new(route));
        let endpoint = found.and_then(|found| found.methods.get(number));
        let Some(endpoint) = endpoint else {
            slowly().inc();
            let seconds = seconds.with_label_values(&[method, route]);
            return seconds.observe(took.as_secs_f64());
        };
        let endpoint = endpoint.get_or_init(|| Endpoint {
            seconds: seconds.with_label_values(&[method, route]),
            answers: Places::default(),
        });
        endpoint.seconds.observe(took.as_secs_f64());
        let known = endpoint
            .answers
            .find(|(known, _)| *known == status, || (status, slowly()));
        match known {
            Some((_, counter)) => counter.inc(),
            None => slowly().inc(),
        }
    }
}

impl Route {
    fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            methods: Default::default(),
        }
    }
}

fn method_number(method: &Method) -> usize {
    match *method {
        Method::GET => 0,
        Method::POST => 1,
        Method::HEAD => 2,
        Method::OPTIONS => 3,
        _ => 4,
    }
}

fn status_text(status: u16) -> String {
    status.to_string()
}

/// A list that only grows, up to a size, and is read without a lock.
#[derive(Debug)]
struct Places<T, const N: usize>(Box<[OnceLock<T>]>);

impl<T, const N: usize> Default for Places<T, N> {
    fn default() -> Self {
        Self(std::iter::repeat_with(OnceLock::new).take(N).collect())
    }
}

impl<T, const N: usize> Places<T, N> {
    /// The one that fits, or a new one; `None` when there is no place.
    fn find(&self, fits: impl Fn(&T) -> bool, make: impl Fn() -> T) -> Option<&T> {
        // Whoever comes second to a free place may find another one there.
        let mut taken = self.0.iter().map(|place| place.get_or_init(&make));
        taken.find(|taken| fits(taken))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus::proto::LabelPair;
    use std::thread;

    fn counted(registry: &Registry, name: &str) -> Vec<(String, String)> {
        let families = registry.gather();
        let family = families.iter().find(|family| family.name() == name);
        let series = family.expect("counted").get_metric().iter();
        let labels = |metric: &prometheus::proto::Metric| {
            let labels = metric.get_label().iter();
            labels.map(LabelPair::value).collect::<Vec<_>>().join(" ")
        };
        series
            .map(|metric| {
                let count = metric.get_counter().get_value().to_string();
                (labels(metric), count)
            })
            .collect()
    }

    #[test]
    fn each_answer_is_counted_once_also_when_there_is_no_place_left() {
        let registry = Registry::new();
        let http = HttpMetrics::register(&registry).expect("registered");
        let took = Duration::from_millis(1);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for number in 0..2 * ROUTES {
                        http.answered(&Method::GET, &format!("/{number}"), 200, took);
                    }
                    for status in 400..440 {
                        http.answered(&Method::POST, "/0", status, took);
                    }
                });
            }
        });
        let counted = counted(&registry, "doorward_http_requests_total");
        assert_eq!(counted.len(), 2 * ROUTES + 40);
        assert!(counted.iter().all(|(_, count)| count == "4"), "{counted:?}");
    }

    #[test]
    fn a_method_that_a_client_invents_is_no_label() {
        let registry = Registry::new();
        let http = HttpMetrics::register(&registry).expect("registered");
        for method in [&b"CANARY"[..], b"get", b"DELETE"] {
            let method = Method::from_bytes(method).expect("a method");
            http.answered(&method, "/user", 405, Duration::ZERO);
        }
        let counted = counted(&registry, "doorward_http_requests_total");
        assert_eq!(counted, [("_OTHER /user 405".to_owned(), "3".to_owned())]);
    }
}
