//! `fuzz/src/jwt.rs` says what is asserted.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| doorward_fuzz::jwt::check(data));
