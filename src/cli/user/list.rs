//! `doorward user list`

use clap::{Args, ValueEnum};
use serde_json::json;
use unicode_normalization::UnicodeNormalization as _;

use crate::cli::CliError;
use crate::cli::output::{Page, print_json, table, time};
use crate::store::{AccountFilter, AccountState, ListedAccount};
use crate::user_manager::UserManager;

#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    /// Only addresses with this in them, in any letter case
    part: Option<String>,
    /// Only accounts in this state
    #[arg(long)]
    state: Option<State>,
    /// How many at most
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=10_000))]
    limit: i64,
    /// Only accounts with a larger number: where the list before ended
    #[arg(long, value_name = "ID", default_value_t = 0)]
    after: i64,
    /// For programs
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum State {
    /// Neither locked nor disabled
    Active,
    /// Takes no password for a while
    Locked,
    /// Closed by an operator
    Disabled,
    /// The mailbox is not proven
    Unconfirmed,
}

impl From<State> for AccountState {
    fn from(state: State) -> Self {
        match state {
            State::Active => Self::Active,
            State::Locked => Self::Locked,
            State::Disabled => Self::Disabled,
            State::Unconfirmed => Self::Unconfirmed,
        }
    }
}

pub(super) async fn run(users: &UserManager, wanted: List) -> Result<(), CliError> {
    let part: String = wanted.part.unwrap_or_default().nfc().collect();
    let filter = AccountFilter {
        part: part.to_lowercase(),
        state: wanted.state.map(AccountState::from),
        after: wanted.after,
        limit: wanted.limit + 1,
    };
    let accounts = users.admin_list(&filter).await?;
    let page = Page::of(accounts, wanted.limit, |account| account.id);
    if wanted.json {
        return print_json(&json!({ "accounts": page.rows, "next": page.next }));
    }
    let rows = page.rows.iter().map(|account| {
        vec![
            account.id.to_string(),
            account.email.clone(),
            states(account),
            time(account.created_at),
        ]
    });
    page.print(&table(&["ID", "EMAIL", "STATE", "REGISTERED"], rows))
}

/// Everything that is not as it should be.
fn states(account: &ListedAccount) -> String {
    let states = [
        (account.disabled_at.is_some(), AccountState::Disabled),
        (account.locked_until.is_some(), AccountState::Locked),
        (account.confirmed_at.is_none(), AccountState::Unconfirmed),
    ];
    let words: Vec<&str> = states
        .iter()
        .filter_map(|(holds, state)| holds.then_some(state.as_str()))
        .collect();
    if words.is_empty() {
        AccountState::Active.as_str().to_owned()
    } else {
        words.join(", ")
    }
}
