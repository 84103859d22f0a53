"""How often a request goes to PostgreSQL and back: what a database on another machine is felt by."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.make import USER, World, open_world
from tests.relay import Relay


@pytest.fixture
async def world(relay: Relay) -> AsyncIterator[World]:
    async with open_world(relay.url) as opened:
        yield opened


async def cost(world: World, relay: Relay, method: str, path: str, **parts: Any) -> int:
    """The round trips of a request whose like has been asked before, so that its statements are prepared."""
    before = relay.round_trips
    answer = await world.http.request(method, path, **parts)
    assert answer.status_code < 300, answer.text
    return relay.round_trips - before


async def test_reads(world, relay):
    """One statement goes alone, a directory's before it; several share a snapshot: a BEGIN and an end too."""
    group = await world.group(members=3)
    empty = world.v2((await world.directory()).id)
    groups = f"{world.v2()}/groups"
    anywhere = f"{world.v2('-')}/groups"
    budget = {
        f"{groups}/{group.id}": 1,
        f"{anywhere}/{group.id}": 1,
        f"{anywhere}?limit=20&includeUsers=true": 1,
        f"{anywhere}/count": 1,
        f"{anywhere}?searchTerm={group.name}": 1,
        f"{groups}?limit=20&includeUsers=true": 1,
        f"{empty}/groups": 4,
        f"{groups}?searchTerm={group.name}&limit=20": 2,
        f"{groups}/count": 2,
        f"{groups}/stats": 2,
        f"{groups}/{group.id}/memberships": 4,
        f"{world.v2('-')}/users?limit=20": 1,
        f"{world.v2()}/users?limit=20": 1,
        f"{empty}/users": 4,
    }
    for path in budget:
        await cost(world, relay, "GET", path)
    for path, most in budget.items():
        await cost(world, relay, "GET", path)
        assert await cost(world, relay, "GET", path) == most, path


async def test_following_page_is_one(world, relay):
    for _ in range(4):
        await world.group()
    groups = f"{world.v2()}/groups"
    page = (await world.http.get(f"{groups}?limit=1")).json()
    following = [f"{groups}?cursor={page['links']['next']}"] * 3
    assert [await cost(world, relay, "GET", path) for path in following][-1] == 1


async def test_adding_a_member(world, relay):
    """BEGIN, the key, the user, the group, the membership, its event, its count with COMMIT; again, too."""
    group = await world.group()
    path = f"{world.v2()}/groups/{group.id}/memberships"
    await world.http.post(path, json={"accountId": (await world.user()).id})
    user = await world.user()
    for _ in range(2):
        assert await cost(world, relay, "POST", path, json={"accountId": user.id}) <= 7
    members = (await world.http.get(path)).json()["data"]
    assert len(members) == 2 == (await world.again(group)).users


async def test_adding_a_member_to_a_group_with_seats(world, relay):
    """As above, and between: what the group gives, the seat, the role, and the counters of both."""
    group = await world.group()
    await world.role(group, await world.resource(user_limit=10), USER)
    path = f"{world.v2()}/groups/{group.id}/memberships"
    for _ in range(2):
        user = await world.user()
        spent = await cost(world, relay, "POST", path, json={"accountId": user.id})
    assert spent <= 7 + 5
