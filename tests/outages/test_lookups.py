"""Groups that are asked for at the same time are answered by one statement, as if each were asked alone."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest

from guildhall.http.access import authentication
from guildhall.store.postgres.lookup_batches import Lookups
from guildhall.store.statement import Statement
from tests.make import open_world

NOWHERE = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
async def world(relay):
    """A server with as few connections as there may be."""
    async with open_world(relay.url, postgres_connections=1) as opened:
        yield opened


@pytest.fixture
async def groups(world):
    return [await world.group(f"Group {number}") for number in range(20)]


async def get(world, group_id: str, directory_id: str = "-"):
    return await world.http.get(f"{world.v2(directory_id)}/groups/{group_id}")


def name(answer) -> str:
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]["name"]


async def test_each_is_answered_with_its_own(world, groups, relay):
    await get(world, groups[0].id)
    before = relay.round_trips
    answers = await asyncio.gather(
        *(get(world, group.id) for group in groups), get(world, groups[0].id), get(world, NOWHERE)
    )
    assert relay.round_trips - before <= 3
    assert [name(answer) for answer in answers[:20]] == [group.name for group in groups]
    assert answers[20].content == answers[0].content
    assert answers[21].status_code == 404


async def test_one_that_is_missing_leaves_the_others_together(world, groups, relay):
    """Whether the group or its directory is missing takes another statement, and a snapshot for both."""
    directory_id = world.default.id
    for _ in range(2):
        assert (await get(world, NOWHERE, directory_id)).status_code == 404
    before = relay.round_trips
    answers = await asyncio.gather(*(get(world, group.id, directory_id) for group in groups))
    assert [name(answer) for answer in answers] == [group.name for group in groups]
    assert relay.round_trips - before <= 3


async def test_a_change_that_was_answered_is_seen_by_whoever_asks_then(world, groups):
    async def rename_and_look(number: int) -> None:
        path = f"{world.v2()}/groups/{groups[number].id}"
        answer = await world.http.patch(path, json={"name": f"Renamed {number}"})
        assert answer.status_code == 204
        assert name(await get(world, groups[number].id)) == f"Renamed {number}"

    await asyncio.gather(*map(rename_and_look, range(20)))


async def test_who_goes_away_takes_nothing_from_the_others(world, groups):
    asked = [asyncio.create_task(get(world, group.id)) for group in groups[:10]]
    for _ in range(3):
        await asyncio.sleep(0)
    asked[0].cancel()
    asked[5].cancel()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [isinstance(answer, asyncio.CancelledError) for answer in answers].count(True) == 2
    told = [answer.status_code for answer in answers if not isinstance(answer, BaseException)]
    assert told == [200] * 8


async def test_all_are_told_when_the_database_is_gone(world, groups, relay):
    await relay.close()
    answers = await asyncio.gather(*(get(world, group.id) for group in groups))
    assert {(answer.status_code, answer.headers["retry-after"]) for answer in answers} == {(503, "1")}


async def test_the_statement_is_planned_once(world, groups):
    for size in range(1, 13):
        await asyncio.gather(*(get(world, group.id) for group in groups[:size]))
    plans = Statement(
        "SELECT generic_plans FROM pg_prepared_statements WHERE statement LIKE '%g.id = ANY(ARRAY%'"
    )
    assert await world.database.read(lambda tx: tx.value(plans)) > 0


async def test_who_comes_late_waits_for_a_connection_as_long_as_others(world, groups):
    """The first one waits in vain; who joined it meanwhile has a time of its own."""
    await get(world, NOWHERE)
    pool = world.database._pool
    pool.seconds = 0.2
    links = [await pool.acquire() for _ in range(pool.most)]
    first = asyncio.create_task(get(world, groups[0].id))
    for _ in range(10):
        await asyncio.sleep(0)
    assert pool._waiting
    late = [asyncio.create_task(get(world, group.id)) for group in groups[:3]]
    answer = await first
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert not any(task.done() for task in late)
    for link in links:
        pool.release(link)
    assert [name(answer) for answer in await asyncio.gather(*late)] == [group.name for group in groups[:3]]


@pytest.fixture
async def roomy(relay, monkeypatch):
    """A server with more connections than these tests use at once, which looks its key up only once."""
    monkeypatch.setattr(authentication, "FRESH_SECONDS", 60)
    async with open_world(relay.url, postgres_connections=6) as opened:
        yield opened


@contextlib.asynccontextmanager
async def groups_locked(database_url: str) -> AsyncIterator[Callable[[int], Awaitable[None]]]:
    """Let no statement read groups; give what waits until so many are waiting for that."""
    other = await asyncpg.connect(database_url)
    try:
        async with other.transaction():
            await other.execute("LOCK TABLE groups")

            async def waiting(count: int) -> None:
                asked = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'groups'::regclass"
                async with asyncio.timeout(10):
                    while await other.fetchval(asked) != count:
                        pass

            yield waiting
    finally:
        await other.close()


async def test_who_comes_while_a_statement_is_under_way_shares_the_next(
    roomy, relay, database_url, monkeypatch
):
    monkeypatch.setattr(Lookups, "most_seconds_held", 60)
    groups = [await roomy.group(f"Group {number}") for number in range(6)]
    await get(roomy, groups[0].id)
    before = relay.round_trips
    async with groups_locked(database_url) as waiting:
        asked = [asyncio.create_task(get(roomy, groups[0].id))]
        await waiting(1)
        for group in groups[1:]:
            asked.append(asyncio.create_task(get(roomy, group.id)))
            # Each comes in a round of the event loop of its own.
            await waiting(1)
    assert [name(answer) for answer in await asyncio.gather(*asked)] == [group.name for group in groups]
    assert relay.round_trips - before == 2


async def test_a_statement_that_takes_long_keeps_the_next_for_a_moment_only(roomy, database_url):
    groups = [await roomy.group(f"Group {number}") for number in range(2)]
    async with groups_locked(database_url) as waiting:
        first = asyncio.create_task(get(roomy, groups[0].id))
        await waiting(1)
        second = asyncio.create_task(get(roomy, groups[1].id))
        await waiting(2)
    assert [name(answer) for answer in await asyncio.gather(first, second)] == ["Group 0", "Group 1"]
