-- Accounts, lockout, one-time tokens, and the mail outbox.

CREATE TABLE users (
    -- The account's number; never used again after a deletion.
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The address as it was typed at registration; mail goes here.
    email         text        NOT NULL,
    -- The canonical address: NFC, lower case, IDNA domain. One account for each.
    email_key     text        NOT NULL UNIQUE,
    -- Argon2id as a PHC string.
    password_hash text        NOT NULL,
    -- Tokens with another version are dead.
    token_version bigint      NOT NULL DEFAULT 1,
    -- The account's role; nothing a client sends changes it.
    role          text        NOT NULL DEFAULT 'user',
    -- When the mailbox was proven; NULL before that.
    confirmed_at  timestamptz,
    -- When an operator closed the account; NULL while it is open.
    disabled_at   timestamptz,
    -- When the account was registered.
    created_at    timestamptz NOT NULL
);

CREATE TABLE login_failures (
    -- The canonical address that was tried, whether or not it has an account.
    email_key       text        NOT NULL PRIMARY KEY,
    -- Wrong passwords in the current count.
    failures        integer     NOT NULL,
    -- When the last of them was.
    last_failure_at timestamptz NOT NULL,
    -- When the lock ends; NULL when the count has not locked.
    locked_until    timestamptz
);
-- For the janitor.
CREATE INDEX login_failures_last_failure_at ON login_failures (last_failure_at);

CREATE TABLE one_time_tokens (
    -- SHA-256 of the token; the token itself is in one mail and nowhere else.
    digest     bytea       NOT NULL PRIMARY KEY,
    -- Whose it is.
    user_id    bigint      NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- 'reset' or 'confirm'; one is never taken for the other.
    purpose    text        NOT NULL,
    -- Not valid from this moment on.
    expires_at timestamptz NOT NULL
);
CREATE INDEX one_time_tokens_user_id ON one_time_tokens (user_id);
CREATE INDEX one_time_tokens_expires_at ON one_time_tokens (expires_at);

CREATE TABLE outbox (
    -- The mail's number.
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- Which mail: welcome, confirm, reset, password_changed, account_locked, already_registered.
    kind         text        NOT NULL,
    -- The canonical address; the account behind it is looked up while sending, so that a
    -- request does the same work whether or not there is one.
    email_key    text        NOT NULL,
    -- How often a worker has taken it.
    attempts     integer     NOT NULL DEFAULT 0,
    -- Not before this moment.
    due_at       timestamptz NOT NULL,
    -- A worker has it until then; NULL when nobody has.
    leased_until timestamptz,
    -- When the mail was handed over; NULL before that.
    sent_at      timestamptz,
    -- When the worker gave up; NULL before that.
    failed_at    timestamptz,
    -- Why the last attempt failed, in the mail server's words.
    last_error   text,
    -- When the mail was asked for.
    created_at   timestamptz NOT NULL
);
-- For the worker: what is still to be done.
CREATE INDEX outbox_open ON outbox (due_at) WHERE sent_at IS NULL AND failed_at IS NULL;
-- For the operator and the janitor.
CREATE INDEX outbox_email_key ON outbox (email_key);

CREATE TABLE mail_quota (
    -- The canonical address that mails were asked for.
    email_key         text        NOT NULL,
    -- Which mail.
    kind              text        NOT NULL,
    -- Mails in the current window.
    mails             integer     NOT NULL,
    -- When the window began.
    window_started_at timestamptz NOT NULL,
    PRIMARY KEY (email_key, kind)
);
CREATE INDEX mail_quota_window_started_at ON mail_quota (window_started_at);
