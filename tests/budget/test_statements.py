"""How many statements a request may cost on SQLite (design 6): a new one needs a reason, and this number."""

import contextlib
from collections.abc import Iterator
from typing import Any

import apsw
import pytest

from tests.make import USER, World, open_world

_FRAME = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "--")
"""Statements of a transaction itself, and comments by which SQLite shows what triggers run."""


@pytest.fixture
async def world(tmp_path: Any) -> Any:
    async with open_world(f"sqlite:///{tmp_path}/guildhall.db") as opened:
        yield opened


@contextlib.contextmanager
def counted(world: World) -> Iterator[list[str]]:
    """Gather the statements that run meanwhile, on the loop's connection and on the writer's."""
    seen: list[str] = []

    def note(event: dict[str, Any]) -> None:
        sql = event["sql"].strip()
        if not sql.startswith(_FRAME):
            seen.append(sql)

    connections = [world.database._reader, world.database._writer._connection]
    for connection in connections:
        connection.trace_v2(apsw.SQLITE_TRACE_STMT, note)
    yield seen
    for connection in connections:
        connection.trace_v2(0, None)


async def cost(world: World, method: str, path: str, status: int, **parts: Any) -> int:
    """The number of statements of a request; the key was looked up before."""
    await world.http.get("/admin/v1/orgs")
    with counted(world) as seen:
        answer = await world.http.request(method, path, **parts)
    assert answer.status_code == status, answer.text
    return len(seen)


async def test_reads(world: World) -> None:
    """Get one: the group. A page: the groups; a filter resolves its ids and is probed.

    The same again, while nothing has changed: nothing.
    """
    group = await world.group(members=3)
    user = await world.user()
    groups = f"{world.v2()}/groups"
    anywhere = f"{world.v2('-')}/groups"
    budget = {
        f"{groups}/{group.id}": 1,
        f"{anywhere}/{group.id}": 1,
        f"{groups}?limit=20&includeUsers=true": 1,
        f"{anywhere}?limit=100": 1,
        f"{anywhere}/count": 1,
        f"{anywhere}/stats": 1,
        f"{groups}?accountIds={user.id}": 4,
        f"{groups}/{group.id}/memberships": 2,
    }
    costs = {path: await cost(world, "GET", path, 200) for path in budget}
    assert costs == budget
    again = {path: await cost(world, "GET", path, 200) for path in budget}
    assert again == budget


async def test_following_pages_resolve_nothing(world: World) -> None:
    """ADR 5: a cursor carries the resolved query."""
    for _ in range(3):
        await world.group()
    groups = f"{world.v2()}/groups"
    await world.http.get(groups)
    first = (await world.http.get(f"{groups}?limit=1")).json()
    assert await cost(world, "GET", f"{groups}?cursor={first['links']['next']}", 200) == 1


async def test_adding_a_member_costs_what_the_group_gives(world: World) -> None:
    """A group without roles, then one with a seat on one and on three resources; never its size."""
    costs = []
    for resources in (0, 1, 3):
        group = await world.group(members=5)
        for _ in range(resources):
            await world.role(group, await world.resource(user_limit=100), USER)
        user = await world.user()
        path = f"{world.v2()}/groups/{group.id}/memberships"
        costs.append(await cost(world, "POST", path, 204, json={"accountId": user.id}))
        large = await world.group(members=30)
        again = f"{world.v2()}/groups/{large.id}/memberships"
        if resources == 0:
            assert await cost(world, "POST", again, 204, json={"accountId": user.id}) == costs[0]
    without, one, three = costs
    assert without <= 6
    assert one - without <= 6
    assert three - one <= 2 * 3
