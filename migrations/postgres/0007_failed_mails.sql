-- For the operator: how many mails failed for good, without reading those that were sent.
CREATE INDEX outbox_failed ON outbox (failed_at) WHERE failed_at IS NOT NULL;
