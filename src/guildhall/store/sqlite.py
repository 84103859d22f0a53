"""The embedded engine: SQLite through apsw, one reader on the event loop, one writer thread (design 2.2)."""

import asyncio
import contextlib
import logging
import math
import threading
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar, cast

import apsw

from guildhall.model.errors import Unavailable
from guildhall.model.user_lists import UserFilter
from guildhall.store.clock import random_id, wall_clock
from guildhall.store.database import Replica
from guildhall.store.freshness import Freshness
from guildhall.store.metrics import READ_SECONDS
from guildhall.store.name_scans import NameScan
from guildhall.store.sqlite_errors import STORAGE_ERRORS, reason, refusing
from guildhall.store.sqlite_locks import SharedUse
from guildhall.store.sqlite_name_scans import NameScans
from guildhall.store.sqlite_sets_ahead import SetsAhead
from guildhall.store.sqlite_transaction import SQLiteTransaction, complete, connect_durably, snapshot
from guildhall.store.sqlite_user_sets import SetsOfRead, UserSets, caller_on
from guildhall.store.sqlite_writer import Writer
from guildhall.store.streams import StreamLimit
from guildhall.store.threads import QUICK_TURNS, OutOfTurn, Rounds

Result = TypeVar("Result")

READ_BUDGET = 0.002
"""Seconds that a read may take on the event loop before it is moved to a thread."""

SCAN_BUDGET = 0.010
"""Seconds that a read may take there from when it scans names in memory."""

_LOG = logging.getLogger("guildhall.store")
MANY_ROWS = 500
"""A read of so many rows may exceed its budget, and then others that follow it soon probably do."""

SECONDS_OFF_LOOP = 1.0
"""For so long they are read in threads at once."""

_CHECK_SECONDS = 2.0
_STEPS_BETWEEN_LOOKS = 4_000
_READER_THREADS = 2
_STREAMS_AT_ONCE = 2
"""Long reads at once. Each keeps the log from being taken back into the file for as long as it lasts."""

_THREAD_CACHE = -4096
"""Kibibytes of cache for long reads, which hardly come back to the same pages."""

_END = object()
"""In the place of an item: there are no more."""


class SQLiteDatabase:
    """One SQLite file, shared between processes through locks of our own; see `Database`.

    A write waits for others no longer than `patience`, in seconds.
    """

    engine = "sqlite"

    def __init__(
        self,
        path: Path,
        *,
        vfs: str | None = None,
        patience: float = math.inf,
        clock: Callable[[], int] = wall_clock,
        new_id: Callable[[], str] = random_id,
    ) -> None:
        self.path = path
        self._vfs = vfs
        self._patience = patience
        self._clock = clock
        self._new_id = new_id
        self._deadline = math.inf
        self._reads_many = False
        self._off_loop_until = 0.0
        self._rounds = Rounds()
        self._streams = StreamLimit(_STREAMS_AT_ONCE, None if math.isinf(patience) else patience)
        self._threads = ThreadPoolExecutor(_READER_THREADS, "guildhall-reader")
        self._of_thread = threading.local()
        self._readers: list[apsw.Connection] = []
        with contextlib.ExitStack() as undone, refusing(path):
            self._use = SharedUse(path)
            undone.callback(self._use.close)
            # The writer comes first: a read-only connection cannot make the files that WAL needs.
            self._writer = Writer(path, self._connect_writer, self._transaction, patience)
            undone.callback(self._writer.close)
            undone.callback(self._writer.stop)
            self._reader = self._connect_reader()
            undone.pop_all()
        self.freshness: Freshness | None = self._writer.freshness
        self.replica: Replica | None = None
        self._name_scans = NameScans(self._writer.freshness, self._threads, self._connection_of_thread)
        self._user_sets = UserSets(self._writer.freshness)
        self._reader.set_progress_handler(self._over_budget, _STEPS_BETWEEN_LOOKS)

    def _connect_writer(self) -> apsw.Connection:
        connection = connect_durably(self.path, self._vfs)
        if not math.isinf(self._patience):
            # Other programs have no part in the lock of our own; SQLite waits for theirs.
            connection.set_busy_timeout(math.ceil(self._patience * 1_000))
        return connection

    def _connect_reader(self) -> apsw.Connection:
        connection = connect_durably(self.path, self._vfs, read_only=True)
        self._readers.append(connection)
        return connection

    @property
    def trouble(self) -> str | None:
        """Why the store takes no writes now, or None."""
        return self._writer.trouble

    def _transaction(self, connection: apsw.Connection) -> SQLiteTransaction:
        return SQLiteTransaction(connection, self._clock(), self._new_id)

    def _over_budget(self) -> bool:
        now = time.perf_counter()
        if now <= self._deadline:
            return False
        if self._reads_many:
            self._off_loop_until = now + SECONDS_OFF_LOOP
        return True

    def _expect_rows(self, most: int) -> None:
        self._reads_many = most >= MANY_ROWS
        if self._reads_many and time.perf_counter() < self._off_loop_until:
            raise apsw.InterruptError("so many rows have just taken too long")

    async def read(self, function: Callable[..., Awaitable[Result]], *args: Any, **kwargs: Any) -> Result:
        """Run a read on the loop's connection, or again in a thread when it exceeds its budget."""
        try:
            try:
                return cast("Result", self._read_on_loop(function, args, kwargs, self._rounds))
            except OutOfTurn:
                await self._rounds.turn()
                return cast("Result", self._read_on_loop(function, args, kwargs, None))
        except apsw.InterruptError:
            return cast("Result", await self._read_again(function, args, kwargs))
        except STORAGE_ERRORS as error:
            raise _unreadable(error) from error

    def _read_on_loop(
        self, function: Callable[..., Any], args: Any, kwargs: Any, rounds: Rounds | None
    ) -> Any:
        reader, begun = self._reader, self._writer.freshness.moment()
        try:
            # What `snapshot` does, without what a context manager costs each request.
            reader.execute("BEGIN")
            # Only what runs between BEGIN and ROLLBACK may be interrupted: the connection has to leave the
            # transaction whatever happens.
            self._deadline = time.perf_counter() + READ_BUDGET
            self._reads_many = False
            transaction = self._transaction(reader)
            transaction.begun, transaction.find_names = begun, self._find_names
            transaction.find_user_sets = self._find_user_sets
            transaction.rounds, transaction.expect = rounds, self._expect_rows
            try:
                return complete(function(transaction, *args, **kwargs))
            finally:
                self._deadline = math.inf
        finally:
            if reader.in_transaction:
                reader.execute("ROLLBACK")

    def _find_names(self, org_key: int) -> NameScan | None:
        scan = self._name_scans.find(org_key)
        if scan is not None:
            # What follows is no longer a matter of chance; to begin again in a thread would take longer.
            self._deadline = time.perf_counter() + SCAN_BUDGET
        return scan

    async def _find_user_sets(
        self, tx: SQLiteTransaction, org_key: int, parts: Sequence[UserFilter], *, read: bool
    ) -> list[int] | None:
        found = await SetsOfRead(self._user_sets, tx.begun).find(tx, org_key, parts, read=read)
        if found is not None:
            # As with names.
            tx.take_turn()
            self._deadline = time.perf_counter() + SCAN_BUDGET
        return found

    async def _read_again(self, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        begun = time.perf_counter()
        try:
            result = await self._submit_read(function, *args, **kwargs)
        except STORAGE_ERRORS as error:
            raise _unreadable(error) from error
        READ_SECONDS.observe(time.perf_counter() - begun)
        return result

    def _submit_read(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> "asyncio.Future[Any]":
        loop, begun = asyncio.get_running_loop(), self._writer.freshness.moment()
        sets = SetsOfRead(self._user_sets, begun, caller_on(loop))
        return loop.run_in_executor(self._threads, self._read_in_thread, sets, function, args, kwargs)

    def _connection_of_thread(self) -> apsw.Connection:
        connection: apsw.Connection | None = getattr(self._of_thread, "connection", None)
        if connection is None:
            connection = self._of_thread.connection = self._connect_reader()
            connection.pragma("cache_size", _THREAD_CACHE)
        return connection

    def _read_in_thread(self, sets: SetsOfRead, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        connection = self._connection_of_thread()
        transaction = self._transaction(connection)
        transaction.find_user_sets = sets.find
        with snapshot(connection), QUICK_TURNS:
            return complete(function(transaction, *args, **kwargs))

    async def write(self, function: Callable[..., Awaitable[Result]], *args: Any, **kwargs: Any) -> Result:
        """Queue a write and wait until the batch that it was part of is on disk."""
        result: Result = await self._writer.submit(function, args, kwargs)
        return result

    async def stream(
        self, function: Callable[..., AsyncGenerator[Result, None]], *args: Any, **kwargs: Any
    ) -> AsyncGenerator[Result, None]:
        """Step through a long read, each step in a thread, on a connection of its own; some at once."""
        async with (
            self._streams.turn(),
            contextlib.aclosing(self._stream(function, args, kwargs)) as items,
        ):
            async for item in items:
                yield item

    async def _stream(
        self, function: Callable[..., AsyncGenerator[Result, None]], args: Any, kwargs: Any
    ) -> AsyncGenerator[Result, None]:
        loop = asyncio.get_running_loop()
        try:
            connection = connect_durably(self.path, self._vfs, read_only=True)
            connection.execute("BEGIN")
        except STORAGE_ERRORS as error:
            raise _unreadable(error) from error
        items = function(self._transaction(connection), *args, **kwargs)
        step: asyncio.Future[Any] | None = None
        try:
            while step is None or step.result() is not _END:
                if step is not None:
                    yield step.result()
                step = loop.run_in_executor(self._threads, _step, items)
                await asyncio.shield(step)
        except STORAGE_ERRORS as error:
            raise _unreadable(error) from error
        finally:
            if step is not None:
                # Whoever was waiting may have gone; the thread needs the connection until its step is done.
                await asyncio.wait([step])
            complete(_end(items))
            connection.close()

    async def read_ahead(self) -> None:
        """Keep in memory what is likely to be asked for; never ends."""
        await SetsAhead(self._writer.freshness, self._submit_read).keep_reading()

    async def check(self) -> str | None:
        """Say why the store takes no writes, or None; a failed commit is followed up here."""
        await self._writer.probe(_CHECK_SECONDS)
        return self._writer.trouble

    async def close(self) -> None:
        """Finish the queued writes, then close every connection."""
        await asyncio.get_running_loop().run_in_executor(None, self._close)

    def _close(self) -> None:
        """Close the writer behind the readers: the last connection writes the log back into the file."""
        self._writer.freshness.close()
        self._writer.stop()
        self._threads.shutdown()
        with contextlib.ExitStack() as closing:
            closing.callback(self._use.close)
            closing.callback(self._writer.close)
            for reader in self._readers:
                closing.callback(reader.close)


def _unreadable(error: Exception) -> Unavailable:
    _LOG.error("the database cannot be read: %s", reason(error), exc_info=error)
    return Unavailable("The database cannot be read now.")


def _step(items: AsyncGenerator[Any, None]) -> Any:
    """Return the next item of a read that waits for nothing but its statements."""
    with QUICK_TURNS:
        return complete(_next(items))


async def _next(items: AsyncGenerator[Any, None]) -> Any:
    return await anext(items, _END)


async def _end(items: AsyncGenerator[Any, None]) -> None:
    await items.aclose()
