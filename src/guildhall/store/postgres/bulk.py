"""Filling a PostgreSQL database with many rows by COPY, in one transaction.

Where no organization is there yet, indexes and foreign keys are left out until all rows are: built at once
they are faster and smaller.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

import asyncpg

from guildhall.store.clock import random_id, wall_clock
from guildhall.store.database import StartRefused
from guildhall.store.maintenance.bulk import Bulk, Step, Table
from guildhall.store.migrate import postgres_tables
from guildhall.store.name_stamps import STAMP_NAMES
from guildhall.store.postgres.connections import Link
from guildhall.store.postgres.migrate import connect_alone, migrate_postgres
from guildhall.store.postgres.transaction import PostgresTransaction

Result = TypeVar("Result")

_LOG = logging.getLogger("guildhall.store")

_OUTSIDE = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientPrivilegeError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
)
"""What the server may say that is no mistake of ours."""


_KEPT = frozenset({"orgs", "schema_info"})
"""Tables whose keys stay: the first row that is written is an organization's; none of its id may be there."""

_DEFINITIONS = """
WITH own AS (SELECT CAST(name AS regclass) AS id FROM unnest(CAST($1 AS text[])) AS name)
SELECT c.conname AS name,
       format('ALTER TABLE %s DROP CONSTRAINT %I', c.conrelid::regclass, c.conname) AS drop,
       format('ALTER TABLE %s ADD CONSTRAINT %I %s', c.conrelid::regclass, c.conname,
              pg_get_constraintdef(c.oid)) AS add,
       CASE c.contype WHEN 'f' THEN 3 ELSE 1 END AS rank
FROM pg_constraint AS c
WHERE c.conrelid IN (SELECT id FROM own) AND c.contype IN ('p', 'u', 'f') AND c.conparentid = 0
  AND NOT EXISTS (SELECT FROM pg_constraint AS k
                  WHERE c.contype <> 'f' AND k.contype = 'f' AND k.conindid = c.conindid
                    AND k.conparentid = 0 AND k.conrelid NOT IN (SELECT id FROM own))
UNION ALL
SELECT r.relname, format('DROP INDEX %I', r.relname),
       replace(pg_get_indexdef(r.oid), ' ON ONLY ', ' ON '), 2
FROM pg_class AS r JOIN pg_index AS i ON i.indexrelid = r.oid
WHERE i.indrelid IN (SELECT id FROM own)
  AND NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.conindid = r.oid)
ORDER BY rank, name
"""
"""Keys, indexes and foreign keys of some tables, in the order in which each finds what it needs; but for keys
that a table of another program refers to. An index of partitions says ONLY and is made without it, or the
partitions would have none."""

_TABLES = ", ".join(postgres_tables())
_MEMORY = "SET LOCAL maintenance_work_mem = '512MB'"


class Definition(NamedTuple):
    """A key, an index or a foreign key: how it goes and how it comes back."""

    name: str
    drop: str
    add: str
    rank: int


class _PostgresBulk:
    """See `guildhall.store.maintenance.bulk.Bulk`."""

    def __init__(self, connection: Any, url: str, missing: Sequence[Definition], step: Step) -> None:
        self._connection = connection
        self._url = url
        self._missing = missing
        self._step = step
        self.tx = PostgresTransaction(Link(connection), wall_clock(), random_id)

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
        """Build what was left out, and tell the planner of the rows."""
        await self._connection.execute(_MEMORY)
        for definition in self._missing:
            self._step(f"Building {definition.name}")
            await self._connection.execute(definition.add)
        await self._connection.execute(f"ANALYZE {_TABLES}")


def fill_postgres(url: str, fill: Callable[[Bulk], Awaitable[Result]], step: Step) -> Result:
    """Run `fill` in one transaction, and look at the tables again afterwards, for the planner.

    Raises StartRefused.
    """
    return asyncio.run(_fill(url, fill, step))


async def _fill(url: str, fill: Callable[[Bulk], Awaitable[Result]], step: Step) -> Result:
    await migrate_postgres(url)
    connection = await connect_alone(url)
    try:
        try:
            async with connection.transaction():
                await _without_triggers(connection)
                missing = await _leave_out(connection)
                result = await fill(_PostgresBulk(connection, url, missing, step))
                # This database may stand in the place of another one with the same keys.
                for (org_key,) in await connection.fetch("SELECT org_key FROM orgs"):
                    await connection.execute(STAMP_NAMES % org_key)
        except _OUTSIDE as error:
            raise StartRefused(f"The PostgreSQL database could not be filled: {error}") from error
        step("Gathering statistics")
        await _tidy_up(connection)
    finally:
        await connection.close()
    return result


async def _tidy_up(connection: Any) -> None:
    """Have the planner know the rows; they are there, whatever becomes of this."""
    try:
        await connection.execute(f"VACUUM (ANALYZE) {_TABLES}")
    except (asyncpg.PostgresError, asyncpg.InterfaceError, *_OUTSIDE) as error:
        _LOG.warning("everything was written, but VACUUM (ANALYZE) failed: run it again: %s", error)


async def _leave_out(connection: Any) -> list[Definition]:
    """Drop keys, indexes and foreign keys where there is nothing that they hold together yet."""
    if await connection.fetchval("SELECT EXISTS (SELECT FROM orgs)"):
        return []
    tables = [table for table in postgres_tables() if table not in _KEPT]
    definitions = [Definition(*row) for row in await connection.fetch(_DEFINITIONS, tables)]
    for definition in reversed(definitions):
        await connection.execute(definition.drop)
    return definitions


async def _without_triggers(connection: Any) -> None:
    """Leave out the tests of foreign keys, if this role may: all rows come from one hand."""
    with contextlib.suppress(asyncpg.InsufficientPrivilegeError):
        async with connection.transaction():
            await connection.execute("SET LOCAL session_replication_role = replica")
