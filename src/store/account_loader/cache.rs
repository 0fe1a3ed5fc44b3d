//! The memory of the account loader: accounts as of one epoch, bounded.

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::account::{Account, AccountId};
use crate::store::account_changes::{Changes, Epoch};

/// Accounts as they are at one epoch.
///
/// Two generations bound it: when the young one has grown to half of the capacity it becomes the
/// old one, and what nobody asked for since the time before is dropped. An account takes about
/// 300 bytes.
#[derive(Debug)]
pub struct Cache {
    epoch: Option<Epoch>,
    young: HashMap<AccountId, Arc<Account>>,
    old: HashMap<AccountId, Arc<Account>>,
    /// Of one generation.
    capacity: usize,
}

impl Cache {
    /// Empty, for at most `capacity` accounts.
    pub fn new(capacity: usize) -> Self {
        Self {
            epoch: None,
            young: HashMap::new(),
            old: HashMap::new(),
            capacity: capacity / 2,
        }
    }

    /// Empty again, with the same capacity.
    pub fn renewed(&self) -> Self {
        Self::new(2 * self.capacity)
    }

    /// The epoch that everything in here belongs to; `None` before the beginning.
    pub fn epoch(&self) -> Option<Epoch> {
        self.epoch
    }

    /// Begins empty at an epoch.
    pub fn begin(&mut self, epoch: Epoch) -> Epoch {
        self.move_on(epoch, &Changes::Any)
    }

    /// Goes on to a later epoch, without what has changed on the way.
    pub fn move_on(&mut self, epoch: Epoch, changes: &Changes) -> Epoch {
        match changes {
            Changes::Any => {
                self.young.clear();
                self.old.clear();
            }
            Changes::Of(accounts) => {
                for id in accounts {
                    self.young.remove(id);
                    self.old.remove(id);
                }
            }
        }
        self.epoch = Some(epoch);
        epoch
    }

    /// Takes in an account that was read in one snapshot with `epoch`. One of another epoch is
    /// left out: what changed between the two is not known here.
    pub fn remember(&mut self, epoch: Epoch, account: &Arc<Account>) {
        if self.epoch == Some(epoch) {
            self.insert(account.id, Arc::clone(account));
        }
    }

    /// The account at this cache's epoch.
    pub fn get(&mut self, id: AccountId) -> Option<Arc<Account>> {
        if let Some(account) = self.young.get(&id) {
            return Some(Arc::clone(account));
        }
        let account = self.old.remove(&id)?;
        self.insert(id, Arc::clone(&account));
        Some(account)
    }

    fn insert(&mut self, id: AccountId, account: Arc<Account>) {
        if self.capacity == 0 {
            return;
        }
        if self.young.len() >= self.capacity {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(id, account);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(id: AccountId) -> Arc<Account> {
        Arc::new(Account {
            id,
            email: String::new(),
            email_key: String::new(),
            token_version: 1,
            confirmed_at: None,
            disabled_at: None,
        })
    }

    fn epoch(number: i64) -> Epoch {
        Epoch { number, stamp: 0 }
    }

    #[test]
    fn it_never_holds_more_than_its_capacity_and_keeps_what_is_asked_for() {
        let mut cache = Cache::new(100);
        cache.begin(epoch(1));
        cache.remember(epoch(1), &account(0));
        for id in 1..10_000 {
            cache.remember(epoch(1), &account(id));
            assert!(cache.get(0).is_some(), "lost at {id}");
            assert!(cache.young.len() + cache.old.len() <= 100);
        }
        assert!(cache.get(1).is_none());
    }

    #[test]
    fn renewed_it_is_empty_and_as_large() {
        let mut cache = Cache::new(100);
        cache.begin(epoch(1));
        cache.remember(epoch(1), &account(1));
        let mut renewed = cache.renewed();
        assert_eq!((renewed.epoch(), renewed.capacity), (None, 50));
        assert!(renewed.get(1).is_none());
        assert_eq!(cache.epoch(), Some(epoch(1)));
    }

    #[test]
    fn an_account_of_another_epoch_is_not_taken_in() {
        let mut cache = Cache::new(100);
        cache.remember(epoch(1), &account(1));
        cache.begin(epoch(2));
        for other in [
            epoch(1),
            epoch(3),
            Epoch {
                number: 2,
                stamp: 1,
            },
        ] {
            cache.remember(other, &account(1));
        }
        assert!(cache.get(1).is_none());
    }

    #[test]
    fn what_changed_is_thrown_out_of_both_generations() {
        let mut cache = Cache::new(4);
        cache.begin(epoch(1));
        (1..=4).for_each(|id| cache.remember(epoch(1), &account(id)));
        cache.move_on(epoch(2), &Changes::Of(vec![1, 3]));
        let left = (1..=4).filter(|id| cache.get(*id).is_some());
        assert_eq!(left.collect::<Vec<_>>(), [2, 4]);
        cache.move_on(epoch(3), &Changes::Any);
        assert!((1..=4).all(|id| cache.get(id).is_none()));
    }
}
