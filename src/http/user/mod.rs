//! The `/user` endpoints, a file each.

pub mod change_password;
pub mod confirm;
pub mod create;
pub mod forgot;
pub mod login;
pub mod me;
pub mod reset_password;
mod response;

pub use change_password::*;
pub use confirm::*;
pub use create::*;
pub use forgot::*;
pub use login::*;
pub use me::*;
pub use reset_password::*;
