"""Stored counters, seats and flags against what they are counted from (design 2.2).

Every comparison returns what is off: its name, what is stored and what it should be; null means that
there is no row, or that there should be none. Only `:most` rows come. Large tables are compared in
slices, each on a snapshot of its own, so that no snapshot is held for long.
"""

import msgspec

from guildhall.store.maintenance.derivations import (
    GRANTS_ADMIN,
    GROUP_RESOURCES,
    GROUP_TOTALS,
    GROUP_USERS,
    IS_DEFAULT,
    ROLE_HOLDERS,
    ROLE_TOTALS,
    SEATS,
    SEATS_USED,
    USER_TOTALS,
)
from guildhall.store.statement import Statement, register


class Discrepancy(msgspec.Struct, frozen=True):
    """Something whose stored value is not what it should be."""

    subject: str
    stored: str | None
    expected: str | None


SELECT_SLICE_OF_GROUPS = register(
    """
    SELECT CAST(MAX(s.group_key) AS BIGINT)
    FROM (SELECT g.group_key FROM groups AS g WHERE g.org_key = :org_key AND g.group_key > :start
          ORDER BY g.group_key LIMIT :most) AS s
    """
)
"""The last key of the next slice, or null."""

SELECT_SLICE_OF_USERS = register(
    """
    SELECT CAST(MAX(s.user_key) AS BIGINT)
    FROM (SELECT u.user_key FROM users AS u WHERE u.org_key = :org_key AND u.user_key > :start
          ORDER BY u.user_key LIMIT :most) AS s
    """
)

SELECT_NEXT_RESOURCE = register(
    """
    SELECT CAST(MIN(n.next_key) AS BIGINT)
    FROM (SELECT MIN(r.resource_key) AS next_key FROM resources AS r
          WHERE r.org_key = :org_key AND r.resource_key > :start
          UNION ALL
          SELECT MIN(s.resource_key) FROM seats AS s
          WHERE s.org_key = :org_key AND s.resource_key > :start) AS n
    """
)
"""The next resource that there is, or that seats are left of."""

SELECT_NEXT_ROLE = register(
    """
    SELECT CAST(MIN(n.next_key) AS BIGINT)
    FROM (SELECT MIN(r.role_key) AS next_key FROM roles AS r
          WHERE r.org_key = :org_key AND r.role_key > :start
          UNION ALL
          SELECT MIN(h.role_key) FROM role_holders AS h
          WHERE h.org_key = :org_key AND h.role_key > :start) AS n
    """
)

_GROUPS = "g.org_key = :org_key AND g.group_key > :start AND g.group_key <= :last"


def _of_groups(stored: str, expected: str) -> Statement[Discrepancy]:
    return register(
        f"""
        SELECT g.id, CAST({stored} AS TEXT), CAST({expected} AS TEXT)
        FROM groups AS g LEFT JOIN group_counts AS c ON c.org_key = :org_key AND c.group_key = g.group_key
        WHERE {_GROUPS} AND {stored} IS DISTINCT FROM {expected} LIMIT :most
        """,
        Discrepancy,
    )


COMPARE_GROUP_USERS = _of_groups("c.users", f"({GROUP_USERS})")
COMPARE_GROUP_RESOURCES = _of_groups("c.resources", f"({GROUP_RESOURCES})")
COMPARE_IS_DEFAULT = _of_groups("g.is_default", IS_DEFAULT)
COMPARE_GRANTS_ADMIN = _of_groups("g.grants_admin", GRANTS_ADMIN)

COMPARE_MEMBERS = register(
    f"""
    SELECT g.id || ' ' || COALESCE(u.account_id, CAST(m.user_key AS TEXT)), 'member of the group',
           'member of its directory'
    FROM groups AS g CROSS JOIN memberships AS m
    LEFT JOIN users AS u ON u.org_key = :org_key AND u.user_key = m.user_key
    WHERE {_GROUPS} AND m.org_key = :org_key AND m.group_key = g.group_key
      AND NOT EXISTS (SELECT 1 FROM directory_users AS d
                      WHERE d.org_key = :org_key AND d.user_key = m.user_key
                        AND d.directory_key = g.directory_key)
    LIMIT :most
    """,
    Discrepancy,
)
"""Members who are not in the directory of their group."""

COMPARE_ACCOUNT_IDS = register(
    """
    SELECT u.account_id, d.account_id, u.account_id FROM users AS u CROSS JOIN directory_users AS d
    WHERE u.org_key = :org_key AND u.user_key > :start AND u.user_key <= :last
      AND d.org_key = :org_key AND d.user_key = u.user_key AND d.account_id <> u.account_id
    LIMIT :most
    """,
    Discrepancy,
)

_MISSING = -1


def _of_rows(
    subject: str, columns: str, stored: str, expected: str, *, absent: int = 0
) -> Statement[Discrepancy]:
    """Compare the numbers of two queries, row by row of the same `columns`.

    A row that one of them has not counts as `absent`: a total of 0 may stand or not, a seat may not.
    """
    names = ", ".join(f"b.{column}" for column in columns.split())
    return register(
        f"""
        SELECT {subject}, CAST(MAX(b.stored) AS TEXT), CAST(MAX(b.expected) AS TEXT)
        FROM (SELECT {names.replace("b.", "s.")}, s.number AS stored, CAST(NULL AS BIGINT) AS expected
              FROM ({stored}) AS s
              UNION ALL
              SELECT {names.replace("b.", "e.")}, CAST(NULL AS BIGINT), e.number
              FROM ({expected}) AS e) AS b
        GROUP BY {names}
        HAVING COALESCE(MAX(b.stored), {absent}) <> COALESCE(MAX(b.expected), {absent})
        LIMIT :most
        """,
        Discrepancy,
    )


def _id_of(table: str, key: str, column: str = "id") -> str:
    return f"""COALESCE((SELECT t.{column} FROM {table} AS t WHERE t.org_key = :org_key
                         AND t.{key} = b.{key}), '{key} ' || CAST(b.{key} AS TEXT))"""


_DIRECTORY = _id_of("directories", "directory_key")
_USER = _id_of("users", "user_key", "account_id")
_THIS_RESOURCE = """COALESCE(
    (SELECT t.id FROM resources AS t WHERE t.org_key = :org_key AND t.resource_key = :resource_key), '?')
"""
_THIS_ROLE = """COALESCE(
    (SELECT t.id FROM roles AS t WHERE t.org_key = :org_key AND t.role_key = :role_key), '?')
"""

COMPARE_GROUP_TOTALS = _of_rows(
    f"{_DIRECTORY} || ' type ' || CAST(b.type AS TEXT) || ' managed by ' || CAST(b.managed_by AS TEXT)"
    " || ' synced ' || CAST(b.synced AS TEXT)",
    "directory_key type managed_by synced",
    """
    SELECT t.directory_key, t.type, t.managed_by, t.synced, t.groups AS number FROM group_totals AS t
    WHERE t.org_key = :org_key
    """,
    GROUP_TOTALS.replace("AS groups\n", "AS number\n"),
)

COMPARE_USER_TOTALS = _of_rows(
    f"{_DIRECTORY} || ' status ' || CAST(b.status AS TEXT) || ' closed ' || CAST(b.closed AS TEXT)"
    " || ' claim ' || CAST(b.claim_status AS TEXT) || ' mfa ' || CAST(b.mfa_enabled AS TEXT)",
    "directory_key status closed claim_status mfa_enabled",
    """
    SELECT t.directory_key, t.status, t.closed, t.claim_status, t.mfa_enabled, t.users AS number
    FROM user_totals AS t WHERE t.org_key = :org_key
    """,
    USER_TOTALS.replace("AS users\n", "AS number\n"),
)

COMPARE_ROLE_TOTALS = _of_rows(
    f"CASE WHEN b.directory_key = 0 THEN 'organization' ELSE {_DIRECTORY} END || ' of ' || {_THIS_ROLE}",
    "directory_key",
    """
    SELECT t.directory_key, t.users AS number FROM role_totals AS t
    WHERE t.org_key = :org_key AND t.role_key = :role_key
    """,
    ROLE_TOTALS.replace("AS users\n", "AS number\n"),
)

COMPARE_ROLE_HOLDERS = _of_rows(
    f"{_USER} || ' as ' || {_THIS_ROLE}",
    "user_key",
    """
    SELECT t.user_key, t.holds AS number FROM role_holders AS t
    WHERE t.org_key = :org_key AND t.role_key = :role_key
    """,
    ROLE_HOLDERS.replace("AS holds\n", "AS number\n"),
    absent=_MISSING,
)

COMPARE_SEATS = _of_rows(
    f"{_USER} || ' on ' || {_THIS_RESOURCE}",
    "user_key",
    """
    SELECT t.user_key, t.holds AS number FROM seats AS t
    WHERE t.org_key = :org_key AND t.resource_key = :resource_key
    """,
    SEATS.replace("AS holds\n", "AS number\n"),
    absent=_MISSING,
)

COMPARE_SEATS_USED = register(
    f"""
    SELECT r.id, CAST(s.seats_used AS TEXT), CAST(({SEATS_USED}) AS TEXT)
    FROM resources AS r
    LEFT JOIN resource_seats AS s ON s.org_key = :org_key AND s.resource_key = r.resource_key
    WHERE r.org_key = :org_key AND r.resource_key = :resource_key
      AND s.seats_used IS DISTINCT FROM ({SEATS_USED})
    LIMIT :most
    """,
    Discrepancy,
)

COMPARE_DIRECTORIES = register(
    """
    SELECT o.id, CAST(o.defaults AS TEXT), '1'
    FROM (SELECT g.id, (SELECT count(*) FROM directories AS d
                        WHERE d.org_key = :org_key AND d.rank = 0) AS defaults
          FROM orgs AS g WHERE g.org_key = :org_key) AS o
    WHERE o.defaults <> 1 LIMIT :most
    """,
    Discrepancy,
)
"""Organizations without a default directory."""

COMPARE_FILE = register(
    "SELECT 'file', quick_check, 'ok' FROM pragma_quick_check WHERE quick_check <> 'ok' LIMIT :most",
    Discrepancy,
    postgres="SELECT '', '', '' WHERE CAST(:most AS BIGINT) < 0",
)
"""What SQLite finds in the structure of the file: PostgreSQL looks after its own. `integrity_check`
would look every row up in every index, which takes many minutes for a large one."""

COMPARE_REFERENCES = register(
    """
    SELECT "table", 'row ' || COALESCE(rowid, '?'), 'a row in ' || parent FROM pragma_foreign_key_check
    LIMIT :most
    """,
    Discrepancy,
    postgres="SELECT '', '', '' WHERE CAST(:most AS BIGINT) < 0",
)
"""Rows that refer to others that are not there; PostgreSQL lets none in."""
