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


def tables_of_orgs(url: str) -> list[str]:
    """Return every table that has rows of organizations, as the schema itself says."""
    if sqlite_path(url) is not None:
        sql = (
            "SELECT t.name FROM pragma_table_list AS t JOIN pragma_table_info(t.name) AS c"
            " WHERE t.type = 'table' AND c.name = 'org_key' ORDER BY t.name"
        )
    else:
        sql = (
            "SELECT CAST(c.table_name AS TEXT) FROM information_schema.columns AS c"
            " WHERE c.table_schema = current_schema() AND c.column_name = 'org_key'"
            " AND c.table_name !~ '_p[0-9]+$' ORDER BY c.table_name"
        )
    return [name for (name,) in run_sql(url, sql)]


def rows_of_key(url: str, org_key: int) -> dict[str, Rows]:
    """Return the rows that have this `org_key`."""
    return {
        table: sorted(run_sql(url, f"SELECT * FROM {table} WHERE org_key = {org_key}"), key=repr)
        for table in tables_of_orgs(url)
    }
