//! What meets the bytes of strangers first, for the fuzz targets in `fuzz/`, which can call only
//! what is public; no part of the API.

pub use super::client::address as client_address;
pub use super::json::{Text, parse as parse_body};
