-- Imports of accounts: the same table and columns as the PostgreSQL migration of this version.

CREATE TABLE imports (
    -- SHA-256 of the format and of how the source begins: what is read again is known by it.
    source       BLOB    NOT NULL PRIMARY KEY,
    -- Everything before this place is done: in bytes, or in accounts of a Sails file.
    position     INTEGER NOT NULL,
    -- SHA-256 of what lies before the position: shows whether it is still the same.
    digest       BLOB    NOT NULL,
    -- The number of the last line before the position.
    line         INTEGER NOT NULL,
    -- Accounts that were made.
    imported     INTEGER NOT NULL,
    -- Lines that could not be used, and are in the report.
    refused      INTEGER NOT NULL,
    -- Lines whose address had an account, where that was to be passed over.
    skipped      INTEGER NOT NULL,
    -- The length of the report so far; what is behind it belongs to a batch that was not committed.
    report_bytes INTEGER NOT NULL,
    -- When it began.
    started_at   TEXT    NOT NULL,
    -- When the end of the source was reached; NULL before that.
    finished_at  TEXT
);
