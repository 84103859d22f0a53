"""Reading an organization from end to end, in the order of the keys: what an export consists of.

Each list is read in pieces by position. Keys are given in the order of creation, so who seeds an empty
database from an export, in its order, gets the same order again.
"""

import msgspec

from guildhall.model.directories import Directory
from guildhall.model.groups import Group
from guildhall.model.keys import APIKey
from guildhall.model.resources import Resource
from guildhall.model.users import User
from guildhall.store.directories import DIRECTORY_COLUMNS
from guildhall.store.groups import GROUP_COLUMNS, GROUP_PARTS
from guildhall.store.resources import RESOURCE_COLUMNS, RESOURCE_PARTS
from guildhall.store.statement import register
from guildhall.store.users import USER_COLUMNS


class StandingRow(msgspec.Struct, frozen=True):
    """A user in one directory."""

    user_key: int
    directory_id: str
    status: int
    management_source: int
    added_at: int


class RoleRow(msgspec.Struct, frozen=True):
    """A role that a user or a group holds; `is_default` is 1 when the group is the default for it."""

    holder_key: int
    resource_id: str
    role_id: str
    is_default: int


class MemberRow(msgspec.Struct, frozen=True):
    """A member of one of several groups."""

    group_key: int
    user_key: int
    account_id: str
    added_at: int


SELECT_DIRECTORIES_AFTER = register(
    f"""
    SELECT {DIRECTORY_COLUMNS} FROM directories AS d
    WHERE d.org_key = :org_key AND d.directory_key > :start ORDER BY d.directory_key LIMIT :most
    """,
    Directory,
)

SELECT_RESOURCES_AFTER = register(
    f"""
    SELECT {RESOURCE_COLUMNS} FROM resources AS r {RESOURCE_PARTS} AND r.resource_key > :start
    ORDER BY r.resource_key LIMIT :most
    """,
    Resource,
)

SELECT_USERS_AFTER = register(
    f"""
    SELECT {USER_COLUMNS} FROM users AS u
    WHERE u.org_key = :org_key AND u.user_key > :start ORDER BY u.user_key LIMIT :most
    """,
    User,
)

SELECT_STANDINGS_BETWEEN = register(
    """
    SELECT m.user_key, d.id, m.status, m.management_source, m.added_at
    FROM directory_users AS m CROSS JOIN directories AS d
    WHERE m.org_key = :org_key AND m.user_key >= :first AND m.user_key <= :last
      AND d.org_key = :org_key AND d.directory_key = m.directory_key
    ORDER BY m.user_key, m.directory_key
    """,
    StandingRow,
)

SELECT_DIRECT_ROLES_BETWEEN = register(
    """
    SELECT u.user_key, s.id, r.id, CAST(0 AS BIGINT)
    FROM user_roles AS u CROSS JOIN resources AS s CROSS JOIN roles AS r
    WHERE u.org_key = :org_key AND u.user_key >= :first AND u.user_key <= :last
      AND s.org_key = :org_key AND s.resource_key = u.resource_key
      AND r.org_key = :org_key AND r.role_key = u.role_key
    ORDER BY u.user_key, u.resource_key, u.role_key
    """,
    RoleRow,
)

SELECT_GROUPS_AFTER = register(
    f"""
    SELECT {GROUP_COLUMNS} FROM groups AS g {GROUP_PARTS} AND g.group_key > :start
    ORDER BY g.group_key LIMIT :most
    """,
    Group,
)

SELECT_GROUP_ROLES_BETWEEN = register(
    """
    SELECT a.group_key, s.id, r.id,
           CASE WHEN EXISTS (SELECT 1 FROM default_groups AS d
                             WHERE d.org_key = :org_key AND d.group_key = a.group_key
                               AND d.resource_key = a.resource_key AND d.role_key = a.role_key)
                THEN 1 ELSE 0 END
    FROM role_assignments AS a CROSS JOIN resources AS s CROSS JOIN roles AS r
    WHERE a.org_key = :org_key AND a.group_key >= :first AND a.group_key <= :last
      AND s.org_key = :org_key AND s.resource_key = a.resource_key
      AND r.org_key = :org_key AND r.role_key = a.role_key
    ORDER BY a.group_key, a.resource_key, a.role_key
    """,
    RoleRow,
)

SELECT_MEMBERS_BETWEEN = register(
    """
    SELECT m.group_key, m.user_key, u.account_id, m.added_at
    FROM memberships AS m CROSS JOIN users AS u
    WHERE m.org_key = :org_key AND (m.group_key, m.user_key) > (:group_key, :user_key)
      AND m.group_key <= :last AND u.org_key = :org_key AND u.user_key = m.user_key
    ORDER BY m.group_key, m.user_key LIMIT :most
    """,
    MemberRow,
)

SELECT_KEYS_AFTER = register(
    """
    SELECT id, name, hash, scopes, rate_limit, created_at, expires_at, last_used_at FROM api_keys
    WHERE org_key = :org_key AND id > :start ORDER BY id LIMIT :most
    """,
    APIKey,
)
