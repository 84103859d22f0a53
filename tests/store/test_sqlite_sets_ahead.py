"""Sets that are read before anybody asks for them, and again behind writes (ADR 16)."""

import asyncio
import random

import pytest

from guildhall.model.user_lists import UserFilter
from guildhall.model.users import UserStatus
from guildhall.operations.groups import delete_group
from guildhall.store import sqlite, sqlite_sets_ahead
from guildhall.store.sqlite_sets_ahead import SetsAhead, likely_sets
from guildhall.store.user_sets import CLOSED, read_set, with_status
from tests import make
from tests.store.user_town import Town

LIKELY = [
    CLOSED,
    with_status(None, UserStatus.SUSPENDED),
    with_status((1,), UserStatus.ACTIVE),
    UserFilter(roles=(1,)),
    UserFilter(claims=(0,)),
    UserFilter(mfa=1),
    UserFilter(directories=(2,)),
    UserFilter(domains=("one.example",)),
]


@pytest.fixture
async def world(tmp_path, monkeypatch):
    """No read is sent to a thread because the machine is busy, and the server reads nothing by itself."""
    monkeypatch.setattr(sqlite, "READ_BUDGET", 60)
    monkeypatch.setattr(sqlite_sets_ahead, "_SECONDS_BETWEEN", 3_600)
    monkeypatch.setattr(sqlite_sets_ahead, "_SAMPLE", 20)
    async with make.open_world(f"sqlite:///{tmp_path}/guildhall.db") as opened:
        yield opened


@pytest.fixture
def large(monkeypatch):
    monkeypatch.setattr(sqlite_sets_ahead, "SMALLEST", 1)


async def read_ahead(world):
    database = world.database
    await SetsAhead(database._writer.freshness, database._submit_read).read_all(rest=0)


async def nothing(tx):
    """A write that alters nothing; meanwhile the server goes on with whatever else it does."""


async def known(world, part):
    """The set if it is in memory and holds, on the event loop."""

    async def look(tx):
        return await tx.user_sets(world.caller.org_key, [part])

    found = await world.read(look)
    return None if found is None else found[0]


async def test_what_is_likely_is_there_before_anybody_asks(world, large):
    await Town(world, random.Random(3)).furnish()
    assert [await known(world, part) for part in LIKELY] == [None] * len(LIKELY)
    await read_ahead(world)
    for part in LIKELY:
        assert await known(world, part) == await world.read(read_set, world.caller.org_key, part), part


async def test_what_a_write_made_unknown_is_read_again(world, large):
    await Town(world, random.Random(3)).furnish()
    await read_ahead(world)
    group, holders = await world.group(members=2), UserFilter(roles=(1,))
    await world.role(group, await world.resource(), make.USER)
    await world.write(delete_group, world.caller, group.directory_id, group.id)
    assert await known(world, holders) is None
    await read_ahead(world)
    assert await known(world, holders) == await world.read(read_set, world.caller.org_key, holders)


async def test_server_reads_ahead_as_long_as_it_runs(tmp_path, monkeypatch, large):
    monkeypatch.setattr(sqlite_sets_ahead, "_REST", 0)
    monkeypatch.setattr(sqlite_sets_ahead, "_SECONDS_BETWEEN", 0)
    holders = UserFilter(roles=(1,))
    async with asyncio.timeout(60), make.open_world(f"sqlite:///{tmp_path}/guildhall.db") as world:
        groups = [await world.group(members=2) for _ in range(2)]
        for group in groups:
            await world.role(group, await world.resource(), make.USER)
        for left in (4, 2):
            while (bits := await known(world, holders)) is None:
                await world.write(nothing)
            assert bits.bit_count() == left
            group = groups.pop()
            await world.write(delete_group, world.caller, group.directory_id, group.id)


async def test_organizations_of_few_users_are_left_alone(world):
    await world.group(members=3)
    assert await world.read(likely_sets) == []


async def test_no_more_are_read_than_there_is_room_for(world, large, monkeypatch):
    for _ in range(20):
        await world.user()
    monkeypatch.setattr(sqlite_sets_ahead, "MOST_BYTES", 5)
    await read_ahead(world)
    every = [part for _, part in await world.read(likely_sets)]
    there = [part for part in every if await known(world, part) is not None]
    assert there == every[: len(there)]
    assert 0 < len(there) < len(every)


async def test_commits_that_come_one_after_another_are_noticed(world):
    """While they do, nothing more is read."""
    database = world.database
    ahead = SetsAhead(database._writer.freshness, database._submit_read)
    noticed = asyncio.create_task(ahead.commits_come_fast(0.1))
    while not noticed.done():
        await world.user()
    assert await noticed
    assert not await ahead.commits_come_fast(0.1)
