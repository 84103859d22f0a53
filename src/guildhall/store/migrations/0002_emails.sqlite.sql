-- E-mail addresses are identifiers (contract 8, ADR 22): email_key is no longer their fold but what makes two
-- addresses the same, email_domain is its part behind the @, and email_fold is what searches compare. The
-- program makes email_key and email_domain again in the same transaction (store/sqlite/migrate.py).

DROP TRIGGER users_inserted;
DROP TRIGGER users_renamed;

ALTER TABLE users ADD COLUMN email_fold TEXT NOT NULL DEFAULT '';
UPDATE users SET email_fold = email_key;

CREATE TRIGGER users_inserted AFTER INSERT ON users BEGIN
    INSERT INTO user_trigrams (rowid, name)
    VALUES (new.user_key, new.name_key || char(3, 3) || new.email_fold || char(3, 3));
END;
CREATE TRIGGER users_renamed AFTER UPDATE OF name_key, email_fold ON users
WHEN old.name_key <> new.name_key OR old.email_fold <> new.email_fold BEGIN
    DELETE FROM user_trigrams WHERE rowid = old.user_key;
    INSERT INTO user_trigrams (rowid, name)
    VALUES (new.user_key, new.name_key || char(3, 3) || new.email_fold || char(3, 3));
END;

UPDATE schema_info SET compatibility = 2;
