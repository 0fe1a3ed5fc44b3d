//! The behaviour of the service, through HTTP, on both engines. `scripts/test` starts the
//! PostgreSQL that these tests need.

mod support;

mod lockout;
mod lockout_model;
mod lockout_races;
mod login;
mod passwords;
mod registration;
mod rehash;
