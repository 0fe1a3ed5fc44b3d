//! A login storm: clients that each log in, wait for the answer, and log in again. On one thread
//! and without an HTTP library, so that it takes little from what it measures.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::json;
use tokio::task::LocalSet;
use tokio::time::{Instant, sleep, timeout_at};

use self::connection::{Connection, Response};
use crate::summary::Summary;

mod connection;

/// Before a client that was cut off connects again.
const RECONNECT: Duration = Duration::from_millis(50);

#[derive(Debug, clap::Args)]
pub struct Options {
    /// The port on 127.0.0.1
    #[arg(long)]
    port: u16,
    /// Clients, each with a connection that it keeps
    #[arg(long)]
    connections: usize,
    /// How long to count
    #[arg(long)]
    seconds: f64,
    /// How long to go on before counting starts
    #[arg(long, default_value_t = 1.0)]
    warm_up: f64,
    /// A file with an address on each line; clients take them in turn
    #[arg(long)]
    accounts: PathBuf,
    /// Everybody's password
    #[arg(long)]
    password: String,
    /// What a client does that was told 503
    #[arg(long, value_enum)]
    on_refusal: OnRefusal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum OnRefusal {
    /// Asks again at once
    AtOnce,
    /// Waits as long as Retry-After says
    RetryAfter,
}

/// What all clients share.
struct Storm {
    address: SocketAddr,
    on_refusal: OnRefusal,
    requests: Vec<Vec<u8>>,
    next: Cell<usize>,
    counting_from: Instant,
    end: Instant,
    answers: RefCell<Summary>,
    /// Answers for each `code` of a problem.
    codes: RefCell<BTreeMap<String, u64>>,
    /// Refusals that did not say when to come again.
    without_retry_after: Cell<u64>,
    connection_errors: Cell<u64>,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the runtime cannot be started")?;
    let seconds = options.seconds;
    let (connections, storm) = (options.connections, Rc::new(storm(options)?));
    let clients = LocalSet::new();
    for _ in 0..connections {
        clients.spawn_local(client(Rc::clone(&storm)));
    }
    runtime.block_on(clients);
    let answers = storm.answers.take();
    let goodput = f64::from(u32::try_from(answers.count(200))?) / seconds;
    let report = json!({
        "goodput": goodput,
        "connection_errors": storm.connection_errors.get(),
        "without_retry_after": storm.without_retry_after.get(),
        "statuses": answers.into_json(),
        "codes": storm.codes.take(),
    });
    #[expect(clippy::print_stdout, reason = "the harness reads it")]
    {
        println!("{report}");
    }
    Ok(())
}

fn storm(options: &Options) -> anyhow::Result<Storm> {
    let accounts = std::fs::read_to_string(&options.accounts).context("the accounts file")?;
    let requests: Vec<Vec<u8>> = accounts
        .lines()
        .map(|email| request(email, &options.password))
        .collect();
    ensure!(!requests.is_empty(), "the accounts file is empty");
    let counting_from = Instant::now() + Duration::from_secs_f64(options.warm_up);
    Ok(Storm {
        address: SocketAddr::from((Ipv4Addr::LOCALHOST, options.port)),
        on_refusal: options.on_refusal,
        requests,
        next: Cell::new(0),
        counting_from,
        end: counting_from + Duration::from_secs_f64(options.seconds),
        answers: RefCell::default(),
        codes: RefCell::default(),
        without_retry_after: Cell::new(0),
        connection_errors: Cell::new(0),
    })
}

fn request(email: &str, password: &str) -> Vec<u8> {
    let body = json!({ "email": email, "password": password }).to_string();
    let length = body.len();
    format!(
        "POST /user/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// One client, until the end.
async fn client(storm: Rc<Storm>) {
    let mut connection = Connection::new(storm.address);
    while Instant::now() < storm.end {
        let asked = Instant::now();
        let response = timeout_at(storm.end, connection.ask(storm.next_request())).await;
        let pause = match response {
            // It was under way at the end; the next one was not asked.
            Err(_) => return,
            Ok(Ok(response)) => {
                let pause = storm.pause(&response);
                storm.count(response, asked);
                pause
            }
            Ok(Err(_)) => {
                storm.connection_errors.update(|errors| errors + 1);
                connection = Connection::new(storm.address);
                RECONNECT
            }
        };
        if !pause.is_zero() {
            // Who stays away does not keep a connection, which the server would close anyway.
            connection = Connection::new(storm.address);
            sleep(pause.min(storm.end.duration_since(Instant::now()))).await;
        }
    }
}

impl Storm {
    fn next_request(&self) -> &[u8] {
        let number = self.next.get();
        self.next.set((number + 1) % self.requests.len());
        self.requests.get(number).map_or(&[], Vec::as_slice)
    }

    fn count(&self, response: Response, asked: Instant) {
        if Instant::now() < self.counting_from {
            return;
        }
        if response.status == 503 && response.retry_after.is_none() {
            self.without_retry_after.update(|count| count + 1);
        }
        self.answers
            .borrow_mut()
            .add(response.status, asked.elapsed());
        if let Some(code) = response.code {
            *self.codes.borrow_mut().entry(code).or_default() += 1;
        }
    }

    /// How long the client waits before it asks again.
    fn pause(&self, response: &Response) -> Duration {
        if response.status == 503 && self.on_refusal == OnRefusal::RetryAfter {
            return response.retry_after.unwrap_or_default();
        }
        Duration::ZERO
    }
}
