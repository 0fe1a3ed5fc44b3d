//! What happens without a request: mails leave, and what is over is removed.

pub mod janitor;
pub mod outbox;
