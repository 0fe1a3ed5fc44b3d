//! The epoch: tells in one small row whether any account has changed, and which.
//!
//! Triggers keep both tables, see the migration that made them.

use super::users::MaybeAccount;
use super::{Conn, Engine, StoreError, execute, fetch};
use crate::domain::account::{Account, AccountId};

/// A moment in the history of all accounts. Two that are equal have the same accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Epoch {
    pub(super) number: i64,
    /// Random: a history that was lost in a failover had another one at this number.
    pub(super) stamp: i64,
}

/// What happened to the accounts since an epoch.
#[derive(Debug, PartialEq, Eq)]
pub enum Changes {
    /// These have changed or are gone; all others are as they were.
    Of(Vec<AccountId>),
    /// Too many, or nobody knows any more.
    Any,
}

/// Changes that are kept for those who have not seen them yet.
const KEPT: i64 = 1_000;

/// Changes that are read one by one; beyond it everything is read anew.
const MOST_READ: i64 = 2_000;

/// Stands for every account.
const EVERY_ACCOUNT: AccountId = 0;

const EPOCH: &str = "SELECT epoch, stamp FROM account_epoch WHERE id = 1";
/// The epoch and the accounts as of one moment; one row without an account when there is none.
const WITH_EPOCH_POSTGRES: &str = "SELECT e.epoch, e.stamp,
        u.id, u.email, u.email_key, u.token_version, u.confirmed_at, u.disabled_at
    FROM account_epoch AS e LEFT JOIN users AS u ON u.id = ANY($1) WHERE e.id = 1";
const WITH_EPOCH_SQLITE: &str = "SELECT e.epoch, e.stamp,
        u.id, u.email, u.email_key, u.token_version, u.confirmed_at, u.disabled_at
    FROM account_epoch AS e
    LEFT JOIN users AS u ON u.id IN (SELECT value FROM json_each($1)) WHERE e.id = 1";
/// From the epoch that is known on, so that it shows whether its stamp is still the same.
const SINCE: &str = "SELECT epoch, stamp, user_id FROM account_changes
    WHERE epoch >= $1 ORDER BY epoch LIMIT $2";
const FORGET: &str = "DELETE FROM account_changes WHERE epoch IN (
        SELECT epoch FROM account_changes
        WHERE epoch < (SELECT epoch FROM account_epoch WHERE id = 1) - $1
        ORDER BY epoch LIMIT $2)";

#[derive(sqlx::FromRow)]
struct Row {
    epoch: i64,
    pub(super) stamp: i64,
    #[sqlx(flatten)]
    account: MaybeAccount,
}

impl Conn<'_> {
    /// Where the history of the accounts is now.
    pub async fn epoch(&mut self) -> Result<Epoch, StoreError> {
        let (number, stamp) = fetch!(self, fetch_one, EPOCH)?;
        Ok(Epoch { number, stamp })
    }

    /// The accounts with these numbers, in any order, and the epoch that they belong to.
    pub async fn accounts(
        &mut self,
        ids: &[AccountId],
    ) -> Result<(Epoch, Vec<Account>), StoreError> {
        if ids.is_empty() {
            return Ok((self.epoch().await?, Vec::new()));
        }
        let named = self.named_statements;
        // In two texts: the engines have no common way to bind a list.
        let rows: Vec<Row> = match &mut self.engine {
            Engine::Postgres(c) => {
                let query = sqlx::query_as(WITH_EPOCH_POSTGRES).persistent(named);
                query.bind(ids).fetch_all(&mut **c).await?
            }
            Engine::Sqlite(c) => {
                let query = sqlx::query_as(WITH_EPOCH_SQLITE).bind(format!("{ids:?}"));
                query.fetch_all(&mut **c).await?
            }
        };
        let Some(Row { epoch, stamp, .. }) = rows.first() else {
            return Err(sqlx::Error::RowNotFound.into());
        };
        let epoch = Epoch {
            number: *epoch,
            stamp: *stamp,
        };
        let accounts = rows.into_iter().filter_map(|row| row.account.into());
        Ok((epoch, accounts.collect()))
    }

    /// What has changed since an epoch, and the epoch that is reached by it.
    pub async fn changes_since(&mut self, known: Epoch) -> Result<(Epoch, Changes), StoreError> {
        let rows: Vec<(i64, i64, AccountId)> =
            fetch!(self, fetch_all, SINCE, known.number, MOST_READ)?;
        if let Some((epoch, changed)) = follow(known, &rows) {
            return Ok((epoch, Changes::Of(changed)));
        }
        Ok((self.epoch().await?, Changes::Any))
    }

    /// Removes changes that everybody should have seen, some `limit` of them, since those of one
    /// epoch go together; how many there were.
    pub async fn forget_account_changes(&mut self, limit: i64) -> Result<u64, StoreError> {
        execute!(self, FORGET, KEPT, limit)
    }
}

/// Walks on from what is known; `None` when the way is broken or leads to every account.
fn follow(known: Epoch, rows: &[(i64, i64, AccountId)]) -> Option<(Epoch, Vec<AccountId>)> {
    let (&(number, stamp, _), rest) = rows.split_first()?;
    if (Epoch { number, stamp }) != known || i64::try_from(rows.len()) == Ok(MOST_READ) {
        return None;
    }
    let (mut reached, mut changed) = (known, Vec::new());
    for &(number, stamp, account) in rest {
        if number > reached.number + 1 || account == EVERY_ACCOUNT {
            return None;
        }
        // The known epoch may have changed several accounts; they were seen with it.
        if number > known.number {
            changed.push(account);
        }
        reached = Epoch { number, stamp };
    }
    // The epoch has moved, or nobody would ask: its change must be here.
    (reached != known).then_some((reached, changed))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: Epoch = Epoch {
        number: 5,
        stamp: 50,
    };

    /// The number of the epoch that is reached and the accounts.
    fn followed(rows: &[(i64, i64, AccountId)]) -> Option<(i64, Vec<AccountId>)> {
        follow(KNOWN, rows).map(|(epoch, changed)| {
            assert_eq!(epoch.stamp, 10 * epoch.number);
            (epoch.number, changed)
        })
    }

    #[test]
    fn a_whole_history_names_what_changed_after_the_known_epoch() {
        assert_eq!(followed(&[(5, 50, 1), (6, 60, 2)]), Some((6, vec![2])));
        let several = [(5, 50, 1), (5, 50, 9), (6, 60, 2), (6, 60, 3), (7, 70, 4)];
        assert_eq!(followed(&several), Some((7, vec![2, 3, 4])));
    }

    #[test]
    fn a_history_that_is_not_whole_names_nothing() {
        for rows in [
            &[][..],
            &[(5, 50, 1)],
            &[(5, 51, 1), (6, 60, 2)],
            &[(6, 60, 2)],
            &[(5, 50, 1), (7, 70, 2)],
            &[(5, 50, 1), (6, 60, EVERY_ACCOUNT)],
        ] {
            assert_eq!(followed(rows), None, "{rows:?}");
        }
    }

    #[test]
    fn a_history_that_may_go_on_is_not_followed() {
        let history = |last| -> Vec<_> { (5..=last).map(|n| (n, 10 * n, n)).collect() };
        let whole = followed(&history(3 + MOST_READ));
        assert_eq!(whole.map(|(number, _)| number), Some(3 + MOST_READ));
        assert_eq!(followed(&history(4 + MOST_READ)), None);
    }
}
