"""Filling a SQLite file with many rows: a new file when there is nothing to lose, else one transaction."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import apsw

from guildhall.store.clock import random_id, wall_clock
from guildhall.store.maintenance.bulk import Bulk, Step, Table
from guildhall.store.migrate import EMPTY
from guildhall.store.orgs import SELECT_ORGS
from guildhall.store.sqlite.files import (
    alone_with,
    finish,
    interruptible,
    put_in_place,
)
from guildhall.store.sqlite.migrate import apply_migrations, migrate_connection
from guildhall.store.sqlite.transaction import SQLiteTransaction, complete, connect
from guildhall.store.temporary_files import temporary_beside

Result = TypeVar("Result")

# For a file that nobody else has and that is thrown away when anything fails.
_RECKLESS = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA foreign_keys = OFF;
PRAGMA cache_size = -524288;
PRAGMA threads = 2;
"""
_LARGE_HASH, _SMALL_HASH = 64 << 20, 1 << 20


class _SQLiteBulk:
    """See `guildhall.store.maintenance.bulk.Bulk`."""

    def __init__(self, connection: apsw.Connection, build: Callable[[], None] = lambda: None) -> None:
        self._connection = connection
        self._build = build
        self.tx = SQLiteTransaction(connection, wall_clock(), random_id)

    async def reserve(self, table: str, key: str, count: int) -> int:
        """Return the first key that was never used; nobody else writes."""
        del key, count
        select = "SELECT seq FROM sqlite_sequence WHERE name = ?"
        last: list[Any] = self._connection.execute(select, (table,)).fetchall()
        return last[0][0] + 1 if last else 1

    async def copy(self, table: Table, rows: Iterable[Sequence[Any]]) -> None:
        """Insert many rows."""
        self._connection.executemany(table.insert, rows)

    async def index(self) -> None:
        """Build the indexes of a new file; others were kept all the time."""
        self._build()


def fill_sqlite(path: Path, fill: Callable[[Bulk], Awaitable[Result]], step: Step) -> Result:
    """Run `fill`, with the whole of its change or nothing of it in the end.

    A database that holds an organization already keeps its indexes and is changed in one
    transaction, which takes longer. Raises StartRefused beside any other process.
    """
    with alone_with(path):
        if path.exists() and _has_organizations(path):
            return _fill_transaction(path, fill)
        with temporary_beside(path) as new:
            result = _fill_new_file(new, fill, step)
            step("Writing to disk")
            finish(new)
            put_in_place(new, path)
            return result


def _has_organizations(path: Path) -> bool:
    connection = connect(path)
    try:
        migrate_connection(connection, path)
        return bool(connection.execute(SELECT_ORGS.sqlite).fetchall())
    finally:
        connection.close()


def _fill_transaction(path: Path, fill: Callable[[Bulk], Awaitable[Result]]) -> Result:
    connection = interruptible(connect(path))
    try:
        connection.execute("BEGIN IMMEDIATE")
        result: Result = complete(fill(_SQLiteBulk(connection)))  # type: ignore[arg-type]
        connection.execute("COMMIT")
        return result
    finally:
        connection.close()


def _fill_new_file(path: Path, fill: Callable[[Bulk], Awaitable[Result]], step: Step) -> Result:
    connection = interruptible(connect(path))
    try:
        for pragma in _RECKLESS.split(";"):
            connection.execute(pragma).fetchall()
        apply_migrations(connection, EMPTY)
        connection.execute("BEGIN")
        triggers = _drop(connection, "trigger")
        indexes = _drop(connection, "index")

        def build() -> None:
            for name, sql in indexes:
                step(f"Building the index {name}")
                connection.execute(sql)

        result: Result = complete(fill(_SQLiteBulk(connection, build)))  # type: ignore[arg-type]
        step("Building the search")
        _fill_trigrams(connection)
        for _, sql in triggers:
            connection.execute(sql)
        connection.execute("COMMIT")
        connection.execute("PRAGMA locking_mode = NORMAL").fetchall()
        return result
    finally:
        connection.close()


def _drop(connection: apsw.Connection, kind: str) -> list[tuple[str, str]]:
    """Do without indexes or triggers for a while: built at once, an index is faster and has full pages."""
    dropped: list[Any] = connection.execute(
        "SELECT name, sql FROM sqlite_schema WHERE type = ? AND sql IS NOT NULL ORDER BY rowid", (kind,)
    ).fetchall()
    for name, _ in dropped:
        connection.execute(f"DROP {kind} {name}")
    return dropped


def _fill_trigrams(connection: apsw.Connection) -> None:
    for table, names in _TRIGRAMS.items():
        connection.execute(_SET_HASH.format(table), (_LARGE_HASH,))
        connection.execute(f"INSERT INTO {table} (rowid, name) {names}")
        connection.execute(f"INSERT INTO {table} ({table}) VALUES ('optimize')")
        connection.execute(_SET_HASH.format(table), (_SMALL_HASH,))


_SET_HASH = "INSERT INTO {0} ({0}, rank) VALUES ('hashsize', ?)"
_TRIGRAMS = {
    "group_trigrams": "SELECT group_key, name_key || char(3, 3) FROM groups ORDER BY group_key",
    "user_trigrams": (
        "SELECT user_key, name_key || char(3, 3) || email_fold || char(3, 3) FROM users ORDER BY user_key"
    ),
}
"""What the triggers of the schema put into the full-text tables."""
