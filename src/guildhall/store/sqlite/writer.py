"""The one thread that writes to SQLite, many operations to a commit (design 2.2)."""

import asyncio
import collections
import contextlib
import logging
import math
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw

from guildhall.model.errors import Unavailable
from guildhall.store.metrics import BATCH_SIZE, COMMIT_SECONDS
from guildhall.store.sqlite.errors import STORAGE_ERRORS, reason
from guildhall.store.sqlite.locks import WriteLock, beside, identity
from guildhall.store.sqlite.threads import QUICK_TURNS
from guildhall.store.sqlite.transaction import SQLiteTransaction, complete

BATCH_OPERATIONS = 64
BATCH_SECONDS = 0.010
"""A batch ends at so many operations, or when they have taken so long together."""

_SECONDS_TO_STOP = 2.0
"""For so long a writer that is told to stop waits for another process that has the lock."""

_SECONDS_BETWEEN_LOOKS = 0.05
_LOG = logging.getLogger("guildhall.store")


class _Operation:
    """A queued write and where its outcome is awaited."""

    __slots__ = ("arguments", "effects", "error", "function", "future", "keywords", "loop", "result")

    def __init__(
        self, function: Callable[..., Any], arguments: tuple[Any, ...], keywords: dict[str, Any]
    ) -> None:
        self.function = function
        self.arguments = arguments
        self.keywords = keywords
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self.loop.create_future()
        self.result: Any = None
        self.error: BaseException | None = None
        self.effects: list[Callable[[], None]] = []

    def fail(self, error: BaseException) -> None:
        """Replace whatever came out by `error`."""
        self.result, self.error, self.effects = None, error, []

    def settle(self) -> None:
        """Deliver the outcome on the loop; a caller that has gone meanwhile cancels nothing."""
        for effect in self.effects:
            try:
                effect()
            except Exception:  # noqa: BLE001 -- the change is on disk, and the callers behind this one wait
                _LOG.exception("an effect after a commit failed")
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class Writer:
    """Runs queued operations in batches; every answer is delivered after the commit of its batch.

    One that has not begun after `patience` seconds, because others write, is refused.
    """

    def __init__(
        self,
        path: Path,
        connect: Callable[[], apsw.Connection],
        begin: Callable[[apsw.Connection], SQLiteTransaction],
        patience: float = math.inf,
    ) -> None:
        self._trouble: str | None = None
        self._patience = patience
        self._waits_since: float | None = None
        """When the thread began to wait for the lock, while it does."""
        self._left = False
        """Whether the thread was left waiting for the lock, when the writer was stopped."""
        self._connect = connect
        self._begin = begin
        self._path = path
        self._lock = WriteLock(path)
        try:
            self._connection = connect()
        except BaseException:
            self._lock.close()
            raise
        self._identity = identity(path)
        self._accept_file()
        self._queue: collections.deque[_Operation] = collections.deque()
        self._wake = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._serve, name="guildhall-writer", daemon=True)
        self._thread.start()

    @property
    def trouble(self) -> str | None:
        """Why nothing can be written now, or None."""
        if self._trouble is None and self._has_waited(self._patience):
            return f"Another process has kept the write lock for more than {self._patience:g} seconds."
        return self._trouble

    def _has_waited(self, seconds: float) -> bool:
        since = self._waits_since
        return since is not None and time.monotonic() - since >= seconds

    async def submit(
        self, function: Callable[..., Any], arguments: tuple[Any, ...], keywords: dict[str, Any]
    ) -> Any:
        """Queue `function(tx, …)` and return what it returned, once that is on disk."""
        operation = _Operation(function, arguments, keywords)
        with self._wake:
            if self._stopping:
                raise Unavailable("The server is stopping.")
            if self._has_waited(self._patience):
                raise _too_long()
            self._queue.append(operation)
            self._wake.notify()
        if math.isinf(self._patience):
            return await operation.future
        timer = operation.loop.call_later(self._patience, self._give_up, operation)
        try:
            return await operation.future
        finally:
            timer.cancel()

    def _give_up(self, operation: _Operation) -> None:
        """Refuse an operation whose turn has not come; one that has begun is carried out."""
        with self._wake:
            if operation not in self._queue:
                return
            self._queue.remove(operation)
        _LOG.error("a write was refused: others have kept it waiting for %g seconds", self._patience)
        operation.fail(_too_long())
        operation.settle()

    async def probe(self, seconds: float) -> None:
        """Try an empty write for some seconds: it finds out trouble that nobody knows of, and leaves it."""
        with contextlib.suppress(Unavailable, TimeoutError):
            async with asyncio.timeout(seconds):
                await self.submit(_nothing, (), {})

    def has_file(self) -> bool:
        """Whether the paths still lead to the files that were opened; what is written elsewhere is lost."""
        return identity(self._path) == self._identity and self._lock.in_place()

    def _accept_file(self) -> None:
        """Take the file as it is where there is no log: nothing was written that it might not belong to."""
        log = beside(self._path, "-wal")
        if self._lock.try_to_hold():
            if not log.exists() or not log.stat().st_size:
                self._lock.enter()
            self._lock.let_go()

    def stop(self) -> None:
        """Run what is queued, then end the thread; blocks until that is done.

        What another process keeps waiting for long is refused, and the thread left to itself.
        """
        with self._wake:
            self._stopping = True
            self._wake.notify()
        while self._thread.is_alive() and not self._leave():
            self._thread.join(_SECONDS_BETWEEN_LOOKS)

    def _leave(self) -> bool:
        with self._wake:
            self._left = self._has_waited(min(self._patience, _SECONDS_TO_STOP))
            refused = self._take_all() if self._left else []
        for operation in refused:
            operation.fail(Unavailable("The server is stopping; nothing was changed."))
        _settle_on_loops(refused)
        return self._left

    def close(self) -> None:
        """Close a stopped writer's connection; the last one to a file writes the log back into it."""
        # Who has the lock has the file open, too: then this is not the last connection.
        is_held = not self._left and self._lock.try_to_hold()
        try:
            self._close_connection(notes=is_held and self._lock.is_as_left())
        finally:
            # A thread that waits for the lock needs its file until it has it.
            if not self._left:
                self._lock.close()

    def _close_connection(self, *, notes: bool) -> None:
        if notes:
            self._lock.enter()
        self._connection.close()
        if notes and self._path.exists():
            self._lock.leave()

    def _serve(self) -> None:
        while True:
            with self._wake:
                while not self._queue and not self._stopping:
                    self._wake.wait()
                if not self._queue:
                    return
                self._waits_since = time.monotonic()
            self._run_batch()
            if self._left:
                self._lock.close()
                return

    def _run_batch(self) -> None:
        done: list[_Operation] = []
        try:
            with self._lock, QUICK_TURNS:
                if not self._end_wait():
                    return
                self._require_file()
                self._lock.enter()
                self._scrub()
                self._connection.execute("BEGIN IMMEDIATE")
                self._fill(done)
                self._commit()
                self._lock.leave()
        except BaseException as error:  # noqa: BLE001 -- whatever broke the batch, its callers get an answer
            self._abandon(done, error)
        _settle_on_loops(done)

    def _end_wait(self) -> bool:
        """Note that the lock was got; return whether it is still wanted."""
        with self._wake:
            self._waits_since = None
            return not self._left

    def _require_file(self) -> None:
        if not self.has_file():
            raise OSError("its file, or the .lock beside it, was removed or replaced. Restart the server")
        if not self._lock.is_as_left():
            # What is in the log belongs to the file that was there, and must not be written into this one.
            self._connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
            raise OSError(
                "another program has written over its file. Stop the server and put a backup in its place"
                " with `guildhall restore`"
            )

    def _fill(self, done: list[_Operation]) -> None:
        end = time.perf_counter() + BATCH_SECONDS
        while len(done) < BATCH_OPERATIONS and (operation := self._next()) is not None:
            done.append(operation)
            self._run(operation)
            if time.perf_counter() > end:
                break
        if done:
            BATCH_SIZE.observe(len(done))

    def _next(self) -> _Operation | None:
        with self._wake:
            return self._queue.popleft() if self._queue else None

    def _take_all(self) -> list[_Operation]:
        taken = list(self._queue)
        self._queue.clear()
        return taken

    def _run(self, operation: _Operation) -> None:
        transaction = self._begin(self._connection)
        written = False

        def on_first_write() -> None:
            nonlocal written
            written = True
            self._connection.execute("SAVEPOINT operation")

        transaction.on_first_write = on_first_write
        try:
            operation.result = complete(
                operation.function(transaction, *operation.arguments, **operation.keywords)
            )
            operation.effects = transaction.effects
            if written:
                self._connection.execute("RELEASE operation")
        except BaseException as error:  # noqa: BLE001 -- delivered to the caller, or ends the batch below
            self._undo(operation, error, written=written)

    def _undo(self, operation: _Operation, error: BaseException, *, written: bool) -> None:
        if not self._connection.in_transaction:
            raise error
        if written:
            self._connection.execute("ROLLBACK TO operation")
            self._connection.execute("RELEASE operation")
        operation.fail(self._as_answer(error))

    def _as_answer(self, error: BaseException) -> BaseException:
        if not isinstance(error, STORAGE_ERRORS):
            return error
        self._begin_trouble(error)
        return Unavailable("The database cannot be written now.")

    def _begin_trouble(self, error: BaseException) -> None:
        if self._trouble is None:
            _LOG.error("the database cannot be written", exc_info=error)
        self._trouble = f"The database could not be written: {reason(error)}."

    def _commit(self) -> None:
        begin = time.perf_counter()
        self._connection.execute("COMMIT")
        COMMIT_SECONDS.observe(time.perf_counter() - begin)

    def _scrub(self) -> None:
        """After a failure, commit one row before taking more: only then is it known what is on disk."""
        if self._trouble is None:
            return
        self._connection.close(True)  # noqa: FBT003 -- positional in apsw; unfinished statements do not matter
        self._connection = self._connect()
        self._connection.execute("BEGIN IMMEDIATE; UPDATE schema_info SET scrubs = scrubs + 1; COMMIT")
        self._trouble = None

    def _abandon(self, done: list[_Operation], error: BaseException) -> None:
        """Nothing of the batch counts: not on disk, or not known to be. Callers may ask again.

        When nothing could be begun, all who wait are told, or each would wait for a failure of its own.
        """
        self._waits_since = None
        self._begin_trouble(error)
        with contextlib.suppress(apsw.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        outcome = "the outcome of this request is not known"
        if not done:
            outcome = "nothing was changed"
            with self._wake:
                done += self._take_all()
        for operation in done:
            operation.fail(Unavailable(f"The database cannot be written now; {outcome}."))


def _too_long() -> Unavailable:
    return Unavailable("Others are writing to the database for too long; nothing was changed.")


async def _nothing(_: SQLiteTransaction) -> None:
    """Write nothing; submitting it makes the writer find out whether it can."""


def _settle_on_loops(done: list[_Operation]) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[_Operation]] = {}
    for operation in done:
        by_loop.setdefault(operation.loop, []).append(operation)
    for loop, operations in by_loop.items():
        # A loop that was closed under its callers has nobody left to tell.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_settle_all, operations)


def _settle_all(operations: list[_Operation]) -> None:
    for operation in operations:
        operation.settle()
