"""PostgreSQL through asyncpg: one request is one transaction (design 2.2)."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import aclosing
from typing import Any, TypeVar

import asyncpg

from guildhall.model.errors import Unavailable
from guildhall.store.clock import random_id, wall_clock
from guildhall.store.freshness import Freshness
from guildhall.store.postgres_migrate import migrate_postgres
from guildhall.store.statement import Statement

Result = TypeVar("Result")

_ATTEMPTS = 5
_POOL_SIZE = 10

_REPEATABLE = (
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    # Two writers passed the same look-up; the one that comes second finds the other on its next try.
    asyncpg.UniqueViolationError,
    # What a writer had looked up was deleted before it referred to it; its next try does not find it.
    asyncpg.ForeignKeyViolationError,
)
_LOST = (OSError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.OperatorInterventionError)


class PostgresTransaction:
    """Statements on one pooled connection; see `guildhall.store.database.Transaction`."""

    __slots__ = ("_connection", "_new_id", "effects", "now")

    engine = "postgres"

    def __init__(self, connection: Any, now: int, new_id: Callable[[], str]) -> None:
        self._connection = connection
        self._new_id = new_id
        self.now = now
        self.effects: list[Callable[[], None]] = []

    def new_id(self) -> str:
        """Return a new UUID in lower case."""
        return self._new_id()

    async def one(self, statement: Statement[Result], **parameters: Any) -> Result | None:
        """Return the first row as the statement's struct, or None."""
        row = await self._connection.fetchrow(statement.postgres, *statement.bind(parameters))
        return statement.row(*row) if row is not None and statement.row else None

    async def all(self, statement: Statement[Result], **parameters: Any) -> list[Result]:
        """Return all rows as the statement's structs."""
        make: Callable[..., Result] = statement.row  # type: ignore[assignment]
        rows = await self._connection.fetch(statement.postgres, *statement.bind(parameters))
        return [make(*row) for row in rows]

    async def value(self, statement: Statement[Any], **parameters: Any) -> Any:
        """Return the first column of the first row, or None."""
        return await self._connection.fetchval(statement.postgres, *statement.bind(parameters))

    async def values(self, statement: Statement[Any], **parameters: Any) -> list[Any]:
        """Return the first column of every row."""
        rows = await self._connection.fetch(statement.postgres, *statement.bind(parameters))
        return [row[0] for row in rows]

    async def run(self, statement: Statement[Any], **parameters: Any) -> int:
        """Run a statement that returns no rows; return how many rows it changed."""
        tag = await self._connection.execute(statement.postgres, *statement.bind(parameters))
        return int(tag.rpartition(" ")[2])

    async def run_many(self, statement: Statement[Any], rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement once for each row of parameters."""
        await self._connection.executemany(statement.postgres, rows)

    def name_scan(self, org_key: int) -> None:
        """Return nothing: what other machines rename is only known by reading."""

    def take_turn(self) -> None:
        """Do nothing: the server searches, not this process."""

    def after_commit(self, effect: Callable[[], None]) -> None:
        """Call `effect` once the transaction is on disk."""
        self.effects.append(effect)


class PostgresDatabase:
    """A PostgreSQL database behind a pool of connections; see `Database`."""

    engine = "postgres"

    def __init__(
        self, pool: Any, *, clock: Callable[[], int] = wall_clock, new_id: Callable[[], str] = random_id
    ) -> None:
        self.trouble: str | None = None
        self.freshness: Freshness | None = None
        self._pool = pool
        self._clock = clock
        self._new_id = new_id

    async def read(self, function: Callable[..., Awaitable[Result]], *args: Any, **kwargs: Any) -> Result:
        """Run a read on one snapshot."""
        try:
            async with (
                self._pool.acquire() as connection,
                connection.transaction(isolation="repeatable_read", readonly=True),
            ):
                return await function(self._transaction(connection), *args, **kwargs)
        except _LOST as error:
            raise self._lost(error) from error

    async def stream(
        self, function: Callable[..., AsyncGenerator[Result, None]], *args: Any, **kwargs: Any
    ) -> AsyncGenerator[Result, None]:
        """Give what a long read yields, on a connection of its own."""
        try:
            async with (
                self._pool.acquire() as connection,
                connection.transaction(isolation="repeatable_read", readonly=True),
                aclosing(function(self._transaction(connection), *args, **kwargs)) as items,
            ):
                async for item in items:
                    yield item
        except _LOST as error:
            raise self._lost(error) from error

    async def write(self, function: Callable[..., Awaitable[Result]], *args: Any, **kwargs: Any) -> Result:
        """Run a write; a deadlock or a serialization failure repeats it as a whole."""
        for _ in range(_ATTEMPTS):
            try:
                return await self._write_once(function, args, kwargs)
            except _REPEATABLE:
                continue
            except _LOST as error:
                raise self._lost(error) from error
        raise Unavailable("Too many requests change the same thing at once.")

    async def _write_once(self, function: Callable[..., Awaitable[Result]], args: Any, kwargs: Any) -> Result:
        async with self._pool.acquire() as connection:
            async with connection.transaction():
                transaction = self._transaction(connection)
                result = await function(transaction, *args, **kwargs)
            for effect in transaction.effects:
                effect()
            self.trouble = None
            return result

    def _transaction(self, connection: Any) -> PostgresTransaction:
        return PostgresTransaction(connection, self._clock(), self._new_id)

    def _lost(self, error: BaseException) -> Unavailable:
        self.trouble = f"The database cannot be reached: {type(error).__name__}"
        return Unavailable("The database cannot be reached now; the outcome of this request is not known.")

    async def check(self) -> str | None:
        """Say why the database cannot be used, or None."""
        try:
            async with self._pool.acquire(timeout=2) as connection:
                await connection.fetchval("SELECT 1")
        except (*_LOST, TimeoutError) as error:
            return str(self._lost(error))
        self.trouble = None
        return None

    async def close(self) -> None:
        """Close the pool once its connections are idle."""
        await self._pool.close()


async def open_postgres(
    url: str, *, clock: Callable[[], int] = wall_clock, new_id: Callable[[], str] = random_id
) -> PostgresDatabase:
    """Open the database at `url`, created or migrated where needed; raises StartRefused."""
    await migrate_postgres(url)
    pool = await asyncpg.create_pool(url, min_size=1, max_size=_POOL_SIZE, command_timeout=60)
    return PostgresDatabase(pool, clock=clock, new_id=new_id)
