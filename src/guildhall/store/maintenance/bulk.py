"""Filling a database with many rows at once: what `guildhall generate` writes through.

Rows are handed over table by table in the order of their keys; what is counted from them is counted
by the database itself, so that it is exact.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from guildhall.store.database import Transaction
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
from guildhall.store.statement import register


class Step(Protocol):
    """Is told what is being done."""

    def __call__(self, label: str, rows: int = 0, total: int | None = None) -> None:
        """Say that so many more rows are done, of so many where that is known."""


class Table(NamedTuple):
    """A table, and its columns in the order of the rows that are handed over."""

    name: str
    columns: tuple[str, ...]

    @property
    def insert(self) -> str:
        """The statement that inserts one row on SQLite."""
        marks = ", ".join("?" * len(self.columns))
        return f"INSERT INTO {self.name} ({', '.join(self.columns)}) VALUES ({marks})"


class Bulk(Protocol):
    """One large change of a database: all of it or nothing."""

    @property
    def tx(self) -> Transaction:
        """What everything but many rows goes through."""

    async def reserve(self, table: str, key: str, count: int) -> int:
        """Return the first of `count` keys in a row that were never used and that nobody else gets."""

    async def copy(self, table: Table, rows: Iterable[Sequence[Any]]) -> None:
        """Insert many rows, which come in the order of the table's key where that is possible."""

    async def index(self) -> None:
        """All rows are there: build the indexes that what follows reads by."""


def _table(name: str, columns: str) -> Table:
    return Table(name, tuple(columns.split()))


DIRECTORIES = _table("directories", "org_key directory_key id name name_key icon rank")
USERS = _table(
    "users",
    "org_key user_key account_id name name_key nickname_key email email_key email_fold email_domain"
    " claim_status mfa_enabled closed profile",
)
DIRECTORY_USERS = _table(
    "directory_users", "org_key user_key directory_key account_id status management_source added_at"
)
GROUPS = _table(
    "groups",
    "org_key group_key directory_key id name name_key description type managed_by synced is_default"
    " grants_admin",
)
MEMBERSHIPS = _table("memberships", "org_key group_key user_key added_at")
RESOURCES = _table(
    "resources",
    "org_key resource_key id owner name name_key type status host_url created_at updated_at",
)
ROLES = _table("roles", "org_key role_key id display_name uses_seat for_groups owners")
ROLE_ASSIGNMENTS = _table("role_assignments", "org_key group_key resource_key role_key")
DEFAULT_GROUPS = _table("default_groups", "org_key resource_key role_key group_key")
USER_ROLES = _table("user_roles", "org_key user_key resource_key role_key")

FILL_GROUP_COUNTS = register(
    f"""
    INSERT INTO group_counts (org_key, group_key, users, resources)
    SELECT g.org_key, g.group_key, ({GROUP_USERS}), ({GROUP_RESOURCES})
    FROM groups AS g WHERE g.org_key = :org_key
    """
)

FILL_GROUP_TOTALS = register(
    f"""
    INSERT INTO group_totals (org_key, directory_key, type, managed_by, synced, groups)
    SELECT CAST(:org_key AS BIGINT), t.directory_key, t.type, t.managed_by, t.synced, t.groups
    FROM ({GROUP_TOTALS}) AS t
    """
)

FILL_USER_TOTALS = register(
    f"""
    INSERT INTO user_totals (org_key, directory_key, status, closed, claim_status, mfa_enabled, users)
    SELECT CAST(:org_key AS BIGINT), t.directory_key, t.status, t.closed, t.claim_status,
           t.mfa_enabled, t.users
    FROM ({USER_TOTALS}) AS t
    """
)

FILL_SEATS = register(
    f"""
    INSERT INTO seats (org_key, resource_key, user_key, holds)
    SELECT CAST(:org_key AS BIGINT), CAST(:resource_key AS BIGINT), t.user_key, t.holds FROM ({SEATS}) AS t
    """
)

FILL_RESOURCE_SEATS = register(
    f"""
    INSERT INTO resource_seats (org_key, resource_key, user_limit, seats_used)
    SELECT r.org_key, r.resource_key, NULL, ({SEATS_USED}) FROM resources AS r WHERE r.org_key = :org_key
    """
)

LIMIT_SEATS = register(
    """
    UPDATE resource_seats SET user_limit = seats_used + seats_used / 5 + 10
    WHERE org_key = :org_key AND resource_key IN (:resource_keys...)
    """
)
"""Gives resources a user limit that a fifth more users fit into."""

FILL_ROLE_HOLDERS = register(
    f"""
    INSERT INTO role_holders (org_key, role_key, user_key, holds)
    SELECT CAST(:org_key AS BIGINT), CAST(:role_key AS BIGINT), t.user_key, t.holds
    FROM ({ROLE_HOLDERS}) AS t
    """
)

FILL_ROLE_TOTALS = register(
    f"""
    INSERT INTO role_totals (org_key, directory_key, role_key, users)
    SELECT CAST(:org_key AS BIGINT), t.directory_key, CAST(:role_key AS BIGINT), t.users
    FROM ({ROLE_TOTALS}) AS t
    """
)

SET_FLAGS = register(
    f"""
    UPDATE groups AS g SET is_default = {IS_DEFAULT}, grants_admin = {GRANTS_ADMIN}
    WHERE g.org_key = :org_key
      AND (g.group_key IN (SELECT x.group_key FROM default_groups AS x WHERE x.org_key = :org_key)
           OR g.group_key IN (SELECT y.group_key FROM role_assignments AS y CROSS JOIN roles AS z
                              WHERE y.org_key = :org_key AND z.org_key = :org_key
                                AND z.role_key = y.role_key AND z.id IN (:guarded_roles...)))
    """
)
