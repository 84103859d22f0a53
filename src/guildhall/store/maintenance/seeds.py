"""What only seed files need of the store: many rows at once, and times as they were elsewhere."""

from collections.abc import Mapping
from typing import Any

import msgspec

from guildhall.model.groups import Group
from guildhall.model.resources import Resource
from guildhall.model.users import DirectoryUser, User
from guildhall.store.groups import GROUP_COLUMNS, GROUP_PARTS
from guildhall.store.resources import RESOURCE_COLUMNS, RESOURCE_PARTS
from guildhall.store.statement import Statement, register
from guildhall.store.users import USER_COLUMNS


class UserKey(msgspec.Struct, frozen=True):
    """An account's id and its key."""

    account_id: str
    user_key: int


class DirectRoleOfUser(msgspec.Struct, frozen=True):
    """A role that one of several users holds directly."""

    user_key: int
    resource_key: int
    resource_id: str
    role_key: int
    role_id: str
    uses_seat: int


class SeatsUsed(msgspec.Struct, frozen=True):
    """The seats in use of a resource."""

    resource_key: int
    seats_used: int


REFRESH: Mapping[str, Statement[Any]] = {
    "users": Statement("SELECT 1", postgres="ANALYZE users, directory_users"),
    "groups": Statement("SELECT 1", postgres="ANALYZE groups, group_counts"),
    "memberships": Statement("SELECT 1", postgres="ANALYZE memberships"),
    "grants": Statement("SELECT 1", postgres="ANALYZE role_assignments, seats, role_holders"),
}
"""PostgreSQL plans by what it knows of tables, which is nothing of those that were just filled: even
foreign keys would be looked up in all rows, by a plan that was good for one."""

UPDATE_ORG = register(
    "UPDATE orgs SET name = :name, created_at = :created_at WHERE org_key = :org_key AND id = :org_id"
)

UPDATE_ROLE = register(
    """
    UPDATE roles SET display_name = :display_name, uses_seat = :uses_seat, for_groups = :for_groups,
                     owners = :owners
    WHERE org_key = :org_key AND role_key = :role_key
    """
)

SELECT_ROLE_IS_USED = register(
    """
    SELECT 1 FROM roles AS r
    WHERE r.org_key = :org_key AND r.role_key = :role_key
      AND (EXISTS (SELECT 1 FROM role_assignments AS a
                   WHERE a.org_key = :org_key AND a.role_key = :role_key)
           OR EXISTS (SELECT 1 FROM user_roles AS u
                      WHERE u.org_key = :org_key AND u.role_key = :role_key))
    """
)

SELECT_OWNER_OF_ROLE = register(
    """
    SELECT r.owner FROM resources AS r
    WHERE r.org_key = :org_key AND NOT (r.owner IN (:owners...))
      AND (EXISTS (SELECT 1 FROM role_assignments AS a
                   WHERE a.org_key = :org_key AND a.resource_key = r.resource_key AND a.role_key = :role_key)
           OR EXISTS (SELECT 1 FROM user_roles AS u
                      WHERE u.org_key = :org_key AND u.resource_key = r.resource_key
                        AND u.role_key = :role_key))
    LIMIT 1
    """
)
"""An owner beside those given of a resource that somebody holds the role on."""

SELECT_RESOURCES_BY_NAME = register(
    f"""
    SELECT {RESOURCE_COLUMNS} FROM resources AS r {RESOURCE_PARTS} AND r.name_key = :name_key
    ORDER BY r.id LIMIT 2
    """,
    Resource,
)

UPDATE_RESOURCE_TIMES = register(
    """
    UPDATE resources SET created_at = :created_at, updated_at = :updated_at
    WHERE org_key = :org_key AND resource_key = :resource_key
    """
)

SELECT_SEATS_USED = register(
    "SELECT resource_key, seats_used FROM resource_seats WHERE org_key = :org_key", SeatsUsed
)

SELECT_RESOURCES_OVER_LIMIT = register(
    f"""
    SELECT {RESOURCE_COLUMNS} FROM resources AS r {RESOURCE_PARTS}
      AND s.user_limit IS NOT NULL AND s.seats_used > s.user_limit
    """,
    Resource,
)

_USERS = f"SELECT {USER_COLUMNS} FROM users AS u WHERE u.org_key = :org_key"

SELECT_USERS_BY_ID = register(f"{_USERS} AND u.account_id IN (:account_ids...)", User)

SELECT_USERS_BY_EMAIL = register(f"{_USERS} AND u.email_key IN (:email_keys...)", User)

_TO_CHANGE = "ORDER BY u.user_key FOR NO KEY UPDATE OF u"

SELECT_USERS_TO_CHANGE_BY_ID = register(SELECT_USERS_BY_ID.sql, User, lock=_TO_CHANGE)

SELECT_USERS_TO_CHANGE_BY_EMAIL = register(SELECT_USERS_BY_EMAIL.sql, User, lock=_TO_CHANGE)

SELECT_USER_KEYS_BY_ID = register(
    """
    SELECT account_id, user_key FROM users
    WHERE org_key = :org_key AND account_id IN (:account_ids...)
    """,
    UserKey,
)

SELECT_DIRECT_ROLES_OF_USERS = register(
    """
    SELECT u.user_key, u.resource_key, s.id, u.role_key, r.id, r.uses_seat
    FROM user_roles AS u CROSS JOIN roles AS r CROSS JOIN resources AS s
    WHERE u.org_key = :org_key AND u.user_key IN (:user_keys...)
      AND r.org_key = :org_key AND r.role_key = u.role_key
      AND s.org_key = :org_key AND s.resource_key = u.resource_key
    """,
    DirectRoleOfUser,
)

SELECT_GROUPS_BY_ID = register(
    f"SELECT {GROUP_COLUMNS} FROM groups AS g {GROUP_PARTS} AND g.id IN (:group_ids...)",
    Group,
)

SELECT_GROUP_BY_NAME = register(
    f"""
    SELECT {GROUP_COLUMNS} FROM groups AS g {GROUP_PARTS}
      AND g.directory_key = :directory_key AND g.name_key = :name_key
    """,
    Group,
)

FREE_EMAIL = register(
    "UPDATE users SET email_key = :email_key WHERE org_key = :org_key AND user_key = :user_key"
)

FREE_GROUP_NAME = register(
    "UPDATE groups SET name_key = :name_key WHERE org_key = :org_key AND group_key = :group_key"
)

INSERT_GROUP_COUNTS = register(
    """
    INSERT INTO group_counts (org_key, group_key, users, resources)
    VALUES (:org_key, :group_key, :users, :resources)
    """
)

UPDATE_GROUP_ORIGIN = register(
    """
    UPDATE groups SET type = :type, managed_by = :managed_by, synced = :synced
    WHERE org_key = :org_key AND group_key = :group_key
    """
)

_DIRECTORY_USERS = """
    SELECT count(*) FROM (SELECT m.account_id FROM directory_users AS m
                          WHERE m.org_key = :org_key AND m.directory_key = :directory_key
                            AND m.account_id IN (:account_ids...)
                          ORDER BY m.account_id {lock}) AS locked
"""

LOCK_DIRECTORY_USERS = register(
    _DIRECTORY_USERS.format(lock=""), postgres=_DIRECTORY_USERS.format(lock="FOR SHARE OF m")
)
"""First, where others write meanwhile: who is in the directory, and how, stays so, and is read behind it."""

INSERT_MEMBERS = register(
    """
    INSERT INTO memberships (org_key, group_key, user_key, added_at)
    SELECT u.org_key, CAST(:group_key AS BIGINT), u.user_key, j.value ->> 1
    FROM json_each(:members) AS j CROSS JOIN directory_users AS u
    WHERE u.org_key = :org_key AND u.directory_key = :directory_key AND u.account_id = j.value ->> 0
    ON CONFLICT DO NOTHING
    """,
    postgres="""
    INSERT INTO memberships (org_key, group_key, user_key, added_at)
    SELECT f.org_key, CAST(:group_key AS BIGINT), f.user_key, CAST(j.value ->> 1 AS BIGINT)
    FROM json_array_elements(CAST(:members AS JSON)) AS j
    CROSS JOIN LATERAL (SELECT u.org_key, u.user_key FROM directory_users AS u
                        WHERE u.org_key = :org_key AND u.directory_key = :directory_key
                          AND u.account_id = j.value ->> 0
                        LIMIT 1) AS f
    ON CONFLICT DO NOTHING
    """,
)
"""Members as a JSON list of pairs of account id and time. Who is not in the directory is left out.

On PostgreSQL the limit makes it look each of them up: it would else read the directory for any list.
"""

SELECT_DIRECTORY_USERS = register(
    """
    SELECT u.user_key, u.account_id, u.name, u.email, m.status
    FROM users AS u CROSS JOIN directory_users AS m
    WHERE u.org_key = :org_key AND u.account_id IN (:account_ids...)
      AND m.org_key = :org_key AND m.user_key = u.user_key AND m.directory_key = :directory_key
    """,
    DirectoryUser,
)

UPDATE_MEMBER_ADDED = register(
    """
    UPDATE memberships SET added_at = :added_at
    WHERE org_key = :org_key AND group_key = :group_key AND user_key = :user_key
    """
)

UPDATE_KEY = register(
    """
    UPDATE api_keys SET name = :name, scopes = :scopes, rate_limit = :rate_limit, created_at = :created_at,
                        expires_at = :expires_at
    WHERE org_key = :org_key AND id = :key_id
    """
)
