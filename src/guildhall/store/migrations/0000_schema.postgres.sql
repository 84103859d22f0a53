-- What a database says of itself. It comes before the first migration and in a transaction of its own: its
-- one row is the lock under which one of several programs migrates, an engine's own locks being no matter.
CREATE TABLE IF NOT EXISTS schema_info (
    one_row BIGINT NOT NULL,
    version BIGINT NOT NULL,
    compatibility BIGINT NOT NULL,
    unicode_version TEXT COLLATE "C" NOT NULL,
    scrubs BIGINT NOT NULL,
    CONSTRAINT schema_info_key PRIMARY KEY (one_row),
    CONSTRAINT schema_info_one CHECK (one_row = 1)
);
INSERT INTO schema_info (one_row, version, compatibility, unicode_version, scrubs)
VALUES (1, 0, 0, '', 0) ON CONFLICT DO NOTHING;
