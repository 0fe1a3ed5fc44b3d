//! The operators' listener, and what Prometheus reads there.

use std::collections::BTreeMap;

use doorward::app;
use doorward::http::server;
use doorward::metrics::Metrics;
use doorward::operators;
use reqwest::{Client, Response};
use tokio::net::TcpListener;

use super::TestApp;

/// The listener of one instance.
pub struct Figures {
    pub url: String,
    http: Client,
}

/// One answer of `/metrics`.
pub struct Scrape {
    pub text: String,
    series: Vec<Series>,
}

#[derive(Debug)]
pub struct Series {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub value: String,
}

impl TestApp {
    /// Opens the operators' listener.
    pub async fn figures(&self) -> Figures {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(server::serve(
            listener,
            operators::router(self.operators.clone()),
            app::connection_limits(&self.config),
            Metrics::new().connections.operators,
            self.stop.clone(),
        ));
        Figures::at(url)
    }
}

impl Figures {
    pub fn at(url: String) -> Self {
        Self {
            url,
            http: Client::new(),
        }
    }

    pub async fn get(&self, path: &str) -> Response {
        let request = self.http.get(format!("{}{path}", self.url));
        request.send().await.expect("an answer")
    }

    pub async fn scrape(&self) -> Scrape {
        let answer = self.get("/metrics").await;
        assert_eq!(answer.status(), 200);
        let kind = answer.headers()["content-type"].to_str().expect("ASCII");
        assert_eq!(kind, "text/plain; version=0.0.4; charset=utf-8");
        let text = answer.text().await.expect("text");
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let series = lines.map(Series::parse).collect();
        Scrape { text, series }
    }
}

impl Scrape {
    /// The one series of this name with these labels: `of("doorward_mails", "state=failed")`.
    #[track_caller]
    pub fn of(&self, name: &str, labels: &str) -> i64 {
        let found = self.find(name, labels);
        found.unwrap_or_else(|| panic!("no {name}{{{labels}}} in {}", self.text))
    }

    #[track_caller]
    pub fn find(&self, name: &str, labels: &str) -> Option<i64> {
        let value = self.value(name, labels)?;
        Some(value.parse().expect("a whole number"))
    }

    /// The same of what is no whole number.
    #[track_caller]
    pub fn float(&self, name: &str, labels: &str) -> f64 {
        let value = self.value(name, labels).expect(name);
        value.parse().expect("a number")
    }

    #[track_caller]
    fn value(&self, name: &str, labels: &str) -> Option<&str> {
        let pairs = labels.split(' ').filter(|pair| !pair.is_empty());
        let wanted: Vec<(&str, &str)> = pairs
            .map(|pair| pair.split_once('=').expect("a pair"))
            .collect();
        let fits = |series: &&Series| {
            let mut wanted = wanted.iter();
            series.name == name && wanted.all(|(name, value)| series.labels[*name] == *value)
        };
        let mut found = self.series.iter().filter(fits);
        let value = found.next().map(|series| series.value.as_str());
        assert!(found.next().is_none(), "{name} {labels} is ambiguous");
        value
    }

    pub fn series(&self) -> &[Series] {
        &self.series
    }
}

impl Series {
    /// `name{label="value",…} value`; our values have no blanks, commas or escapes but in routes.
    fn parse(line: &str) -> Self {
        let (series, value) = line.rsplit_once(' ').expect("a value");
        let (name, labels) = match series.split_once('{') {
            Some((name, labels)) => (name, labels.strip_suffix('}').expect("the end of labels")),
            None => (series, ""),
        };
        let mut pairs = BTreeMap::new();
        let mut rest = labels;
        while let Some((label, quoted)) = rest.split_once("=\"") {
            let (value, more) = quoted.split_once('"').expect("the end of a value");
            assert!(!value.contains('\\'), "{line}");
            let before = pairs.insert(label.to_owned(), value.to_owned());
            assert!(before.is_none(), "twice a label: {line}");
            rest = more.trim_start_matches(',');
        }
        Self {
            name: name.to_owned(),
            labels: pairs,
            value: value.to_owned(),
        }
    }
}
