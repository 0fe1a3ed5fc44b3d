-- Which accounts have changed, so that a token check may keep accounts in memory and still never
-- use one that is out of date: it reads one row, the epoch, and only when that has moved, the
-- changes since. Triggers write both, so that no statement can forget to, not even one that an
-- operator types. All of it is in the transaction of the change itself.

CREATE TABLE account_epoch (
    -- Always 1: there is one row. Whoever changes an account holds its lock until the commit, so
    -- epochs become visible in their order.
    id    integer NOT NULL PRIMARY KEY CHECK (id = 1),
    -- Raised by one with every change.
    epoch bigint  NOT NULL,
    -- Random, new with every change: tells apart two histories with the same epoch, one of which
    -- was lost in a failover or replaced by a backup.
    stamp bigint  NOT NULL
-- Most of the page stays free, so that a change rewrites the row in its place (HOT).
) WITH (fillfactor = 10);

CREATE TABLE account_changes (
    -- The epoch that the change began.
    epoch   bigint NOT NULL,
    -- The stamp that went with it.
    stamp   bigint NOT NULL,
    -- The account that was changed or deleted; 0 for every account.
    user_id bigint NOT NULL,
    PRIMARY KEY (epoch, user_id)
);

INSERT INTO account_epoch (id, epoch, stamp) VALUES (1, 1, 0);
INSERT INTO account_changes (epoch, stamp, user_id) VALUES (1, 0, 0);

-- What a token check reads of an account. A new password hash alone is no change.
CREATE FUNCTION note_changed_accounts() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed  bigint[];
    reached  bigint;
    stamped  bigint;
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        changed := '{0}';
    ELSIF TG_OP = 'DELETE' THEN
        changed := ARRAY(SELECT id FROM old_rows LIMIT 101);
    ELSIF TG_OP = 'INSERT' THEN
        -- Nobody can have it in memory; but should a failover lose it, that has to show.
        changed := ARRAY(SELECT id FROM new_rows LIMIT 101);
    ELSE
        changed := ARRAY(
            SELECT o.id FROM old_rows AS o LEFT JOIN new_rows AS n ON n.id = o.id
            WHERE n.id IS NULL
                OR (o.email, o.email_key, o.token_version, o.confirmed_at, o.disabled_at)
                IS DISTINCT FROM
                (n.email, n.email_key, n.token_version, n.confirmed_at, n.disabled_at)
            LIMIT 101);
    END IF;
    IF cardinality(changed) = 0 THEN
        RETURN NULL;
    END IF;
    -- A statement that changes many is not worth a list.
    IF cardinality(changed) > 100 THEN
        changed := '{0}';
    END IF;
    -- Others wait from here to the commit, so nobody may fall asleep in between.
    PERFORM set_config('idle_in_transaction_session_timeout', '10s', true);
    UPDATE account_epoch SET epoch = epoch + 1, stamp = floor(random() * 9e15)::bigint
        WHERE id = 1 RETURNING epoch, stamp INTO STRICT reached, stamped;
    INSERT INTO account_changes (epoch, stamp, user_id) SELECT reached, stamped, unnest(changed);
    RETURN NULL;
END
$$;
-- Whoever may change an account may note it, and in the tables of this schema, whatever the search
-- path or the temporary tables of the session say.
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION %1$I.note_changed_accounts()
        SECURITY DEFINER SET search_path = %1$I, pg_temp', current_schema());
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %I.note_changed_accounts() FROM PUBLIC',
        current_schema());
END $$;

CREATE TRIGGER users_inserted AFTER INSERT ON users
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION note_changed_accounts();
CREATE TRIGGER users_updated AFTER UPDATE ON users
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION note_changed_accounts();
CREATE TRIGGER users_deleted AFTER DELETE ON users
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION note_changed_accounts();
CREATE TRIGGER users_truncated AFTER TRUNCATE ON users
    FOR EACH STATEMENT EXECUTE FUNCTION note_changed_accounts();
-- Also in sessions with session_replication_role = replica. What logical replication applies fires
-- no such triggers: it has to carry these tables as well.
ALTER TABLE users ENABLE ALWAYS TRIGGER users_inserted;
ALTER TABLE users ENABLE ALWAYS TRIGGER users_updated;
ALTER TABLE users ENABLE ALWAYS TRIGGER users_deleted;
ALTER TABLE users ENABLE ALWAYS TRIGGER users_truncated;
