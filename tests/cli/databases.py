"""What a test looks at in a database, on either engine, behind the program's back."""

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import apsw
import asyncpg

from guildhall.store.database_urls import sqlite_path

Rows = list[tuple[Any, ...]]


def run_sql(url: str, *statements: str) -> Rows:
    """Run statements without the rules of the schema; return the rows of the last one."""
    path = sqlite_path(url)
    return asyncio.run(_on_postgres(url, statements)) if path is None else _on_sqlite(path, statements)


def _on_sqlite(path: Path, statements: Sequence[str]) -> Rows:
    with contextlib.closing(apsw.Connection(str(path))) as connection:
        return [connection.execute(statement).fetchall() for statement in statements][-1]


async def _on_postgres(url: str, statements: Sequence[str]) -> Rows:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SET session_replication_role = replica")
        return [[tuple(row) for row in await connection.fetch(statement)] for statement in statements][-1]
    finally:
        await connection.close()


def name_stamps(url: str) -> Rows:
    """Return the stamp of each organization's names; there are none on SQLite."""
    return [] if sqlite_path(url) else run_sql(url, "SELECT org_key, stamp FROM name_stamps ORDER BY org_key")


TABLES = (
    *("directories", "users", "directory_users", "groups", "group_counts", "memberships", "resources"),
    *("resource_seats", "roles", "role_assignments", "default_groups", "user_roles", "seats"),
    *("role_holders", "role_totals", "group_totals", "user_totals", "events"),
)
"""Every table of an organization but those that hold secrets."""


def contents(url: str) -> dict[str, Rows]:
    """Return all rows of those tables."""
    return {table: sorted(run_sql(url, f"SELECT * FROM {table}"), key=repr) for table in TABLES}
