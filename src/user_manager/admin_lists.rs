//! What an operator can look at: accounts, mails, events.

use super::admin::{AdminError, Which};
use super::{Failure, UserManager};
use crate::domain::account::AccountId;
use crate::store::{
    AccountDetails, AccountEvent, AccountFilter, EventRange, ListedAccount, ListedMail,
    LoginFailures, MailState, MailSummary, OpenToken, read, transaction,
};

/// How many of the last mails and events are in a report.
const LAST: i64 = 10;

/// Rows in one statement, so that memory stays flat however many there are.
const BATCH: i64 = 500;

/// Everything an operator wants to know of an account.
#[derive(Debug)]
pub struct AccountReport {
    pub details: AccountDetails,
    /// The count of wrong passwords and the lock, if there is one.
    pub failures: Option<LoginFailures>,
    /// One-time tokens that could still be used; what they are for, never the tokens.
    pub open_tokens: Vec<OpenToken>,
    pub mails: MailSummary,
    /// The last mails, the newest first.
    pub last_mails: Vec<ListedMail>,
    /// The last events, the newest first.
    pub last_events: Vec<AccountEvent>,
}

impl UserManager {
    /// Everything about an account.
    pub async fn admin_report(&self, which: &Which) -> Result<AccountReport, AdminError> {
        let (account, key) = self.find(which).await?;
        let now = self.now();
        let report = read!(self.0.store, conn => {
            let failures = conn.login_failures(&key).await?;
            let open_tokens = conn.open_tokens(account.id, now).await?;
            let mails = conn.mail_summary(key.as_str()).await?;
            let last_mails = conn.last_mails(key.as_str(), LAST).await?;
            let last_events = conn.last_events(account.id, LAST).await?;
            let details = conn.account_details(account.clone()).await?;
            Ok(details.map(|details| AccountReport {
                details, failures, open_tokens, mails, last_mails, last_events,
            }))
        })?;
        report.ok_or(AdminError::NotFound)
    }

    /// Accounts in the order of their numbers.
    pub async fn admin_list(&self, filter: &AccountFilter) -> Result<Vec<ListedAccount>, Failure> {
        let now = self.now();
        Ok(read!(self.0.store, conn => conn.list_accounts(filter, now).await)?)
    }

    /// Mails in the order of their numbers.
    pub async fn admin_mails(
        &self,
        state: Option<MailState>,
        after: i64,
        limit: i64,
    ) -> Result<Vec<ListedMail>, Failure> {
        Ok(read!(self.0.store, conn => conn.list_mails(state, after, limit).await)?)
    }

    /// Has a mail tried again from the beginning, by whichever instance sees it first.
    pub async fn admin_retry_mail(&self, id: i64) -> Result<(), AdminError> {
        let now = self.now();
        let found = transaction!(self.0.store, conn => conn.try_mail_again(id, now).await)?;
        if found {
            Ok(())
        } else {
            Err(AdminError::NoSuchMail)
        }
    }

    /// The same for every mail that was given up; how many there were.
    pub async fn admin_retry_failed_mails(&self) -> Result<u64, Failure> {
        let now = self.now();
        let mut all = 0;
        loop {
            let batch =
                transaction!(self.0.store, conn => conn.try_failed_mails_again(now, BATCH).await)?;
            all += batch;
            if batch < BATCH.unsigned_abs() {
                return Ok(all);
            }
        }
    }

    /// The number behind an address; a number is taken as it is, for events outlive accounts.
    pub async fn admin_number(&self, which: &Which) -> Result<AccountId, AdminError> {
        match which {
            Which::Id(id) => Ok(*id),
            Which::Email(_) => Ok(self.find(which).await?.0.id),
        }
    }

    /// Some events of a range, the oldest first, after the last one of the page before; none
    /// at its end.
    pub async fn admin_events(
        &self,
        range: &EventRange,
        after: Option<&AccountEvent>,
    ) -> Result<Vec<AccountEvent>, Failure> {
        Ok(read!(self.0.store, conn => conn.events(range, after, BATCH).await)?)
    }
}
