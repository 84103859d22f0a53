"""Create or migrate the schema of a PostgreSQL database, or refuse it and say why."""

from typing import Any

import asyncpg

from guildhall.store.database import StartRefused
from guildhall.store.events import KEYS_OF_TRANSACTION
from guildhall.store.migrate import (
    EMPTY,
    SELECT_VERSIONS,
    Versions,
    migrations,
    record_version,
    require_known_schema,
    require_same_unicode,
)

_POSTGRES_LOCK = 0x6775696C  # "guil"
_WRONG_COLLATION = """
SELECT table_name || '.' || column_name FROM information_schema.columns
WHERE table_schema = current_schema() AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'
  AND table_name IN (SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema())
ORDER BY 1
"""

_RAISE_EVENT_OFFSETS = f"""
UPDATE orgs SET event_offset = found.newest - found.next_id + 1
FROM (SELECT o.org_key,
             (SELECT MAX(e.event_key) FROM events AS e WHERE e.org_key = o.org_key)
             / {KEYS_OF_TRANSACTION} AS newest,
             CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS TEXT) AS BIGINT) AS next_id
      FROM orgs AS o) AS found
WHERE orgs.org_key = found.org_key AND found.newest >= found.next_id + orgs.event_offset
"""
"""Events that were written in another cluster may be ahead of this one's transaction ids."""


async def migrate_postgres(url: str) -> bool:
    """Create or migrate the schema of a PostgreSQL database; return whether it was created.

    Of several programs that start at once, one migrates and the others wait. Raises StartRefused.
    """
    connection = await connect_alone(url)
    try:
        async with connection.transaction():
            before = await begin_migration(connection)
            require_same_unicode(before)
            await apply_migrations(connection, before)
        await _require_collations(connection)
    finally:
        await connection.close()
    return before.version == 0


async def connect_alone(url: str) -> Any:
    """Open a connection outside of any pool, without a limit of time; raises StartRefused."""
    try:
        return await asyncpg.connect(url, timeout=10)
    except (OSError, asyncpg.PostgresError, TimeoutError) as error:
        raise StartRefused(f"The PostgreSQL database cannot be reached: {error}") from error


async def begin_migration(connection: Any) -> Versions:
    """Keep other programs from migrating until the transaction ends; return what is there."""
    await connection.execute(f"SELECT pg_advisory_xact_lock({_POSTGRES_LOCK})")
    versions = await _read_versions(connection)
    require_known_schema(versions)
    return versions


async def apply_migrations(connection: Any, versions: Versions) -> None:
    """Bring the schema to that of this program, within the caller's transaction."""
    for number, text in migrations("postgres", versions.version):
        await connection.execute(text)
        await connection.execute(record_version(number))
    await connection.execute(_RAISE_EVENT_OFFSETS)


async def _require_collations(connection: Any) -> None:
    wrong = [row[0] for row in await connection.fetch(_WRONG_COLLATION)]
    if wrong:
        raise StartRefused(f'These columns must have the collation "C": {", ".join(wrong)}.')


async def _read_versions(connection: Any) -> Versions:
    if await connection.fetchval("SELECT to_regclass('schema_info')") is None:
        return EMPTY
    row = await connection.fetchrow(SELECT_VERSIONS)
    return Versions(*row) if row is not None else EMPTY
