"""Migrate a PostgreSQL database and fold its names again."""

import asyncio

from guildhall.store.clock import random_id, wall_clock
from guildhall.store.migrate import Refold, Upgrade, refold_and_record, require_foldable
from guildhall.store.postgres.connections import Link
from guildhall.store.postgres.migrate import (
    apply_migrations,
    begin_migration,
    connect_alone,
    prepare_migration,
    raise_event_offsets,
)
from guildhall.store.postgres.transaction import PostgresTransaction


def upgrade_postgres(url: str, refold: Refold) -> Upgrade:
    """Migrate the schema, and fold again where this program folds otherwise, all or nothing.

    Raises StartRefused, and what `refold` raises.
    """
    return asyncio.run(_upgrade(url, refold))


async def _upgrade(url: str, refold: Refold) -> Upgrade:
    connection = await connect_alone(url)
    try:
        await prepare_migration(connection)
        async with connection.transaction():
            before = await begin_migration(connection)
            require_foldable(before)
            if before.is_current:
                await raise_event_offsets(connection)
                return Upgrade(before, before, 0)
            await apply_migrations(connection, before)
            refolded = 0
            if before.must_refold:
                transaction = PostgresTransaction(Link(connection), wall_clock(), random_id)
                refolded = await refold_and_record(transaction, refold)
                await transaction.stamp_names()
            after = await begin_migration(connection)
    finally:
        await connection.close()
    return Upgrade(before, after, refolded)
