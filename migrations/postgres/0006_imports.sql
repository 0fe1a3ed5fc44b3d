-- Imports of accounts: how far each has come. It is committed with the accounts themselves, so
-- that an import that ended early goes on where it stopped, and makes no account twice.

CREATE TABLE imports (
    -- SHA-256 of the format and of how the source begins: what is read again is known by it.
    source       bytea       NOT NULL PRIMARY KEY,
    -- Everything before this place is done: in bytes, or in accounts of a Sails file.
    position     bigint      NOT NULL,
    -- SHA-256 of what lies before the position: shows whether it is still the same.
    digest       bytea       NOT NULL,
    -- The number of the last line before the position.
    line         bigint      NOT NULL,
    -- Accounts that were made.
    imported     bigint      NOT NULL,
    -- Lines that could not be used, and are in the report.
    refused      bigint      NOT NULL,
    -- Lines whose address had an account, where that was to be passed over.
    skipped      bigint      NOT NULL,
    -- The length of the report so far; what is behind it belongs to a batch that was not committed.
    report_bytes bigint      NOT NULL,
    -- When it began.
    started_at   timestamptz NOT NULL,
    -- When the end of the source was reached; NULL before that.
    finished_at  timestamptz
);
