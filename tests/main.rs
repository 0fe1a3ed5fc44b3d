//! The behaviour of the service, through HTTP, on both engines. `scripts/test` starts the
//! PostgreSQL that these tests need.

mod support;

mod access_token_use;
mod access_tokens;
mod bearer;
mod canonical_email;
mod contract;
mod contract_words;
mod database;
mod database_outage;
mod enumeration;
mod field_types;
mod hostile_input;
mod hostile_values;
mod hostile_wire;
mod http_layers;
mod killed_migration;
mod lockout;
mod lockout_model;
mod lockout_races;
mod login;
mod openapi;
mod panics;
mod passwords;
mod process;
mod registration;
mod rehash;
mod security_headers;
mod serializable;
mod token_claims;
mod token_version;
mod token_version_races;
