//! What each fuzz target asserts. The targets call these with whatever libFuzzer makes up, and
//! `tests/fuzz_corpus.rs` with every file of the corpus and with random bytes.

pub mod config;
pub mod email;
pub mod forwarded;
pub mod json_body;
pub mod jwt;
mod pairs;
pub mod phc;
