-- The language of an account's mails. No part of what a token check reads, so a change of it is no
-- change of the account.

-- The name of the language (BCP 47, lower case) that was preferred at registration, of those that
-- there were; NULL for the default one.
ALTER TABLE users ADD COLUMN language text;
