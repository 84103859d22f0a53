"""A PostgreSQL database that cannot be brought to the schema is refused in words (design 2.2)."""

import asyncpg
import pytest

from guildhall.store.database import StartRefused
from guildhall.store.postgres.migrate import migrate_postgres
from tests import postgres


@pytest.fixture
def database_url(postgres_url):
    with postgres.empty_database(postgres_url) as url:
        yield url


async def test_a_database_that_takes_no_writes_is_refused(database_url):
    connection = await asyncpg.connect(database_url)
    try:
        name = await connection.fetchval("SELECT current_database()")
        await connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    finally:
        await connection.close()
    with pytest.raises(StartRefused, match=r"read-only transaction.*must take writes"):
        await migrate_postgres(database_url)
