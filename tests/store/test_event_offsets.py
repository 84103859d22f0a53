"""Events that another cluster or node wrote, whose transactions are ahead of ours (ADR 9, ADR 20)."""

import asyncio

import asyncpg
import pytest

from guildhall.model.events import EventAction, EventFilter, EventView
from guildhall.model.paging import Window
from guildhall.operations.events import list_events, record_event
from guildhall.operations.maintenance.folds import refold
from guildhall.store.events import KEYS_OF_TRANSACTION
from guildhall.store.postgres.connections import Link
from guildhall.store.postgres.migrate import apply_migrations, begin_migration, migrate_postgres
from guildhall.store.postgres.transaction import PostgresTransaction
from guildhall.store.postgres.upgrade import upgrade_postgres
from tests import make, postgres

STREAM = EventView(EventFilter(), oldest_first=True, stream=True)
AHEAD = 1_000_000
"""Transactions by which the other one is ahead."""


@pytest.fixture
def url(postgres_url):
    with postgres.empty_database(postgres_url) as empty:
        yield empty


@pytest.fixture
async def world(url):
    async with make.open_world(url) as opened:
        yield opened


async def start(url):
    await migrate_postgres(url)


async def migrate(url):
    await asyncio.to_thread(upgrade_postgres, url, refold)


async def record(world, message):
    await world.write(record_event, world.caller, EventAction.GROUP_UPDATED, message, [])


async def messages(world):
    page = await world.read(list_events, world.caller, STREAM, Window(500))
    return [event.message for event in page.items]


async def keys(url):
    connection = await asyncpg.connect(url)
    rows = await connection.fetch("SELECT message, event_key FROM events ORDER BY event_key")
    await connection.close()
    return dict(rows)


async def moved(url):
    """Let what was written seem to be of a node that is ahead."""
    connection = await asyncpg.connect(url)
    await connection.execute(f"UPDATE events SET event_key = event_key + {AHEAD * KEYS_OF_TRANSACTION}")
    await connection.close()


@pytest.mark.parametrize("mend", [start, migrate])
async def test_keys_of_events_go_on_rising_after_a_move(world, url, mend):
    await record(world, "before")
    await moved(url)
    await mend(url)
    await record(world, "after")
    found = await keys(url)
    assert found["after"] > found["before"]
    assert (await messages(world))[-2:] == ["before", "after"]


async def test_offsets_are_raised_no_further_than_they_must(world, url):
    await record(world, "before")
    await start(url)
    offsets = [await offset(url)]
    await moved(url)
    for _ in range(2):
        await start(url)
        offsets.append(await offset(url))
    assert offsets[0] == 0
    assert 0 < offsets[1] == offsets[2] <= AHEAD


async def test_a_start_beside_writers_raises_no_offset_and_loses_no_event(world, url):
    """Its transaction is older than two that write: the one that is still running has the lower keys."""
    starter, slow = await asyncpg.connect(url), await asyncpg.connect(url)
    async with starter.transaction():
        versions = await begin_migration(starter)
        async with slow.transaction():
            tx = PostgresTransaction(Link(slow), make.NOW, world.database._new_id)
            await record_event(tx, world.caller, EventAction.GROUP_UPDATED, "slow", [])
            await record(world, "quick")
            await apply_migrations(starter, versions)
            assert await starter.fetchval("SELECT event_offset FROM orgs") == 0
            assert "quick" not in await messages(world)
    assert (await messages(world))[-2:] == ["slow", "quick"]
    await starter.close()
    await slow.close()


async def offset(url):
    connection = await asyncpg.connect(url)
    found = await connection.fetchval("SELECT event_offset FROM orgs")
    await connection.close()
    return found
