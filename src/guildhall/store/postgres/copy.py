"""Copying a SQLite database to PostgreSQL: every row as it is, events and secrets too."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import apsw

from guildhall.store.database import StartRefused
from guildhall.store.maintenance.bulk import Bulk, Step, Table
from guildhall.store.migrate import postgres_tables
from guildhall.store.orgs import SELECT_ORGS
from guildhall.store.postgres.bulk import fill_postgres
from guildhall.store.sqlite.errors import require_database_file
from guildhall.store.sqlite.files import explained, interruptible
from guildhall.store.sqlite.locks import SharedUse
from guildhall.store.sqlite.migrate import read_versions
from guildhall.store.sqlite.transaction import connect

_OWN = frozenset({"schema_info", "name_stamps"})
"""What each database says of itself, and what there is on PostgreSQL only."""

_ROWS_BETWEEN_STEPS = 10_000


def copy_to_postgres(path: Path, url: str, step: Step) -> int:
    """Copy the database as it is at one moment into an empty one of PostgreSQL; return the number of rows.

    Servers go on reading and writing meanwhile; what is written behind that moment is not in the copy. It is
    there as a whole or not at all. Raises StartRefused.
    """
    with (
        explained(path),
        contextlib.closing(SharedUse(path)),
        contextlib.closing(interruptible(connect(path))) as connection,
    ):
        require_database_file(path)
        connection.execute("BEGIN")
        if not read_versions(connection, path).is_current:
            raise StartRefused(f"{path} is of another version: run `guildhall migrate` on it first.")
        return fill_postgres(url, lambda load: _copy(connection, load, step), step)


async def _copy(connection: apsw.Connection, load: Bulk, step: Step) -> int:
    if await load.tx.all(SELECT_ORGS):
        raise StartRefused("The PostgreSQL database has organizations already; copy into an empty one.")
    copied = 0
    for table in _tables(connection):
        total = _value(connection, f"SELECT count(*) FROM {table.name}")
        rows = connection.execute(f"SELECT {', '.join(table.columns)} FROM {table.name}")
        await load.copy(table, _told(rows, f"Copying {table.name}", total, step))
        copied += total
    used: list[Any] = connection.execute("SELECT name, seq FROM sqlite_sequence").fetchall()
    for name, last in used:
        # Keys are never used again, those of rows that have gone neither.
        key = _value(connection, "SELECT name FROM pragma_table_info(?) WHERE pk = 1", name)
        await load.reserve(name, key, last)
    await load.index()
    return copied


def _tables(connection: apsw.Connection) -> Iterator[Table]:
    """Give each table that both engines have, what others refer to first."""
    for name in (table for table in postgres_tables() if table not in _OWN):
        columns: list[Any] = connection.execute("SELECT name FROM pragma_table_info(?)", (name,)).fetchall()
        yield Table(name, tuple(column for (column,) in columns))


def _value(connection: apsw.Connection, sql: str, *values: str) -> Any:
    return connection.execute(sql, values).fetchall()[0][0]


def _told(rows: Iterator[Any], label: str, total: int, step: Step) -> Iterator[Sequence[Any]]:
    """Pass rows on, and say now and then how many there were."""
    step(label, 0, total)
    for number, row in enumerate(rows, 1):
        yield row
        if number % _ROWS_BETWEEN_STEPS == 0:
            step(label, _ROWS_BETWEEN_STEPS, total)
