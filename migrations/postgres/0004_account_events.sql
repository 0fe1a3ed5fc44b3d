-- The audit trail: what happened to which account, when, by whom, and where from. A row is written
-- in the transaction of what it tells of. Rows are added, and removed when audit.retention is over,
-- and never changed.

CREATE TABLE account_events (
    -- The event's number.
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- When it happened, by the clock of the instance.
    at         timestamptz NOT NULL,
    -- What happened, as domain/account_event.rs has the words: login, login_failed, locked, …
    kind       text        NOT NULL,
    -- The account; no foreign key, for the event outlives it, and numbers are never used again.
    -- The address is not here, so after a deletion nothing leads from a row to a person but the
    -- number. NULL: the address has no account. Such a row is written only so that the time
    -- does not tell, is shown to nobody, and is removed within minutes.
    user_id    bigint,
    -- 'owner' (the password or the mailbox was proven), 'operator' or 'anonymous'.
    actor      text        NOT NULL,
    -- The network address of the client; NULL for an operator. Personal data.
    source_ip  text,
    -- The request's id, as in the log; NULL for an operator.
    request_id text
);
-- For the export and the janitor.
CREATE INDEX account_events_at ON account_events (at, id);
-- For one account, and for those of nobody.
CREATE INDEX account_events_user_id ON account_events (user_id, at, id);

CREATE FUNCTION refuse_changed_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'account_events can only be added to';
END
$$;

CREATE TRIGGER account_events_changed BEFORE UPDATE OR TRUNCATE ON account_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_changed_events();
-- Also in sessions with session_replication_role = replica.
ALTER TABLE account_events ENABLE ALWAYS TRIGGER account_events_changed;
