"""Deleting an organization: slices of its large tables one after the other, then all that is left.

A slice is what lies between two keys of a table, both found by the table's own key: nothing is counted or
sorted, and whoever writes meanwhile waits for one slice only.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from guildhall.model.orgs import Org
from guildhall.store.statement import Statement, register


class SlicedTable(msgspec.Struct, frozen=True):
    """A table that is emptied in slices.

    `select_last` finds the key of the last row of the slice behind `start`, so many rows further on.
    `deletes` take the slice away, behind the rows of other tables that refer to it.
    """

    name: str
    rows: int
    """Rows of a slice: as many as take some 50 ms on SQLite, where everybody else waits for it."""
    keys: tuple[str, ...]
    select_last: Statement[Any]
    deletes: tuple[Statement[Any], ...]

    def bound(self, end: str, key: int) -> Mapping[str, int]:
        """Return the parameters of one `end` of a slice, `start` or `last`, all with one value."""
        return {f"{end}_{name}": key for name in self.keys}

    def behind(self, last: Mapping[str, int]) -> Mapping[str, int]:
        """Return the start of the slice that comes behind one with this last key."""
        return {f"start_{name}": last[f"last_{name}"] for name in self.keys}


def _sliced(table: str, keys: str, referring: str = "", *, rows: int = 1_000) -> SlicedTable:
    """Return a table with its key behind `org_key`; tables that refer to it share the key's first column."""
    names = tuple(keys.split())
    columns = ", ".join(names)
    starts, lasts = (", ".join(f":{end}_{name}" for name in names) for end in ("start", "last"))
    last_key = msgspec.defstruct("LastKey", [(f"last_{name}", int) for name in names], frozen=True)
    select_last = register(
        f"""
        SELECT {columns} FROM {table} WHERE org_key = :org_key AND ({columns}) > ({starts})
        ORDER BY {columns} LIMIT 1 OFFSET :rows
        """,
        last_key,
    )
    first = names[0]
    deletes = [
        f"""
        DELETE FROM {other}
        WHERE org_key = :org_key AND {first} >= :start_{first} AND {first} <= :last_{first}
        """
        for other in referring.split()
    ]
    own = f"""
        DELETE FROM {table}
        WHERE org_key = :org_key AND ({columns}) > ({starts}) AND ({columns}) <= ({lasts})
    """
    return SlicedTable(table, rows, names, select_last, tuple(register(sql) for sql in (*deletes, own)))


SLICED = (
    _sliced("memberships", "group_key user_key"),
    _sliced("role_assignments", "group_key resource_key role_key", "default_groups"),
    _sliced("user_roles", "user_key resource_key role_key"),
    _sliced("directory_users", "user_key directory_key"),
    _sliced("groups", "group_key", "memberships default_groups role_assignments group_counts", rows=100),
    _sliced("users", "user_key", "memberships user_roles directory_users", rows=100),
    _sliced("seats", "resource_key user_key"),
    _sliced("role_holders", "role_key user_key"),
    _sliced("events", "event_key"),
)
"""Tables that may be large, each behind those that refer to it. Groups and users take away with them what was
written behind their tables' turn: whoever had begun before the keys were gone may still write. A row of them
stands in many indexes."""

SELECT_ORG_TO_DELETE = register(
    "SELECT org_key, id, name, secret, created_at FROM orgs WHERE org_key = :org_key", Org, lock="FOR UPDATE"
)
"""Nothing that refers to the row comes until the transaction ends."""

DELETE_KEYS = register("DELETE FROM api_keys WHERE org_key = :org_key")

DELETE_REST = (
    DELETE_KEYS,
    *(
        register(f"DELETE FROM {table} WHERE org_key = :org_key")
        for table in (
            *("directories", "resource_seats", "resources", "roles"),
            *("role_totals", "group_totals", "user_totals"),
        )
    ),
    # Only PostgreSQL has stamps. On SQLite the statement finds nothing: the totals have gone before.
    register(
        "DELETE FROM group_totals WHERE org_key = :org_key",
        postgres="DELETE FROM name_stamps WHERE org_key = :org_key",
    ),
    register("DELETE FROM orgs WHERE org_key = :org_key"),
)
"""Tables of few rows, the organization's own row at the end."""
