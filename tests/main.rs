//! The behaviour of the service, through HTTP, on both engines. `scripts/test` starts the
//! PostgreSQL that these tests need.

mod support;

mod command_line;
mod command_line_create;
mod command_line_effects;
mod configuration;
mod configuration_sources;
mod mail;
mod mail_limits;
mod one_time_token_effects;
mod one_time_tokens;
mod outbox;
mod registration;
mod secrets;
mod smtp;
mod smtp_addresses;
mod smtp_outages;
mod weak_settings;
