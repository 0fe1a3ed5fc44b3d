//! What the tests stand on.

pub mod answer;
pub mod app;
pub mod bare;
pub mod binary;
pub mod canaries;
pub mod client;
#[cfg(feature = "otlp")]
pub mod collector;
pub mod database;
pub mod device;
pub mod dump;
pub mod endpoints;
pub mod figures;
pub mod forge;
pub mod forms;
pub mod mailbox;
pub mod own_postgres;
pub mod pgbouncer;
pub mod process;
pub mod race;
pub mod settings;
pub mod smtp;
pub mod wait;

use doorward::security::password_hash::HashParams;

pub use answer::Answer;
pub use app::TestApp;
pub use client::{Client, User};
pub use database::Engine::{self, Postgres, Sqlite};
pub use database::TestDatabase;
pub use dump::Dump;
pub use forge::Forge;
pub use mailbox::Mail;
pub use race::race;
pub use settings::load_config;
pub use wait::eventually;

/// A password that meets the classic policy.
pub const PASSWORD: &str = "abc123";

/// As `links.base_url`: the mails lead to the pages of the app that sends them.
pub const ITSELF: &str = "http://itself.example";

/// Cheap parameters: these tests are about what happens around a hash.
pub const CHEAP: HashParams = HashParams {
    memory_kib: 64,
    iterations: 1,
};
