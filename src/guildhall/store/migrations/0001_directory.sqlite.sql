-- Organizations and everything in them. Every table starts with org_key, so that a distributed
-- PostgreSQL can place an organization on one shard (design 2.1). Keys are never reused.

CREATE TABLE schema_info (
    one_row INTEGER NOT NULL,
    version INTEGER NOT NULL,
    compatibility INTEGER NOT NULL,
    unicode_version TEXT NOT NULL,
    scrubs INTEGER NOT NULL,
    CONSTRAINT schema_info_key PRIMARY KEY (one_row),
    CONSTRAINT schema_info_one CHECK (one_row = 1)
) STRICT, WITHOUT ROWID;

-- event_offset is used on PostgreSQL only.
CREATE TABLE orgs (
    org_key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    secret BLOB NOT NULL,
    created_at TEXT NOT NULL,
    event_offset INTEGER NOT NULL DEFAULT 0,
    CONSTRAINT orgs_id UNIQUE (id)
) STRICT;

-- rank is 0 for the default directory and 1 for the others, which makes it the first in the list.
CREATE TABLE directories (
    org_key INTEGER NOT NULL,
    directory_key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    icon TEXT,
    rank INTEGER NOT NULL,
    CONSTRAINT directories_key UNIQUE (org_key, directory_key),
    CONSTRAINT directories_id UNIQUE (org_key, id),
    CONSTRAINT directories_listing UNIQUE (org_key, rank, name_key, id),
    CONSTRAINT directories_org FOREIGN KEY (org_key) REFERENCES orgs (org_key)
) STRICT;
CREATE UNIQUE INDEX directories_default ON directories (org_key) WHERE rank = 0;

-- profile holds, as JSON, the fields that nothing filters or sorts by. nickname_key is the fold of its
-- nickname, or of the name where there is none.
CREATE TABLE users (
    org_key INTEGER NOT NULL,
    user_key INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    nickname_key TEXT NOT NULL,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    email_domain TEXT NOT NULL,
    claim_status INTEGER NOT NULL,
    mfa_enabled INTEGER NOT NULL,
    closed INTEGER NOT NULL,
    profile TEXT NOT NULL,
    CONSTRAINT users_key UNIQUE (org_key, user_key),
    CONSTRAINT users_account_id UNIQUE (org_key, account_id),
    CONSTRAINT users_email UNIQUE (org_key, email_key),
    CONSTRAINT users_org FOREIGN KEY (org_key) REFERENCES orgs (org_key)
) STRICT;
CREATE INDEX users_name ON users (org_key, name_key, account_id);
CREATE INDEX users_nickname ON users (org_key, nickname_key, account_id);
CREATE INDEX users_email_domain ON users (org_key, email_domain, user_key);
CREATE INDEX users_claim_status ON users (org_key, claim_status, user_key);
CREATE INDEX users_mfa_enabled ON users (org_key, mfa_enabled, user_key);
CREATE INDEX users_closed ON users (org_key, user_key) WHERE closed = 1;

-- A user's membership of a directory. account_id stands here again because directories are listed by it.
CREATE TABLE directory_users (
    org_key INTEGER NOT NULL,
    user_key INTEGER NOT NULL,
    directory_key INTEGER NOT NULL,
    account_id TEXT NOT NULL,
    status INTEGER NOT NULL,
    management_source INTEGER NOT NULL,
    added_at INTEGER NOT NULL,
    CONSTRAINT directory_users_key PRIMARY KEY (org_key, user_key, directory_key),
    CONSTRAINT directory_users_user FOREIGN KEY (org_key, user_key) REFERENCES users (org_key, user_key),
    CONSTRAINT directory_users_directory FOREIGN KEY (org_key, directory_key)
        REFERENCES directories (org_key, directory_key)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX directory_users_listing ON directory_users (org_key, directory_key, account_id);
CREATE INDEX directory_users_status ON directory_users (org_key, status, directory_key, user_key);

CREATE TABLE groups (
    org_key INTEGER NOT NULL,
    group_key INTEGER PRIMARY KEY AUTOINCREMENT,
    directory_key INTEGER NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    description TEXT,
    type INTEGER NOT NULL,
    managed_by INTEGER NOT NULL,
    synced INTEGER NOT NULL,
    is_default INTEGER NOT NULL,
    grants_admin INTEGER NOT NULL,
    CONSTRAINT groups_key UNIQUE (org_key, group_key),
    CONSTRAINT groups_id UNIQUE (org_key, id),
    CONSTRAINT groups_name UNIQUE (org_key, directory_key, name_key),
    CONSTRAINT groups_directory FOREIGN KEY (org_key, directory_key)
        REFERENCES directories (org_key, directory_key)
) STRICT;
CREATE INDEX groups_by_name ON groups (org_key, name_key, id);

CREATE TABLE group_counts (
    org_key INTEGER NOT NULL,
    group_key INTEGER NOT NULL,
    users INTEGER NOT NULL,
    resources INTEGER NOT NULL,
    CONSTRAINT group_counts_key PRIMARY KEY (org_key, group_key),
    CONSTRAINT group_counts_group FOREIGN KEY (org_key, group_key) REFERENCES groups (org_key, group_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE memberships (
    org_key INTEGER NOT NULL,
    group_key INTEGER NOT NULL,
    user_key INTEGER NOT NULL,
    added_at INTEGER NOT NULL,
    CONSTRAINT memberships_key PRIMARY KEY (org_key, group_key, user_key),
    CONSTRAINT memberships_group FOREIGN KEY (org_key, group_key) REFERENCES groups (org_key, group_key),
    CONSTRAINT memberships_user FOREIGN KEY (org_key, user_key) REFERENCES users (org_key, user_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX memberships_by_user ON memberships (org_key, user_key, group_key);

CREATE TABLE resources (
    org_key INTEGER NOT NULL,
    resource_key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    type TEXT NOT NULL,
    status TEXT NOT NULL,
    host_url TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    CONSTRAINT resources_key UNIQUE (org_key, resource_key),
    CONSTRAINT resources_id UNIQUE (org_key, id),
    CONSTRAINT resources_name UNIQUE (org_key, name_key, id),
    CONSTRAINT resources_org FOREIGN KEY (org_key) REFERENCES orgs (org_key)
) STRICT;
CREATE INDEX resources_owner ON resources (org_key, owner, id);

-- Seats in use of a resource and how many there may be; null means no limit.
CREATE TABLE resource_seats (
    org_key INTEGER NOT NULL,
    resource_key INTEGER NOT NULL,
    user_limit INTEGER,
    seats_used INTEGER NOT NULL,
    CONSTRAINT resource_seats_key PRIMARY KEY (org_key, resource_key),
    CONSTRAINT resource_seats_resource FOREIGN KEY (org_key, resource_key)
        REFERENCES resources (org_key, resource_key)
) STRICT, WITHOUT ROWID;

-- owners: the resource owners that the role fits, separated by blanks; null means every product.
CREATE TABLE roles (
    org_key INTEGER NOT NULL,
    role_key INTEGER NOT NULL,
    id TEXT NOT NULL,
    display_name TEXT NOT NULL,
    uses_seat INTEGER NOT NULL,
    for_groups INTEGER NOT NULL,
    owners TEXT,
    CONSTRAINT roles_key PRIMARY KEY (org_key, role_key),
    CONSTRAINT roles_id UNIQUE (org_key, id),
    CONSTRAINT roles_org FOREIGN KEY (org_key) REFERENCES orgs (org_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE role_assignments (
    org_key INTEGER NOT NULL,
    group_key INTEGER NOT NULL,
    resource_key INTEGER NOT NULL,
    role_key INTEGER NOT NULL,
    CONSTRAINT role_assignments_key PRIMARY KEY (org_key, group_key, resource_key, role_key),
    CONSTRAINT role_assignments_group FOREIGN KEY (org_key, group_key) REFERENCES groups (org_key, group_key),
    CONSTRAINT role_assignments_resource FOREIGN KEY (org_key, resource_key)
        REFERENCES resources (org_key, resource_key),
    CONSTRAINT role_assignments_role FOREIGN KEY (org_key, role_key) REFERENCES roles (org_key, role_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX role_assignments_by_resource ON role_assignments (org_key, resource_key, role_key, group_key);
CREATE INDEX role_assignments_by_role ON role_assignments (org_key, role_key, group_key);

-- The default access group of a resource for a role, and the one default role a group has on it.
CREATE TABLE default_groups (
    org_key INTEGER NOT NULL,
    resource_key INTEGER NOT NULL,
    role_key INTEGER NOT NULL,
    group_key INTEGER NOT NULL,
    CONSTRAINT default_groups_key PRIMARY KEY (org_key, resource_key, role_key),
    CONSTRAINT default_groups_group UNIQUE (org_key, group_key, resource_key),
    CONSTRAINT default_groups_assignment FOREIGN KEY (org_key, group_key, resource_key, role_key)
        REFERENCES role_assignments (org_key, group_key, resource_key, role_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE user_roles (
    org_key INTEGER NOT NULL,
    user_key INTEGER NOT NULL,
    resource_key INTEGER NOT NULL,
    role_key INTEGER NOT NULL,
    CONSTRAINT user_roles_key PRIMARY KEY (org_key, user_key, resource_key, role_key),
    CONSTRAINT user_roles_user FOREIGN KEY (org_key, user_key) REFERENCES users (org_key, user_key),
    CONSTRAINT user_roles_resource FOREIGN KEY (org_key, resource_key)
        REFERENCES resources (org_key, resource_key),
    CONSTRAINT user_roles_role FOREIGN KEY (org_key, role_key) REFERENCES roles (org_key, role_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX user_roles_by_resource ON user_roles (org_key, resource_key, role_key, user_key);
CREATE INDEX user_roles_by_role ON user_roles (org_key, role_key, user_key);

-- A row is a seat in use; holds counts what keeps it: groups in whose directory the user is active
-- and that give a seat-using role on the resource, and one for direct roles of an active user.
CREATE TABLE seats (
    org_key INTEGER NOT NULL,
    resource_key INTEGER NOT NULL,
    user_key INTEGER NOT NULL,
    holds INTEGER NOT NULL,
    CONSTRAINT seats_key PRIMARY KEY (org_key, resource_key, user_key)
) STRICT, WITHOUT ROWID;

-- Who holds a role on anything, whatever the status; holds counts the groups that give it, and one
-- for direct roles. role_totals counts these users for each directory that they are in, and each once
-- under the directory key 0, which no directory has.
CREATE TABLE role_holders (
    org_key INTEGER NOT NULL,
    role_key INTEGER NOT NULL,
    user_key INTEGER NOT NULL,
    holds INTEGER NOT NULL,
    CONSTRAINT role_holders_key PRIMARY KEY (org_key, role_key, user_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE role_totals (
    org_key INTEGER NOT NULL,
    directory_key INTEGER NOT NULL,
    role_key INTEGER NOT NULL,
    users INTEGER NOT NULL,
    CONSTRAINT role_totals_key PRIMARY KEY (org_key, directory_key, role_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE group_totals (
    org_key INTEGER NOT NULL,
    directory_key INTEGER NOT NULL,
    type INTEGER NOT NULL,
    managed_by INTEGER NOT NULL,
    synced INTEGER NOT NULL,
    groups INTEGER NOT NULL,
    CONSTRAINT group_totals_key PRIMARY KEY (org_key, directory_key, type, managed_by, synced)
) STRICT, WITHOUT ROWID;

-- By all that has few values, so that any of these filters together are counted by a few rows.
CREATE TABLE user_totals (
    org_key INTEGER NOT NULL,
    directory_key INTEGER NOT NULL,
    status INTEGER NOT NULL,
    closed INTEGER NOT NULL,
    claim_status INTEGER NOT NULL,
    mfa_enabled INTEGER NOT NULL,
    users INTEGER NOT NULL,
    CONSTRAINT user_totals_key
        PRIMARY KEY (org_key, directory_key, status, closed, claim_status, mfa_enabled)
) STRICT, WITHOUT ROWID;

CREATE TABLE api_keys (
    org_key INTEGER NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    hash BLOB NOT NULL,
    scopes TEXT,
    rate_limit INTEGER,
    created_at TEXT NOT NULL,
    expires_at INTEGER,
    last_used_at INTEGER,
    CONSTRAINT api_keys_key PRIMARY KEY (org_key, id),
    CONSTRAINT api_keys_hash UNIQUE (org_key, hash),
    CONSTRAINT api_keys_org FOREIGN KEY (org_key) REFERENCES orgs (org_key)
) STRICT, WITHOUT ROWID;

-- One clustered key and no further index: the order of events is that of their keys (design 2.2).
CREATE TABLE events (
    org_key INTEGER NOT NULL,
    event_key INTEGER NOT NULL,
    time INTEGER NOT NULL,
    action TEXT NOT NULL,
    actor_id TEXT,
    actor_name TEXT NOT NULL,
    ip TEXT,
    product TEXT,
    message TEXT NOT NULL,
    context TEXT NOT NULL,
    CONSTRAINT events_key PRIMARY KEY (org_key, event_key)
) STRICT, WITHOUT ROWID;

-- Substring search: trigrams of the folded names (contract 2.2), kept by triggers. The rowid is the
-- group's or user's key. Two control characters behind a name, which no name can hold, make every
-- position of it the start of a trigram, so that terms of one or two characters are prefixes.
CREATE VIRTUAL TABLE group_trigrams USING fts5 (
    name, content = '', contentless_delete = 1, detail = none, tokenize = 'trigram case_sensitive 1'
);
CREATE VIRTUAL TABLE user_trigrams USING fts5 (
    name, content = '', contentless_delete = 1, detail = none, tokenize = 'trigram case_sensitive 1'
);
CREATE VIRTUAL TABLE group_terms USING fts5vocab (group_trigrams, row);
CREATE VIRTUAL TABLE user_terms USING fts5vocab (user_trigrams, row);
CREATE VIRTUAL TABLE group_postings USING fts5vocab (group_trigrams, instance);
CREATE VIRTUAL TABLE user_postings USING fts5vocab (user_trigrams, instance);

CREATE TRIGGER groups_inserted AFTER INSERT ON groups BEGIN
    INSERT INTO group_trigrams (rowid, name) VALUES (new.group_key, new.name_key || char(3, 3));
END;
CREATE TRIGGER groups_renamed AFTER UPDATE OF name_key ON groups WHEN old.name_key <> new.name_key BEGIN
    DELETE FROM group_trigrams WHERE rowid = old.group_key;
    INSERT INTO group_trigrams (rowid, name) VALUES (new.group_key, new.name_key || char(3, 3));
END;
CREATE TRIGGER groups_deleted AFTER DELETE ON groups BEGIN
    DELETE FROM group_trigrams WHERE rowid = old.group_key;
END;
CREATE TRIGGER users_inserted AFTER INSERT ON users BEGIN
    INSERT INTO user_trigrams (rowid, name)
    VALUES (new.user_key, new.name_key || char(3, 3) || new.email_key || char(3, 3));
END;
CREATE TRIGGER users_renamed AFTER UPDATE OF name_key, email_key ON users
WHEN old.name_key <> new.name_key OR old.email_key <> new.email_key BEGIN
    DELETE FROM user_trigrams WHERE rowid = old.user_key;
    INSERT INTO user_trigrams (rowid, name)
    VALUES (new.user_key, new.name_key || char(3, 3) || new.email_key || char(3, 3));
END;
CREATE TRIGGER users_deleted AFTER DELETE ON users BEGIN
    DELETE FROM user_trigrams WHERE rowid = old.user_key;
END;
