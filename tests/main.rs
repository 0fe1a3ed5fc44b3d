//! The behaviour of the service, through HTTP, on both engines. `scripts/test` starts the
//! PostgreSQL that these tests need.

mod support;

mod bearer;
mod canonical_email;
mod contract;
mod contract_words;
mod enumeration;
mod field_types;
mod hostile_input;
mod hostile_values;
mod hostile_wire;
mod http_layers;
mod lockout;
mod lockout_model;
mod lockout_races;
mod login;
mod openapi;
mod panics;
mod passwords;
mod registration;
mod rehash;
mod security_headers;
