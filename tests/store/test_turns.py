"""Searches take turns on the event loop: what else is asked meanwhile goes between them (ADR 15)."""

import asyncio

import pytest

from guildhall.model.filters import GroupFilter, GroupView
from guildhall.model.paging import Window
from guildhall.store import filters
from guildhall.store.groups import SELECT_GROUP
from tests import make

SEARCHES = 5
VIEW = GroupView(GroupFilter(search="team"), descending=False)


@pytest.fixture
async def world(tmp_path):
    async with make.open_world(f"sqlite:///{tmp_path}/guildhall.db") as opened:
        yield opened


async def search(world, name, done):
    rows = await world.read(filters.select_groups, world.caller.org_key, VIEW, Window(20))
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
