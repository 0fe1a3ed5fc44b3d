-- Accounts, lockout, one-time tokens, and the mail outbox: the same tables and columns as the
-- PostgreSQL migration of this version. Times are RFC 3339 in UTC, which sort as text.

CREATE TABLE users (
    -- The account's number; never used again after a deletion.
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The address as it was typed at registration; mail goes here.
    email         TEXT    NOT NULL,
    -- The canonical address: NFC, lower case, IDNA domain. One account for each.
    email_key     TEXT    NOT NULL UNIQUE,
    -- Argon2id as a PHC string.
    password_hash TEXT    NOT NULL,
    -- Tokens with another version are dead.
    token_version INTEGER NOT NULL DEFAULT 1,
    -- The account's role; nothing a client sends changes it.
    role          TEXT    NOT NULL DEFAULT 'user',
    -- When the mailbox was proven; NULL before that.
    confirmed_at  TEXT,
    -- When an operator closed the account; NULL while it is open.
    disabled_at   TEXT,
    -- When the account was registered.
    created_at    TEXT    NOT NULL
);

CREATE TABLE login_failures (
    -- The canonical address that was tried, whether or not it has an account.
    email_key       TEXT    NOT NULL PRIMARY KEY,
    -- Wrong passwords in the current count.
    failures        INTEGER NOT NULL,
    -- When the last of them was.
    last_failure_at TEXT    NOT NULL,
    -- When the lock ends; NULL when the count has not locked.
    locked_until    TEXT
);
-- For the janitor.
CREATE INDEX login_failures_last_failure_at ON login_failures (last_failure_at);

CREATE TABLE one_time_tokens (
    -- SHA-256 of the token; the token itself is in one mail and nowhere else.
    digest     BLOB    NOT NULL PRIMARY KEY,
    -- Whose it is.
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- 'reset' or 'confirm'; one is never taken for the other.
    purpose    TEXT    NOT NULL,
    -- Not valid from this moment on.
    expires_at TEXT    NOT NULL
);
CREATE INDEX one_time_tokens_user_id ON one_time_tokens (user_id);
CREATE INDEX one_time_tokens_expires_at ON one_time_tokens (expires_at);

CREATE TABLE outbox (
    -- The mail's number.
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    -- Which mail: welcome, confirm, reset, password_changed, account_locked, already_registered.
    kind         TEXT    NOT NULL,
    -- The canonical address; the account behind it is looked up while sending, so that a
    -- request does the same work whether or not there is one.
    email_key    TEXT    NOT NULL,
    -- How often a worker has taken it.
    attempts     INTEGER NOT NULL DEFAULT 0,
    -- Not before this moment.
    due_at       TEXT    NOT NULL,
    -- A worker has it until then; NULL when nobody has.
    leased_until TEXT,
    -- When the mail was handed over; NULL before that.
    sent_at      TEXT,
    -- When the worker gave up; NULL before that.
    failed_at    TEXT,
    -- Why the last attempt failed, in the mail server's words.
    last_error   TEXT,
    -- When the mail was asked for.
    created_at   TEXT    NOT NULL
);
-- For the worker: what is still to be done.
CREATE INDEX outbox_open ON outbox (due_at) WHERE sent_at IS NULL AND failed_at IS NULL;
-- For the operator and the janitor.
CREATE INDEX outbox_email_key ON outbox (email_key);

CREATE TABLE mail_quota (
    -- The canonical address that mails were asked for.
    email_key         TEXT    NOT NULL,
    -- Which mail.
    kind              TEXT    NOT NULL,
    -- Mails in the current window.
    mails             INTEGER NOT NULL,
    -- When the window began.
    window_started_at TEXT    NOT NULL,
    PRIMARY KEY (email_key, kind)
);
CREATE INDEX mail_quota_window_started_at ON mail_quota (window_started_at);
