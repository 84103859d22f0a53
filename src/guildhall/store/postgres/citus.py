"""Spreading the tables over the nodes of Citus: what it is told, in which order (ADR 20).

Every row of an organization lies on one shard, which its `org_key` decides. The two tables that are looked up
before an organization is known lie on every node.
"""

import re
from typing import Any, NamedTuple

import asyncpg

from guildhall.store.database import StartRefused
from guildhall.store.migrate import migrations, postgres_tables
from guildhall.store.postgres.migrate import begin_migration, connect_alone, prepare_migration

_FUNCTION = re.compile(r"^CREATE FUNCTION (\w+)\((.*?)\)", re.MULTILINE)

REFERENCE_TABLES = frozenset({"schema_info", "orgs"})
"""Tables that lie on every node: `orgs.id` is unique across all organizations."""

_ONE_AFTER_THE_OTHER = "SET LOCAL citus.multi_shard_modify_mode TO 'sequential'"
"""In one transaction with tables that foreign keys bind together Citus needs it."""

_IS_CITUS = "SELECT EXISTS (SELECT FROM pg_proc WHERE proname = 'create_distributed_table')"
_DONE = "SELECT CAST(CAST(logicalrelid AS regclass) AS TEXT) FROM pg_dist_partition"


class Distribution(NamedTuple):
    """What is told to Citus, or would be: `ran` says whether it was."""

    statements: list[str]
    ran: bool


async def distribute_postgres(url: str) -> Distribution:
    """Spread the tables that are not spread yet, all or nothing; without Citus only say how.

    The database must have the schema of this program. Raises StartRefused.
    """
    connection = await connect_alone(url)
    try:
        await prepare_migration(connection)
        async with connection.transaction():
            await begin_migration(connection)
            if not await connection.fetchval(_IS_CITUS):
                return Distribution(distribution(), ran=False)
            statements = distribution(frozenset(row[0] for row in await connection.fetch(_DONE)))
            for statement in statements:
                await connection.execute(statement)
        await _truncate(connection)
    except asyncpg.PostgresError as error:
        raise StartRefused(f"The tables could not be distributed: {error}") from error
    finally:
        await connection.close()
    return Distribution(statements, ran=True)


def distribution(done: frozenset[str] = frozenset()) -> list[str]:
    """Return the statements that spread the tables, but for those that are `done`.

    A table comes behind those that its foreign keys refer to, as in the migrations; all are co-located.
    """
    texts = "\n".join(text for _, text in migrations("postgres", after=-1))
    tables = postgres_tables()
    wanted = [table for table in tables if table not in done]
    if not wanted:
        return []
    functions = [f"{name}({_types(parameters)})" for name, parameters in _FUNCTION.findall(texts)]
    first = next(table for table in tables if table not in REFERENCE_TABLES)
    return [
        _ONE_AFTER_THE_OTHER,
        *(f"SELECT create_distributed_function('{function}')" for function in functions),
        *(f"SELECT create_reference_table('{table}')" for table in wanted if table in REFERENCE_TABLES),
        *(_distribute(table, first) for table in wanted if table not in REFERENCE_TABLES),
    ]


def _distribute(table: str, first: str) -> str:
    beside = "none" if table == first else first
    return f"SELECT create_distributed_table('{table}', 'org_key', colocate_with => '{beside}')"


def _types(parameters: str) -> str:
    """Return `bigint, text` for `org_key BIGINT, folded TEXT`."""
    return ", ".join(part.split()[-1].lower() for part in parameters.split(",") if part)


async def _truncate(connection: Any) -> None:
    """Remove the rows that are on the shards now from the tables that they came from.

    An earlier run may have left some. Raises StartRefused.
    """
    try:
        for table in reversed(postgres_tables()):
            local = await connection.fetchval(f"SELECT pg_relation_size('{table}')")
            if local and table not in REFERENCE_TABLES:
                await connection.execute(f"SELECT truncate_local_data_after_distributing_table('{table}')")
    except asyncpg.PostgresError as error:
        raise StartRefused(
            "The tables are distributed, but the rows that they were filled from could not be removed:"
            f" {error}. Run this again."
        ) from error
