//! The behaviour of the service, through HTTP, on both engines. `scripts/test` starts the
//! PostgreSQL that these tests need.

mod support;

mod access_token_use;
mod access_tokens;
mod database;
mod database_outage;
mod killed_migration;
mod process;
mod registration;
mod serializable;
mod token_claims;
mod token_version;
mod token_version_races;
