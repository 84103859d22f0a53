"""Connections that break, hang or run out: an answer in time, and nothing done twice (ADR 17)."""

import asyncio
import time

import asyncpg
import pytest

from guildhall.store.postgres import pool as postgres_pool
from guildhall.store.statement import Statement
from tests.make import World, open_world

GONE = "The database cannot"


async def names(world: World) -> list[str]:
    answer = await world.http.get(f"{world.v2()}/groups?limit=100")
    assert answer.status_code == 200, answer.text
    return [group["name"] for group in answer.json()["data"]]


async def create(world: World, name: str):
    return await world.http.post(f"{world.v2()}/groups", json={"name": name})


def require_unavailable(answer, told: str) -> None:
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1"), answer.text
    assert told in answer.json()["errors"][0]["detail"]


async def test_broken_idle_connections_are_not_noticed(world, relay):
    """A read and a write each find that the connection they got is dead."""
    for name in ("One", "Two"):
        relay.cut()
        assert (await create(world, name)).status_code == 201
        relay.cut()
        assert name in await names(world)


async def test_backends_terminated_in_the_middle_of_requests(world, database_url):
    """pg_terminate_backend on everything, again and again: a write is either done or answered 503."""
    operator = await asyncpg.connect(database_url)
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    done: list[str] = []

    async def write(number: int) -> None:
        answer = await create(world, f"Group {number}")
        assert answer.status_code in (201, 503), answer.text
        if answer.status_code == 201:
            done.append(f"Group {number}")

    for start in range(0, 60, 10):
        writes = [asyncio.create_task(write(number)) for number in range(start, start + 10)]
        await operator.execute(f"{others} AND pid <> pg_backend_pid()")
        await asyncio.gather(*writes)
    await operator.close()
    assert set(done) <= set(await names(world))
    assert len(done) > 30


async def test_connection_lost_before_the_commit_repeats_the_write(world, relay):
    relay.cut_at(b"INSERT INTO groups", passed_on=True)
    assert (await create(world, "Once")).status_code == 201
    assert await names(world) == ["Once"]


@pytest.mark.parametrize("committed", [False, True])
async def test_connection_lost_in_the_commit_is_told_and_never_repeated(world, relay, committed):
    await create(world, "Before")
    relay.cut_at(b"COMMIT", passed_on=committed)
    require_unavailable(await create(world, "In doubt"), "is not known")
    assert await names(world) == (["Before", "In doubt"] if committed else ["Before"])
    assert (await create(world, "After")).status_code == 201


@pytest.mark.parametrize("stored", [False, True])
async def test_connection_lost_at_the_end_of_an_addition_is_told_and_never_repeated(world, relay, stored):
    group, users = await world.group("Group"), [await world.user() for _ in range(3)]
    path = f"{world.v2()}/groups/{group.id}/memberships"
    assert (await world.http.post(path, json={"accountId": users[0].id})).status_code == 204
    relay.cut_at(b"COMMIT", passed_on=stored)
    require_unavailable(await world.http.post(path, json={"accountId": users[1].id}), "is not known")
    async with asyncio.timeout(10):
        while (await world.again(group)).users != 1 + stored:
            pass
    assert (await world.http.post(path, json={"accountId": users[2].id})).status_code == 204
    assert (await world.again(group)).users == 2 + stored
    listed = (await world.http.get(path)).json()["data"]
    assert len(listed) == 2 + stored


async def test_silence_is_waited_for_as_long_as_is_set(world, relay):
    """Neither a connection that has fallen silent nor one that is not answered holds a request up."""
    await names(world)
    relay.hangs = True
    begun = time.monotonic()
    answers = await asyncio.gather(*(world.http.get(f"{world.v2()}/groups") for _ in range(8)))
    for answer in answers:
        assert answer.status_code == 503
    require_unavailable(await create(world, "Silent"), GONE)
    assert (await world.client(None).get("/readyz")).status_code == 503
    assert time.monotonic() - begun < 8
    relay.hangs = False
    assert (await world.client(None).get("/readyz")).status_code == 200
    assert await names(world) == []


async def test_server_whose_connections_are_all_in_use_is_ready(world):
    """It is busy with what it is there for, and loses none of them."""
    pool = world.database._pool
    pool.seconds = 0.1
    links = [await pool.acquire() for _ in range(pool.most)]
    answer = await world.client(None).get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    for link in links:
        pool.release(link)
    assert pool._idle == links


async def test_server_whose_connections_are_all_being_opened_is_not_ready(world, relay):
    """Others wait as well, but for a database that answers nobody."""
    pool = world.database._pool
    pool.distrust()
    pool.seconds = 10
    relay.hangs = True
    links = [asyncio.create_task(pool.acquire()) for _ in range(pool.most)]
    await asyncio.sleep(0)
    assert pool._open == pool.most
    answer = await world.client(None).get("/readyz")
    assert answer.status_code == 503
    assert "cannot be reached" in answer.text
    for link in links:
        link.cancel()
    await asyncio.gather(*links, return_exceptions=True)


async def test_connection_that_cannot_be_opened_says_nothing_of_the_others(world, relay):
    await names(world)
    link = await world.database._pool.acquire()
    relay.starting = 1
    assert (await world.client(None).get("/readyz")).status_code == 503
    world.database._pool.release(link)
    assert world.database._pool._idle == [link]
    assert (await world.client(None).get("/readyz")).status_code == 200


async def test_statement_that_is_given_up_ends_on_the_server(database_url):
    """As when its caller has gone: the server hears of it from the connection."""
    slow = Statement("SELECT pg_sleep(60)")
    counted = "SELECT count(*) FROM pg_stat_activity WHERE query = $1 AND state = 'active'"
    operator = await asyncpg.connect(database_url)
    async with open_world(database_url) as world:
        read = asyncio.create_task(world.database.read(lambda tx: tx.value(slow)))
        async with asyncio.timeout(10):
            while await operator.fetchval(counted, slow.postgres) == 0:
                pass
            read.cancel()
            with pytest.raises(asyncio.CancelledError):
                await read
            while await operator.fetchval(counted, slow.postgres) > 0:
                pass
    await operator.close()


async def test_exhausted_pool_is_told_in_time(world, database_url):
    """Both connections wait for a lock; who wants a third gets an answer."""
    group = await world.group()
    users = [await world.user() for _ in range(3)]
    path = f"{world.v2()}/groups/{group.id}"
    world.database._pool.seconds = 0.1
    other = await asyncpg.connect(database_url)
    async with other.transaction():
        await other.execute("SELECT 1 FROM groups FOR UPDATE")
        writes = [world.http.post(f"{path}/memberships", json={"accountId": user.id}) for user in users]
        answers = [answer.json()["errors"][0]["detail"] for answer in await asyncio.gather(*writes)]
    await other.close()
    assert sorted(answers) == [
        "Every connection to the database is in use; nothing was changed.",
        *["Others hold what this request needs for too long; nothing was changed."] * 2,
    ]


async def test_connections_are_bounded_and_given_back(database_url, monkeypatch):
    """Ten servers stay below the hundred connections that PostgreSQL allows unless told otherwise."""
    monkeypatch.setattr(postgres_pool, "IDLE_SECONDS", 0.05)
    counted = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    operator = await asyncpg.connect(database_url)
    async with open_world(database_url) as world:
        answers = await asyncio.gather(*(world.http.get(f"{world.v2()}/groups") for _ in range(64)))
        assert {answer.status_code for answer in answers} == {200}
        assert 2 <= await operator.fetchval(counted) <= 1 + 9
        async with asyncio.timeout(10):
            while await operator.fetchval(counted) > 1:
                pass
        assert await names(world) == []
    await operator.close()


async def test_starting_database_is_waited_for(relay):
    relay.starting = 2
    async with open_world(relay.url) as world:
        assert (await world.client(None).get("/readyz")).status_code == 200


async def test_starting_database_is_unavailable_to_requests(world, relay):
    relay.cut()
    relay.starting = 100
    require_unavailable(await create(world, "Early"), GONE)
    relay.starting = 0
    assert (await create(world, "Early")).status_code == 201
