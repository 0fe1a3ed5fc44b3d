-- The audit trail: the same table and columns as the PostgreSQL migration of this version, which
-- explains them.

CREATE TABLE account_events (
    -- The event's number.
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    -- When it happened, by the clock of the instance.
    at         TEXT    NOT NULL,
    -- What happened, as domain/account_event.rs has the words: login, login_failed, locked, …
    kind       TEXT    NOT NULL,
    -- The account; no foreign key, for the event outlives it. NULL: the address has no account;
    -- such a row is shown to nobody and removed within minutes.
    user_id    INTEGER,
    -- 'owner' (the password or the mailbox was proven), 'operator' or 'anonymous'.
    actor      TEXT    NOT NULL,
    -- The network address of the client; NULL for an operator. Personal data.
    source_ip  TEXT,
    -- The request's id, as in the log; NULL for an operator.
    request_id TEXT
);
-- For the export and the janitor.
CREATE INDEX account_events_at ON account_events (at, id);
-- For one account, and for those of nobody.
CREATE INDEX account_events_user_id ON account_events (user_id, at, id);

CREATE TRIGGER account_events_changed BEFORE UPDATE ON account_events
BEGIN
    SELECT RAISE(ABORT, 'account_events can only be added to');
END;

-- INSERT OR REPLACE removes a row without a word to the trigger above.
CREATE TRIGGER account_events_replaced BEFORE INSERT ON account_events
WHEN EXISTS (SELECT 1 FROM account_events WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'account_events can only be added to');
END;
