"""Who holds a role on anything; how many do in each directory and in the organization (contract 4, stats)."""

import msgspec

from guildhall.store.statement import register

WHOLE_ORGANIZATION = 0
"""In the place of a directory's key: the total of all directories, where each user counts once.

Who is in no directory holds no role, so that every holder counts.
"""


class RoleOfUser(msgspec.Struct, frozen=True):
    """A role that a user holds, and what for."""

    role_key: int
    holds: int


class HoldersInDirectory(msgspec.Struct, frozen=True):
    """How many users of a directory are meant."""

    directory_key: int
    users: int


HOLD_ROLE = register(
    """
    INSERT INTO role_holders (org_key, role_key, user_key, holds)
    VALUES (:org_key, :role_key, :user_key, :holds)
    ON CONFLICT (org_key, role_key, user_key) DO UPDATE SET holds = role_holders.holds + excluded.holds
    RETURNING holds
    """
)

RELEASE_ROLE = register(
    """
    UPDATE role_holders SET holds = holds - CAST(:holds AS BIGINT)
    WHERE org_key = :org_key AND role_key = :role_key AND user_key = :user_key
    RETURNING holds
    """
)

DELETE_ROLE_HOLDER = register(
    "DELETE FROM role_holders WHERE org_key = :org_key AND role_key = :role_key AND user_key = :user_key"
)

SELECT_ROLES_OF_USER = register(
    """
    SELECT h.role_key, h.holds FROM roles AS r CROSS JOIN role_holders AS h
    WHERE r.org_key = :org_key
      AND h.org_key = :org_key AND h.role_key = r.role_key AND h.user_key = :user_key
    """,
    RoleOfUser,
)

COUNT_HOLDER = register(
    """
    INSERT INTO role_totals (org_key, directory_key, role_key, users)
    SELECT CAST(:org_key AS BIGINT), 0, CAST(:role_key AS BIGINT), CAST(:change AS BIGINT)
    UNION ALL
    SELECT d.org_key, d.directory_key, CAST(:role_key AS BIGINT), CAST(:change AS BIGINT)
    FROM (SELECT u.org_key, u.directory_key FROM directory_users AS u
          WHERE u.org_key = :org_key AND u.user_key = :user_key ORDER BY u.directory_key) AS d WHERE true
    ON CONFLICT (org_key, directory_key, role_key) DO UPDATE SET users = role_totals.users + excluded.users
    """
)
"""In the organization as a whole, and in each directory that the user is in, in the order of locks."""

HOLD_ROLE_OF_MEMBERS = register(
    """
    INSERT INTO role_holders (org_key, role_key, user_key, holds)
    SELECT m.org_key, CAST(:role_key AS BIGINT), m.user_key, 1 FROM memberships AS m
    WHERE m.org_key = :org_key AND m.group_key = :group_key
    ORDER BY m.user_key
    ON CONFLICT (org_key, role_key, user_key) DO UPDATE SET holds = role_holders.holds + 1
    """
)
"""In the order of locks, as `LOCK_HOLDERS_OF_MEMBERS`."""

COUNT_HOLDERS = register(
    """
    INSERT INTO role_totals (org_key, directory_key, role_key, users)
    VALUES (:org_key, :directory_key, :role_key, :change)
    ON CONFLICT (org_key, directory_key, role_key) DO UPDATE SET users = role_totals.users + excluded.users
    """
)

_MEMBERS = """
    (SELECT m.user_key FROM memberships AS m WHERE m.org_key = :org_key AND m.group_key = :group_key)
"""
_HOLDERS_OF_MEMBERS = f"""
    SELECT count(*) FROM (SELECT h.user_key FROM role_holders AS h
                          WHERE h.org_key = :org_key AND h.role_key = :role_key AND h.user_key IN {_MEMBERS}
                          ORDER BY h.user_key {{lock}}) AS locked
"""

LOCK_HOLDERS_OF_MEMBERS = register(
    _HOLDERS_OF_MEMBERS.format(lock=""), postgres=_HOLDERS_OF_MEMBERS.format(lock="FOR UPDATE")
)
"""First, where others write meanwhile: of two who release at once, one has to see that it is the last."""

COUNT_ONCE_HOLDING_MEMBERS = register(
    """
    SELECT u.directory_key, count(*)
    FROM memberships AS m CROSS JOIN role_holders AS h CROSS JOIN directory_users AS u
    WHERE m.org_key = :org_key AND m.group_key = :group_key
      AND h.org_key = :org_key AND h.role_key = :role_key AND h.user_key = m.user_key AND h.holds = 1
      AND u.org_key = :org_key AND u.user_key = m.user_key
    GROUP BY u.directory_key ORDER BY u.directory_key
    """,
    HoldersInDirectory,
)
"""Of the members those with one reason to hold the role, counted in each directory: just after holding for
the group they are new to the role, just before releasing they are about to lose it."""

RELEASE_ROLE_OF_MEMBERS = register(
    """
    INSERT INTO role_holders (org_key, role_key, user_key, holds)
    SELECT m.org_key, CAST(:role_key AS BIGINT), m.user_key, -1 FROM memberships AS m
    WHERE m.org_key = :org_key AND m.group_key = :group_key
    ON CONFLICT (org_key, role_key, user_key) DO UPDATE SET holds = role_holders.holds + excluded.holds
    """
)
"""Every member holds the role, so that nothing is inserted: SQLite takes twice as long for an update that
looks its rows up in a list."""

DELETE_FORMER_HOLDERS = register(
    f"""
    DELETE FROM role_holders
    WHERE org_key = :org_key AND role_key = :role_key AND holds = 0 AND user_key IN {_MEMBERS}
    """
)
"""After `RELEASE_ROLE_OF_MEMBERS`."""
