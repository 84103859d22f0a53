"""PostgreSQL through asyncpg: one request is one transaction (design 2.2)."""

import asyncio
import contextlib
import logging
import math
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

from guildhall.model.errors import GuildhallError, Unavailable
from guildhall.settings import Settings
from guildhall.store.clock import random_id, wall_clock
from guildhall.store.database import Replica
from guildhall.store.name_samples import NameSamples
from guildhall.store.postgres.connections import (
    COMMAND_LIMITS,
    READ,
    WRITE,
    Limits,
    Link,
    find_way,
    server_limits,
)
from guildhall.store.postgres.errors import (
    CONFLICTS,
    LOST,
    TookTooLong,
    is_trouble,
    is_undone,
    is_worth_another,
    unknown_outcome,
    without_outcome,
)
from guildhall.store.postgres.lookup_batches import Lookups
from guildhall.store.postgres.migrate import migrate_postgres
from guildhall.store.postgres.pool import Pool
from guildhall.store.postgres.transaction import (
    CountingLink,
    LoneRead,
    PostgresTransaction,
    SecondStatement,
)
from guildhall.store.streams import StreamLimit

Result = TypeVar("Result")
Function = Callable[..., Awaitable[Result]]

_ATTEMPTS = 8
"""How often a transaction is tried that others get in the way of."""

_LONGEST_PAUSE = 0.2
"""Seconds; each pause is a random part of one that doubles up to this, so that rivals do not meet again."""

_CHECK_SECONDS = 2.0
_TAKES_NO_WRITES = "SELECT current_setting('transaction_read_only') = 'on'"
_LOG = logging.getLogger("guildhall.store")


class PostgresDatabase:
    """A PostgreSQL database behind a pool of connections; see `Database`."""

    engine = "postgres"

    def __init__(
        self, pool: Pool, *, clock: Callable[[], int] = wall_clock, new_id: Callable[[], str] = random_id
    ) -> None:
        self.trouble: str | None = None
        self.replica: Replica | None = None
        self._pool = pool
        self._clock = clock
        self._new_id = new_id
        self._streams = StreamLimit(pool.most // 2, pool.seconds)
        """A stream goes on for as long as its reader takes; the others need connections as well."""
        self._several: set[Any] = set()
        """The functions that needed several statements when they last read."""
        self._lookups = Lookups(self._run_alone)
        self._samples = NameSamples()

    async def read(self, function: Function[Result], *args: Any, **kwargs: Any) -> Result:
        """Run a read on one snapshot; where the last one was of one statement, without a transaction."""
        kind = getattr(function, "__code__", function)
        if kind not in self._several:
            alone = LoneRead(self._run_alone, self._lookups, self._clock(), self._new_id, self._samples)
            try:
                return await function(alone, *args, **kwargs)
            except SecondStatement:
                self._several.add(kind)

        def call(tx: PostgresTransaction) -> Awaitable[Result]:
            return function(tx, *args, **kwargs)

        try:
            return await self._persist(partial(self._read_once, call, kind))
        except GuildhallError:
            # What is missing, or wrong, takes more statements to say than what is there.
            self._several.discard(kind)
            raise

    async def _run_alone(self, use: Callable[[Link], Awaitable[Result]]) -> Result:
        """Run a statement that needs no transaction on any link."""
        return await self._persist(partial(_alone, use))

    async def write(self, function: Function[Result], *args: Any, **kwargs: Any) -> Result:
        """Run a write; a deadlock, a serialization failure or a lost connection repeats it as a whole.

        Nothing is repeated once the commit was sent.
        """

        def call(tx: PostgresTransaction) -> Awaitable[Result]:
            return function(tx, *args, **kwargs)

        return await self._persist(partial(self._write_once, call))

    async def _persist(self, run: Callable[[Link], Awaitable[Result]]) -> Result:
        """Run a transaction; again where others came in its way, and once more on another connection."""
        lost = False
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return await self._on_link(run)
            except GuildhallError:
                raise
            except CONFLICTS as error:
                if attempt == _ATTEMPTS:
                    raise self._failure(error) from error
                await asyncio.sleep(random.uniform(0, min(_LONGEST_PAUSE, 0.005 * 2**attempt)))  # noqa: S311
            except Exception as error:
                if not is_trouble(error):
                    raise
                if isinstance(error, LOST):
                    self._pool.distrust()
                if lost or attempt == _ATTEMPTS or not is_worth_another(error):
                    raise self._failure(error) from error
                lost = True
        raise AssertionError("the last attempt ends in an answer")

    async def _on_link(self, run: Callable[[Link], Awaitable[Result]], seconds: float = math.inf) -> Result:
        link = await self._pool.acquire(seconds)
        try:
            return await run(link)
        except (GuildhallError, *CONFLICTS):
            raise
        except BaseException:
            # Whatever state it is in, a new one is as good.
            link.is_broken = True
            raise
        finally:
            self._pool.release(link)

    async def _read_once(self, function: Function[Result], kind: Any, link: Link) -> Result:
        counted = CountingLink(link)
        result = await _within(READ, link, function, self._transaction(counted))
        await link.roll_back()
        if counted.statements <= 1:
            self._several.discard(kind)
        return result

    async def _write_once(self, function: Function[Result], link: Link) -> Result:
        transaction = self._transaction(link)
        result = await _within(WRITE, link, function, transaction)
        await self._commit(link, transaction)
        self.trouble = None
        for effect in transaction.effects:
            effect()
        return result

    async def _commit(self, link: Link, transaction: PostgresTransaction) -> None:
        try:
            committed = await transaction.commit()
        except Exception as error:
            if is_undone(error) or not is_trouble(error):
                await link.roll_back()
                raise
            link.is_broken = True
            _LOG.error("the outcome of a commit is not known: %s: %s", type(error).__name__, error)
            self._pool.distrust()
            raise unknown_outcome() from error
        if not committed:
            raise RuntimeError("a transaction went on after a statement of it had failed")

    async def stream(
        self, function: Callable[..., AsyncGenerator[Result, None]], *args: Any, **kwargs: Any
    ) -> AsyncGenerator[Result, None]:
        """Give what a long read yields, on a connection of its own; half of them are for streams."""
        async with (
            self._streams.turn(),
            contextlib.aclosing(self._stream(function, args, kwargs)) as items,
        ):
            async for item in items:
                yield item

    async def _stream(
        self, function: Callable[..., AsyncGenerator[Result, None]], args: Any, kwargs: Any
    ) -> AsyncGenerator[Result, None]:
        link: Link | None = None
        try:
            link = await self._begin_stream()
            async with contextlib.aclosing(function(self._transaction(link), *args, **kwargs)) as items:
                async for item in items:
                    yield item
            await link.roll_back()
        except Exception as error:
            if not is_trouble(error):
                raise
            if isinstance(error, LOST):
                self._pool.distrust()
            raise self._failure(error) from error
        finally:
            if link is not None:
                # One that was left before its end is still within its transaction, and cut.
                self._pool.release(link)

    async def _begin_stream(self) -> Link:
        """Return a link within a read transaction; in the place of one that was lost, another."""
        try:
            return await self._begin_on_link()
        except LOST as error:
            if not is_worth_another(error):
                raise
            self._pool.distrust()
            return await self._begin_on_link()

    async def _begin_on_link(self) -> Link:
        link = await self._pool.acquire()
        try:
            await link.begin(READ)
        except BaseException:
            link.is_broken = True
            self._pool.release(link)
            raise
        return link

    def _transaction(self, link: Any) -> PostgresTransaction:
        return PostgresTransaction(link, self._clock(), self._new_id, self._samples)

    def _failure(self, error: BaseException) -> Unavailable:
        self.trouble = f"The database cannot do its work: {type(error).__name__}"
        _LOG.warning("the database could not do its work: %s: %s", type(error).__name__, error)
        return without_outcome(error)

    async def check(self) -> str | None:
        """Say why the database cannot be used, or None; it can where all connections are used by others."""
        try:
            self.trouble = await self._on_link(_find_trouble, _CHECK_SECONDS)
        except Unavailable as error:
            # None can be had now; those that there are need not be lost.
            self.trouble = None if self._pool.is_busy else str(error)
            return self.trouble
        except Exception as error:
            if not is_trouble(error):
                raise
            self._failure(error)
        if self.trouble is not None:
            self._pool.distrust()
        return self.trouble

    async def close(self) -> None:
        """Close the pool once its connections are idle."""
        if self.replica is not None:
            await self.replica.close()
        await self._pool.close()


async def _alone(use: Callable[[Link], Awaitable[Result]], link: Link) -> Result:
    try:
        return await use(link)
    except TimeoutError as error:
        if link.is_limited_alone:
            raise
        raise TookTooLong from error


async def _within(
    how: str, link: Link, function: Function[Result], transaction: PostgresTransaction
) -> Result:
    """Begin a transaction and run the function in it; what it refuses is rolled back."""
    await link.begin(how)
    try:
        return await function(transaction)
    except (GuildhallError, *CONFLICTS):
        await link.roll_back()
        raise


async def _find_trouble(link: Link) -> str | None:
    async with asyncio.timeout(_CHECK_SECONDS):
        row = await link.first(_TAKES_NO_WRITES, ())
    return "The database takes no writes: it is a replica, or read-only." if row[0] else None


async def open_postgres(
    url: str,
    settings: Settings | None = None,
    *,
    clock: Callable[[], int] = wall_clock,
    new_id: Callable[[], str] = random_id,
) -> PostgresDatabase:
    """Open the database at `url`, created or migrated where needed; raises StartRefused.

    Without settings, as for a command, no statement is cut off.
    """
    await migrate_postgres(url)
    limits = COMMAND_LIMITS if settings is None else server_limits(settings)
    return PostgresDatabase(await open_pool(url, limits), clock=clock, new_id=new_id)


async def open_pool(url: str, limits: Limits) -> Pool:
    """Find out how a server is connected to, and return a pool of connections; raises StartRefused."""
    return Pool(await find_way(url, limits), limits)
