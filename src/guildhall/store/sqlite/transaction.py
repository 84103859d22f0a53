"""A transaction on SQLite: statements that run at once, in a coroutine that never waits (design 2.2)."""

import contextlib
import os
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import apsw

from guildhall.store.database import StartRefused
from guildhall.store.statement import Statement
from guildhall.store.temporary_files import create_private

Result = TypeVar("Result")

_STATEMENTS_CACHED = 512

# busy_timeout is first: the others read the file, which somebody may be closing. fullfsync: without it macOS
# leaves in the disk's cache what it was told to sync. journal_size_limit: the log, which grows while somebody
# reads for long, gives its space back afterwards.
_PRAGMAS = """
PRAGMA busy_timeout = 5000;
PRAGMA foreign_keys = ON;
PRAGMA synchronous = FULL;
PRAGMA fullfsync = ON;
PRAGMA checkpoint_fullfsync = ON;
PRAGMA mmap_size = 0;
PRAGMA wal_autocheckpoint = 1000;
PRAGMA journal_size_limit = 67108864;
PRAGMA cache_size = -16384;
"""


def connect(path: Path, vfs: str | None = None, *, read_only: bool = False) -> apsw.Connection:
    """Open a connection as the program uses it; the file must exist when `read_only`.

    A file that is not there is made for its owner alone. SQLite gives its log and its shared memory the
    mode of the database.
    """
    if not read_only and vfs is None:
        with contextlib.suppress(FileExistsError):
            os.close(create_private(path.resolve()))
    flags = apsw.SQLITE_OPEN_READONLY if read_only else apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
    connection = apsw.Connection(str(path), flags=flags, vfs=vfs, statementcachesize=_STATEMENTS_CACHED)
    # Plans never depend on the values of parameters. Without this, SQLite compiles a statement again at each
    # run when one of its tables has a partial index: 26 of the 32 microseconds of reading a group.
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
    # A statement that returns rows ends here until they are fetched, and with it those behind it.
    connection.execute(_PRAGMAS).fetchall()
    return connection


def connect_durably(path: Path, vfs: str | None = None, *, read_only: bool = False) -> apsw.Connection:
    """Open a connection to a file that keeps a write-ahead log; raises StartRefused for one that does not.

    `synchronous = FULL` keeps confirmed commits through a power cut only there: without the log, the
    commit is the removal of a file, and nothing waits until that is on disk.
    """
    connection = connect(path, vfs, read_only=read_only)
    mode = connection.pragma("journal_mode")
    if mode != "wal":
        connection.close()
        raise StartRefused(
            f"{path} has no write-ahead log but the journal mode {mode}, in which a power cut can lose"
            " confirmed changes. Put it on a local disk (network drives cannot have one) and start again."
        )
    return connection


def complete(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine to its end by one step; a transaction on SQLite never waits for anything."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        result: Result = stop.value
        return result
    coroutine.close()
    raise RuntimeError("a transaction awaited something other than its statements")


class SQLiteTransaction:
    """Statements on one connection; see `guildhall.store.database.Transaction`."""

    __slots__ = (
        "_connection",
        "_new_id",
        "effects",
        "now",
        "on_first_write",
    )

    engine = "sqlite"

    def __init__(self, connection: apsw.Connection, now: int, new_id: Callable[[], str]) -> None:
        self._connection = connection
        self._new_id = new_id
        self.now = now
        self.effects: list[Callable[[], None]] = []
        self.on_first_write: Callable[[], None] | None = None

    def _rows(self, statement: Statement[Any], parameters: dict[str, Any]) -> list[Any]:
        if statement.writes:
            self._announce_write()
        return self._connection.execute(statement.sqlite, statement.bind_sqlite(parameters)).fetchall()

    def _announce_write(self) -> None:
        if self.on_first_write is not None:
            announce, self.on_first_write = self.on_first_write, None
            announce()

    def new_id(self) -> str:
        """Return a new UUID in lower case."""
        return self._new_id()

    async def one(self, statement: Statement[Result], **parameters: Any) -> Result | None:
        """Return the first row as the statement's struct, or None."""
        rows = self._rows(statement, parameters)
        return statement.row(*rows[0]) if rows and statement.row else None

    async def all(self, statement: Statement[Result], **parameters: Any) -> list[Result]:
        """Return all rows as the statement's structs."""
        make: Callable[..., Result] = statement.row  # type: ignore[assignment]
        return [make(*row) for row in self._rows(statement, parameters)]

    async def value(self, statement: Statement[Any], **parameters: Any) -> Any:
        """Return the first column of the first row, or None."""
        rows = self._rows(statement, parameters)
        return rows[0][0] if rows else None

    async def values(self, statement: Statement[Any], **parameters: Any) -> list[Any]:
        """Return the first column of every row."""
        return [row[0] for row in self._rows(statement, parameters)]

    async def run(self, statement: Statement[Any], **parameters: Any) -> int:
        """Run a statement that returns no rows; return how many rows it changed."""
        self._rows(statement, parameters)
        return self._connection.changes()

    async def lock(self, statement: Statement[Any], **parameters: Any) -> None:
        """Do nothing: who writes has the whole database."""

    async def run_many(self, statement: Statement[Any], rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement once for each row of parameters."""
        self._announce_write()
        self._connection.executemany(statement.sqlite, rows)

    async def run_last(self, statement: Statement[Any], **parameters: int) -> None:
        """Run a write that nothing in the transaction reads; here nobody else waits for it."""
        self._rows(statement, parameters)

    async def name_sample(self, org_key: int) -> None:
        """Return nothing: the index is entered at little cost."""

    def after_commit(self, effect: Callable[[], None]) -> None:
        """Call `effect` on the event loop once the transaction is on disk."""
        self.effects.append(effect)


@contextlib.contextmanager
def snapshot(connection: apsw.Connection) -> Iterator[None]:
    """Hold one snapshot of the database for a read of several statements."""
    try:
        connection.execute("BEGIN")
        yield
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
