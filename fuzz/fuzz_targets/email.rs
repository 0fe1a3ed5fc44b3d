//! `fuzz/src/email.rs` says what is asserted.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| doorward_fuzz::email::check(data));
