"""The embedded engine: SQLite through apsw, one reader on the event loop, one writer thread (design 2.2)."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import apsw

from guildhall.store.clock import random_id, wall_clock
from guildhall.store.metrics import READ_SECONDS
from guildhall.store.sqlite_locks import SharedUse
from guildhall.store.sqlite_transaction import SQLiteTransaction, complete, connect, snapshot
from guildhall.store.sqlite_writer import Writer

Result = TypeVar("Result")

READ_BUDGET = 0.002
"""Seconds that a read may take on the event loop before it is moved to a thread."""

_ON_LOOP = READ_SECONDS.labels("loop")
_IN_THREAD = READ_SECONDS.labels("thread")
_STEPS_BETWEEN_LOOKS = 1_000
_READER_THREADS = 2


class SQLiteDatabase:
    """One SQLite file, shared between processes through locks of our own; see `Database`."""

    engine = "sqlite"

    def __init__(
        self,
        path: Path,
        *,
        vfs: str | None = None,
        clock: Callable[[], int] = wall_clock,
        new_id: Callable[[], str] = random_id,
    ) -> None:
        self.path = path
        self._vfs = vfs
        self._clock = clock
        self._new_id = new_id
        self._use = SharedUse(path)
        self._writer = Writer(path, lambda: connect(path, vfs), self._transaction)
        # The writer comes first: a read-only connection cannot make the files that WAL needs.
        self._reader = connect(path, vfs, read_only=True)
        self._reader.set_progress_handler(self._over_budget, _STEPS_BETWEEN_LOOKS)
        self._deadline = 0.0
        self._threads = ThreadPoolExecutor(_READER_THREADS, "guildhall-reader")
        self._of_thread = threading.local()

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
        begun = time.perf_counter()
        self._deadline = begun + READ_BUDGET
        try:
            result = self._read_on(self._reader, function, args, kwargs)
            _ON_LOOP.observe(time.perf_counter() - begun)
        except apsw.InterruptError:
            loop = asyncio.get_running_loop()
            result = await loop.run_in_executor(self._threads, self._read_in_thread, function, args, kwargs)
            _IN_THREAD.observe(time.perf_counter() - begun)
        return result

    def _read_in_thread(self, function: Callable[..., Awaitable[Result]], args: Any, kwargs: Any) -> Result:
        connection = getattr(self._of_thread, "connection", None)
        if connection is None:
            connection = self._of_thread.connection = connect(self.path, self._vfs, read_only=True)
        return self._read_on(connection, function, args, kwargs)

    def _read_on(
        self, connection: apsw.Connection, function: Callable[..., Any], args: Any, kwargs: Any
    ) -> Any:
        with snapshot(connection):
            return complete(function(self._transaction(connection), *args, **kwargs))

    async def write(self, function: Callable[..., Awaitable[Result]], *args: Any, **kwargs: Any) -> Result:
        """Queue a write and wait until the batch that it was part of is on disk."""
        result: Result = await self._writer.submit(function, args, kwargs)
        return result

    async def check(self) -> str | None:
        """Say why the store cannot be used, or None; a failed commit is followed up here."""
        if self._writer.trouble is not None:
            await self._writer.recover()
        return self._writer.trouble

    async def close(self) -> None:
        """Finish the queued writes, then close every connection."""
        await asyncio.get_running_loop().run_in_executor(None, self._writer.stop)
        self._threads.shutdown()
        self._reader.close()
        self._use.release()
