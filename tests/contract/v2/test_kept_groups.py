"""What is kept encoded equals what the same snapshot would give without it (design 2.4)."""

import asyncio
import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from guildhall.api.v2 import groups as wire
from guildhall.http.kept import Encoded, KeptItems
from tests import make
from tests.contract.answers import data

GROUPS, ROUNDS, WRITES = 12, 25, 4


@pytest.fixture
async def world(tmp_path):
    """Groups are kept on SQLite only."""
    async with make.open_world(f"sqlite:///{tmp_path}/guildhall.db") as opened:
        yield opened


@pytest.fixture
def compared(monkeypatch):
    """Let every page be made twice from its snapshot, with and without what is kept; count the pages."""
    pages = []

    async def both(tx, request, kept, entries, counts):
        found = await encode_groups(tx, request, kept, entries, counts)
        assert found == await encode_groups(tx, request, KeptItems(), entries, counts)
        pages.append(len(found))
        return found

    encode_groups = wire.encode_groups
    monkeypatch.setattr(wire, "encode_groups", both)
    return pages


async def test_lists_equal_what_is_not_kept_among_writers(world, compared):
    """Names, descriptions, flags, counts and what a key may do change while pages are read."""
    chance = random.Random(1)
    groups = [await world.group(members=1) for _ in range(GROUPS)]
    resource, place = await world.resource(), world.v2()
    places = (place, world.v2("-"))
    readers = [world.http, world.client(await world.key("read:groups:admin"))]
    readers.append(world.client(await world.key("read:groups:admin", "write:groups:admin")))

    async def write(number):
        path = f"{place}/groups/{chance.choice(groups).id}"
        role = {"resourceId": resource.id, "roleId": chance.choice((make.ADMIN, make.VIEWER))}
        user = await world.user()
        todo = [
            world.http.patch(path, json={"name": f"Name {number}"}),
            world.http.patch(path, json={"description": f"Description {number}"}),
            world.http.post(f"{path}/role-assignments/{chance.choice(('assign', 'revoke'))}", json=role),
            world.http.post(f"{path}/memberships", json={"accountId": user.id}),
        ]
        await asyncio.gather(*todo)

    async def read():
        query = {"limit": 5, "includeUsers": chance.random() < 0.5, "includeResources": chance.random() < 0.5}
        query |= chance.choice(({}, {"searchTerm": "e"}, {"resourceIds": resource.id}))
        page = await chance.choice(readers).get(f"{chance.choice(places)}/groups", params=query)
        assert len(data(page)) <= query["limit"]

    for number in range(ROUNDS):
        await asyncio.gather(write(number), *(read() for _ in range(WRITES)))
    assert len(compared) == ROUNDS * WRITES
    for reader in readers[1:]:
        await reader.aclose()


async def test_answers_of_writes_keep_nothing(world):
    """A write can be undone, and its key and version go to another group then."""
    place = f"{world.v2()}/groups"
    wanted = {"prefer": "return=representation"}
    first = await world.http.post(place, json={"name": "First"}, headers=wanted)
    assert first.status_code == 201
    assert not world.server._application._kept._items


def test_kept_items_are_bounded_and_told_by_version():
    kept = KeptItems(most_bytes=2_000)
    for key in range(100):
        kept.keep(key, Encoded(1, b"x" * 50, b"y"))
    assert sum(item.size for item in kept._items.values()) <= 2_000
    assert kept.get(0, 1) is None
    assert kept.get(99, 2) is None
    assert kept.get(99, 1) == Encoded(1, b"x" * 50, b"y")
    kept.keep(99, Encoded(2, b"z", b""))
    assert kept.get(99, 1) is None
    assert kept.get(99, 2) == Encoded(2, b"z", b"")


def test_kept_items_are_kept_by_several_threads_at_once():
    kept = KeptItems(most_bytes=20_000)

    def work(first):
        for key in range(first, first + 3_000):
            kept.keep(key, Encoded(1, b"x" * 50, b""))
            kept.get(key, 1)

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(work, 1_000 * number) for number in range(4)]:
            done.result()
    assert kept._bytes == sum(item.size for item in kept._items.values()) <= 20_000
