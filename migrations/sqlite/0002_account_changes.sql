-- Which accounts have changed: the same tables and columns as the PostgreSQL migration of this
-- version, which explains them.

CREATE TABLE account_epoch (
    -- Always 1: there is one row.
    id    INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    -- Raised by one with every change.
    epoch INTEGER NOT NULL,
    -- Random, new with every change.
    stamp INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE account_changes (
    -- The epoch that the change began.
    epoch   INTEGER NOT NULL,
    -- The stamp that went with it.
    stamp   INTEGER NOT NULL,
    -- The account that was changed or deleted; 0 for every account.
    user_id INTEGER NOT NULL,
    PRIMARY KEY (epoch, user_id)
) WITHOUT ROWID;

INSERT INTO account_epoch (id, epoch, stamp) VALUES (1, 1, 0);
INSERT INTO account_changes (epoch, stamp, user_id) VALUES (1, 0, 0);

-- What a token check reads of an account. A new password hash alone is no change.
-- Without a list of columns: that would not notice a change of the rowid.
CREATE TRIGGER users_updated AFTER UPDATE ON users
WHEN (OLD.id, OLD.email, OLD.email_key, OLD.token_version, OLD.confirmed_at, OLD.disabled_at)
    IS NOT (NEW.id, NEW.email, NEW.email_key, NEW.token_version, NEW.confirmed_at, NEW.disabled_at)
BEGIN
    UPDATE account_epoch SET epoch = epoch + 1, stamp = random();
    INSERT INTO account_changes (epoch, stamp, user_id)
        SELECT epoch, stamp, OLD.id FROM account_epoch;
END;

-- Nobody can have it in memory; but should a backup lose it, that has to show.
CREATE TRIGGER users_inserted AFTER INSERT ON users
BEGIN
    UPDATE account_epoch SET epoch = epoch + 1, stamp = random();
    INSERT INTO account_changes (epoch, stamp, user_id)
        SELECT epoch, stamp, NEW.id FROM account_epoch;
END;

CREATE TRIGGER users_deleted AFTER DELETE ON users
BEGIN
    UPDATE account_epoch SET epoch = epoch + 1, stamp = random();
    INSERT INTO account_changes (epoch, stamp, user_id)
        SELECT epoch, stamp, OLD.id FROM account_epoch;
END;

-- INSERT OR REPLACE and UPDATE OR REPLACE remove rows without a word to the trigger above.
CREATE TRIGGER users_replaced BEFORE INSERT ON users
WHEN EXISTS (SELECT 1 FROM users WHERE id = NEW.id OR email_key = NEW.email_key)
BEGIN
    UPDATE account_epoch SET epoch = epoch + 1, stamp = random();
    INSERT INTO account_changes (epoch, stamp, user_id)
        SELECT e.epoch, e.stamp, u.id FROM account_epoch AS e
        JOIN users AS u ON u.id = NEW.id OR u.email_key = NEW.email_key;
END;

CREATE TRIGGER users_overwritten BEFORE UPDATE ON users
WHEN EXISTS (SELECT 1 FROM users
    WHERE (id = NEW.id OR email_key = NEW.email_key) AND id <> OLD.id)
BEGIN
    UPDATE account_epoch SET epoch = epoch + 1, stamp = random();
    INSERT INTO account_changes (epoch, stamp, user_id)
        SELECT e.epoch, e.stamp, u.id FROM account_epoch AS e
        JOIN users AS u ON (u.id = NEW.id OR u.email_key = NEW.email_key) AND u.id <> OLD.id;
END;
