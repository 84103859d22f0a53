"""Create or migrate the schema of a PostgreSQL database, or refuse it and say why."""

import asyncio
import contextlib
import logging
import time
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
    require_same_folds,
)
from guildhall.store.postgres.errors import is_trouble

_LOG = logging.getLogger("guildhall.store")

_MADE_MEANWHILE = (
    asyncpg.UniqueViolationError,
    asyncpg.DuplicateObjectError,
    asyncpg.DuplicateTableError,
    asyncpg.SerializationError,
)
"""IF NOT EXISTS looks before it makes: of two who make a table at once, one hears one of these."""

_BEGINNERS = 20
"""How often making the first table is tried, beside others who are making it."""

_LOCK_VERSIONS = f"{SELECT_VERSIONS} FOR UPDATE"

_SECONDS_TO_CONNECT = 10
_SECONDS_TO_START = 30
_SECONDS_BETWEEN_TRIES = 0.25
_NO_CONNECTION = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
_WRONG_COLLATION = """
SELECT table_name || '.' || column_name FROM information_schema.columns
WHERE table_schema = current_schema() AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'
  AND table_name IN (SELECT table_name FROM information_schema.tables
                     WHERE table_schema = current_schema() AND table_type = 'BASE TABLE')
ORDER BY 1
"""

_SELECT_ORG_KEYS = "SELECT org_key FROM orgs ORDER BY org_key"

_SELECT_EVENTS_AHEAD = f"""
SELECT MAX(event_key) / {KEYS_OF_TRANSACTION} - next_transaction() + 1 FROM events WHERE org_key = $1
"""
"""By how much the newest event is ahead of the transactions of the node that holds it.

This program's own transaction is no measure of it: whoever began behind it and has committed is ahead of it.
"""

_RAISE_EVENT_OFFSET = "UPDATE orgs SET event_offset = $2 WHERE org_key = $1 AND event_offset < $2"


async def migrate_postgres(url: str) -> bool:
    """Create or migrate the schema of a PostgreSQL database; return whether it was created.

    Of several programs that start at once, one migrates and the others wait. Raises StartRefused.
    """
    connection = await connect_alone(url)
    try:
        await prepare_migration(connection)
        async with connection.transaction():
            before = await begin_migration(connection)
            require_same_folds(before)
            applied = await apply_migrations(connection, before)
        for number in applied:
            _LOG.info("the database was brought to schema %d", number)
        await _require_collations(connection)
    except asyncpg.PostgresError as error:
        if not is_trouble(error):
            raise
        raise StartRefused(
            f"The PostgreSQL database cannot be brought to this program's schema: {error}. The role must own"
            " the database or be granted CREATE on its schema, and the server must take writes."
        ) from error
    finally:
        await connection.close()
    return before.version == 0


async def connect_alone(url: str) -> Any:
    """Open a connection outside of any pool, without a limit of time; raises StartRefused.

    A database that is starting is waited for. Nothing is prepared: a proxy may stand between.
    """
    patience = time.monotonic() + _SECONDS_TO_START
    while True:
        try:
            return await asyncpg.connect(url, timeout=_SECONDS_TO_CONNECT, statement_cache_size=0)
        except asyncpg.CannotConnectNowError as error:
            if time.monotonic() >= patience:
                raise _unreachable(error) from error
        except (OSError, ValueError, *_NO_CONNECTION) as error:
            raise _unreachable(error) from error
        await asyncio.sleep(_SECONDS_BETWEEN_TRIES)


def _unreachable(error: Exception) -> StartRefused:
    if isinstance(error, ValueError) and not isinstance(error, asyncpg.InterfaceError):
        # Its text repeats a part of the URL, which may be one of the password.
        return StartRefused(
            "The URL of the PostgreSQL database cannot be read. In an account or a password write @ as %40,"
            " / as %2F, : as %3A, ? as %3F, # as %23 and % as %25."
        )
    return StartRefused(f"The PostgreSQL database cannot be reached: {str(error) or type(error).__name__}")


async def prepare_migration(connection: Any) -> None:
    """Make the row that migrations are locked by, in a transaction of its own."""
    for _ in range(_BEGINNERS):
        if await _is_prepared(connection):
            return
        with contextlib.suppress(*_MADE_MEANWHILE):
            await connection.execute(migrations("postgres", after=-1)[0][1])
    raise StartRefused("The PostgreSQL database has no table schema_info, and none could be made.")


async def _is_prepared(connection: Any) -> bool:
    if await connection.fetchval("SELECT to_regclass('schema_info')") is None:
        return False
    return await connection.fetchrow(SELECT_VERSIONS) is not None


async def begin_migration(connection: Any) -> Versions:
    """Keep other programs from migrating until the transaction ends; return what is there."""
    row = await connection.fetchrow(_LOCK_VERSIONS)
    versions = Versions(*row) if row and row["version"] else EMPTY
    require_known_schema(versions)
    return versions


async def apply_migrations(connection: Any, versions: Versions) -> list[int]:
    """Bring the schema to that of this program, within the caller's transaction; return what was missing."""
    missing = migrations("postgres", versions.version)
    for number, text in missing:
        await connection.execute(text)
        await connection.execute(record_version(number))
    await raise_event_offsets(connection)
    return [number for number, _ in missing]


async def raise_event_offsets(connection: Any) -> None:
    """Let the keys of events go on rising where they were written by a cluster or a node that is ahead."""
    for org_key in [row[0] for row in await connection.fetch(_SELECT_ORG_KEYS)]:
        ahead = await connection.fetchval(_SELECT_EVENTS_AHEAD, org_key)
        if ahead is not None and ahead > 0:
            await connection.execute(_RAISE_EVENT_OFFSET, org_key, ahead)


async def _require_collations(connection: Any) -> None:
    wrong = [row[0] for row in await connection.fetch(_WRONG_COLLATION)]
    if wrong:
        raise StartRefused(f'These columns must have the collation "C": {", ".join(wrong)}.')
