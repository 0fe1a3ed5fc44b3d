-- For the janitor, which would read every mail that is kept otherwise. (The index on the address,
-- outbox_email_key, is not for it.)
CREATE INDEX outbox_finished ON outbox (created_at)
    WHERE sent_at IS NOT NULL OR failed_at IS NOT NULL;
