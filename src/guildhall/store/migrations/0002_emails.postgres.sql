-- E-mail addresses are identifiers (contract 8, ADR 22): email_key is no longer their fold but what makes two
-- addresses the same, email_domain is its part behind the @, and email_fold is what searches compare. The
-- program makes email_key and email_domain again in the same transaction (store/postgres/upgrade.py).

DROP INDEX users_search;
ALTER TABLE users DROP CONSTRAINT users_account_id;

ALTER TABLE users ADD COLUMN email_fold TEXT COLLATE "C" NOT NULL DEFAULT '';
UPDATE users SET email_fold = email_key;

-- Searches walk it, and read nothing else.
ALTER TABLE users ADD CONSTRAINT users_account_id
    UNIQUE (org_key, account_id) INCLUDE (user_key, name_key, email_fold);
CREATE INDEX users_search ON users USING gin ((grams(org_key, name_key) || grams(org_key, email_fold)));

UPDATE schema_info SET compatibility = 2;
