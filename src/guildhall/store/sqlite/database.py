"""The embedded engine: SQLite through apsw, one reader on the event loop, one writer thread (design 2.2)."""

import asyncio
import contextlib
import logging
import math
import threading
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar, cast

import apsw

from guildhall.model.errors import Unavailable
from guildhall.store.clock import random_id, wall_clock
from guildhall.store.database import Replica
from guildhall.store.metrics import READ_SECONDS
from guildhall.store.sqlite.errors import STORAGE_ERRORS, reason, refusing
from guildhall.store.sqlite.locks import SharedUse
from guildhall.store.sqlite.threads import QUICK_TURNS
from guildhall.store.sqlite.transaction import SQLiteTransaction, complete, connect_durably, snapshot
from guildhall.store.sqlite.writer import Writer
from guildhall.store.streams import StreamLimit

Result = TypeVar("Result")

READ_BUDGET = 0.002
"""Seconds that a read may take on the event loop before it is moved to a thread."""

_LOG = logging.getLogger("guildhall.store")
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
        self.replica: Replica | None = None
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
        return time.perf_counter() > self._deadline

    async def read(self, function: Callable[..., Awaitable[Result]], *args: Any, **kwargs: Any) -> Result:
        """Run a read on the loop's connection, or again in a thread when it exceeds its budget."""
        try:
            return cast("Result", self._read_on_loop(function, args, kwargs))
        except apsw.InterruptError:
            return cast("Result", await self._read_again(function, args, kwargs))
        except STORAGE_ERRORS as error:
            raise _unreadable(error) from error

    def _read_on_loop(self, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        reader = self._reader
        try:
            # What `snapshot` does, without what a context manager costs each request.
            reader.execute("BEGIN")
            # Only what runs between BEGIN and ROLLBACK may be interrupted: the connection has to leave the
            # transaction whatever happens.
            self._deadline = time.perf_counter() + READ_BUDGET
            try:
                return complete(function(self._transaction(reader), *args, **kwargs))
            finally:
                self._deadline = math.inf
        finally:
            if reader.in_transaction:
                reader.execute("ROLLBACK")

    async def _read_again(self, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        begun, loop = time.perf_counter(), asyncio.get_running_loop()
        try:
            result = await loop.run_in_executor(self._threads, self._read_in_thread, function, args, kwargs)
        except STORAGE_ERRORS as error:
            raise _unreadable(error) from error
        READ_SECONDS.observe(time.perf_counter() - begun)
        return result

    def _connection_of_thread(self) -> apsw.Connection:
        connection: apsw.Connection | None = getattr(self._of_thread, "connection", None)
        if connection is None:
            connection = self._of_thread.connection = self._connect_reader()
            connection.pragma("cache_size", _THREAD_CACHE)
        return connection

    def _read_in_thread(self, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        connection = self._connection_of_thread()
        with snapshot(connection), QUICK_TURNS:
            return complete(function(self._transaction(connection), *args, **kwargs))

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

    async def check(self) -> str | None:
        """Say why the store takes no writes, or None; a failed commit is followed up here."""
        await self._writer.probe(_CHECK_SECONDS)
        return self._writer.trouble

    async def close(self) -> None:
        """Finish the queued writes, then close every connection."""
        await asyncio.get_running_loop().run_in_executor(None, self._close)

    def _close(self) -> None:
        """Close the writer behind the readers: the last connection writes the log back into the file."""
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
