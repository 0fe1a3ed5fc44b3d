//! Whether a mailbox has to be proven.

/// Whether a new account has to prove its mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfirmationRule {
    /// Never asked for.
    Off,
    /// Asked for by mail; the account works without.
    Optional,
    /// No login before it; also hides which addresses have an account.
    Required,
}
