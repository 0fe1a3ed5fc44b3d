-- Wrong passwords from devices that showed a token for the address: they do not count against
-- the address, and too many of them end the device's being known.

CREATE TABLE device_failures (
    -- The device's number, from its token; the token itself is stored nowhere.
    device_id  BLOB    NOT NULL PRIMARY KEY,
    -- Wrong passwords since the last right one.
    failures   INTEGER NOT NULL,
    -- When the last token of the device has expired; the row is of no use from then on.
    expires_at TEXT    NOT NULL
);
-- For the janitor.
CREATE INDEX device_failures_expires_at ON device_failures (expires_at);
