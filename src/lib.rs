//! doorward: a small, strict account service.
//!
//! Dependencies point one way, and siblings do not know each other:
//!
//! ```text
//! app ──┬── http ── user_manager ──┬── store ─────┬── domain
//!       ├── workers ───────────────┼── security ──┤
//!       └── operators              └── mail ──────┘
//! ```
//!
//! `app` alone knows everyone. `domain` does no I/O. `transfer` moves accounts in and out, and
//! stands beside `user_manager`. `config`, `clock` and `telemetry` stand
//! beside them, `metrics` too, and `cli` in front.

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod http;
pub mod mail;
pub mod metrics;
pub mod operators;
pub mod security;
pub mod store;
pub mod telemetry;
pub mod transfer;
pub mod user_manager;
pub mod workers;
