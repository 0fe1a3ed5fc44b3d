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
            Changes::Of(changed) => {
                for id in changed {
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
