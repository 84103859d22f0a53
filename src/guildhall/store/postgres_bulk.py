"""Filling a PostgreSQL database with many rows by COPY, in one transaction."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, TypeVar

import asyncpg

from guildhall.store.bulk import Bulk, Step, Table
from guildhall.store.clock import random_id, wall_clock
from guildhall.store.database import StartRefused
from guildhall.store.postgres import PostgresTransaction
from guildhall.store.postgres_migrate import connect_alone, migrate_postgres

Result = TypeVar("Result")

_OUTSIDE = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientPrivilegeError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
)
"""What the server may say that is no mistake of ours."""


class _PostgresBulk:
    """See `guildhall.store.bulk.Bulk`."""

    def __init__(self, connection: Any, url: str) -> None:
        self._connection = connection
        self._url = url
        self.tx = PostgresTransaction(connection, wall_clock(), random_id)

    async def reserve(self, table: str, key: str, count: int) -> int:
        """Return the first of `count` keys; who asks meanwhile waits, and gets those behind them."""
        connection = await connect_alone(self._url)
        try:
            async with connection.transaction():
                sequence = await connection.fetchval("SELECT pg_get_serial_sequence($1, $2)", table, key)
                first: int = await connection.fetchval("SELECT nextval($1)", sequence)
                await connection.execute(f"ALTER SEQUENCE {sequence} INCREMENT BY {max(1, count)}")
                await connection.fetchval("SELECT nextval($1)", sequence)
                await connection.execute(f"ALTER SEQUENCE {sequence} INCREMENT BY 1")
        finally:
            await connection.close()
        return first

    async def copy(self, table: Table, rows: Iterable[Sequence[Any]]) -> None:
        """Insert many rows by COPY."""
        await self._connection.copy_records_to_table(table.name, columns=table.columns, records=rows)

    async def index(self) -> None:
        """Tell the planner of the rows; the indexes were kept all the time."""
        await self._connection.execute("ANALYZE")


def fill_postgres(url: str, fill: Callable[[Bulk], Awaitable[Result]], step: Step) -> Result:
    """Run `fill` in one transaction, and look at the tables again afterwards, for the planner.

    Raises StartRefused.
    """
    return asyncio.run(_fill(url, fill, step))


async def _fill(url: str, fill: Callable[[Bulk], Awaitable[Result]], step: Step) -> Result:
    await migrate_postgres(url)
    connection = await connect_alone(url)
    try:
        async with connection.transaction():
            await _without_triggers(connection)
            result = await fill(_PostgresBulk(connection, url))
        step("Gathering statistics")
        await connection.execute("VACUUM (ANALYZE)")
    except _OUTSIDE as error:
        raise StartRefused(f"The PostgreSQL database could not be filled: {error}") from error
    finally:
        await connection.close()
    return result


async def _without_triggers(connection: Any) -> None:
    """Leave out the tests of foreign keys, if this role may: all rows come from one hand."""
    with contextlib.suppress(asyncpg.InsufficientPrivilegeError):
        async with connection.transaction():
            await connection.execute("SET LOCAL session_replication_role = replica")
