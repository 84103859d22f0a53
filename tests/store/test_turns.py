"""Searches take turns on the event loop, so that others go between them (ADR 15); large pages leave it."""

import asyncio
import threading

import pytest

from guildhall.model.filters import GroupFilter, GroupView
from guildhall.model.paging import Window
from guildhall.store import group_pages, sqlite
from guildhall.store.groups import SELECT_GROUP
from tests import make
from tests.store.statements import COUNT_TO

SEARCHES = 5
VIEW = GroupView(GroupFilter(search="team"), descending=False)


@pytest.fixture
async def world(tmp_path):
    async with make.open_world(f"sqlite:///{tmp_path}/guildhall.db") as opened:
        yield opened


async def search(world, name, done):
    rows = await world.read(group_pages.select_groups, world.caller.org_key, VIEW, Window(20))
    done.append(name)
    return rows


async def look_up(world, group, done):
    key = {"org_key": world.caller.org_key, "group_id": group.id}
    found = await world.database.read(lambda tx: tx.one(SELECT_GROUP, **key))
    done.append("look-up")
    return found


async def test_another_read_waits_for_one_search_only(world):
    group, done = await world.group("a team"), []
    searches = [asyncio.create_task(search(world, number, done)) for number in range(SEARCHES)]
    other = asyncio.create_task(look_up(world, group, done))
    found = await asyncio.gather(*searches)
    assert (await other).id == group.id
    assert done == [0, "look-up", 1, 2, 3, 4]
    assert [[row.id for row in rows] for rows in found] == [[group.id]] * SEARCHES


@pytest.mark.parametrize("left", [[1], [1, 2], [2, 3], [4], [1, 2, 3, 4]])
async def test_who_leaves_is_passed_over(world, left):
    group, done = await world.group("a team"), []
    searches = [asyncio.create_task(search(world, number, done)) for number in range(SEARCHES)]
    await look_up(world, group, done)
    for number in left:
        searches[number].cancel()
    await asyncio.wait(searches)
    assert [name for name in done if name != "look-up"] == [n for n in range(SEARCHES) if n not in left]
    assert [row.id for row in await search(world, "later", done)] == [group.id]


async def test_whoever_has_its_turn_may_leave(world):
    """Its round passes by, and the next one is somebody else's."""
    group, done = await world.group("a team"), []
    searches = [asyncio.create_task(search(world, number, done)) for number in range(3)]
    searches[0].add_done_callback(lambda _: searches[1].cancel())
    await asyncio.wait(searches)
    assert done == [0, 2]
    assert [row.id for row in await search(world, "later", done)] == [group.id]


async def test_reads_of_many_rows_follow_one_that_took_too_long_into_threads(world, monkeypatch):
    """They begin there, as they would end there; others are still read on the event loop."""
    monkeypatch.setattr(sqlite, "SECONDS_OFF_LOOP", 60)
    threads = []

    async def count(tx, rows, most):
        threads.append(threading.current_thread().name.partition("_")[0])
        tx.expect_rows(rows)
        threads.append("begun")
        return await tx.value(COUNT_TO, most=most)

    many, few = sqlite.MANY_ROWS, sqlite.MANY_ROWS - 1
    on_loop, in_thread = ["MainThread", "begun"], ["guildhall-reader", "begun"]
    for rows, most, where in [
        (few, 1_000_000, on_loop + in_thread),
        (many, 10, on_loop),
        (many, 1_000_000, on_loop + in_thread),
        (many, 10, ["MainThread", *in_thread]),
        (few, 10, on_loop),
    ]:
        threads.clear()
        assert await world.database.read(count, rows, most) == most
        assert threads == where
