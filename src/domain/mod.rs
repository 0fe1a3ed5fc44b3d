//! What the service is about, without any I/O: addresses, passwords, lockout, accounts.

pub mod account;
pub mod account_event;
pub mod confirmation;
pub mod device;
pub mod email;
pub mod language;
pub mod lockout;
pub mod mail_kind;
pub mod one_time_token;
pub mod password;
pub mod rate;
