"""Answers that are read piece by piece: what fails before the first one is an answer like any other."""

import asyncio
import contextlib

import httpx
import pytest

from guildhall.model.errors import Unavailable
from guildhall.seeds import writing
from guildhall.store.statement import Statement
from tests.make import open_world

ONE = Statement("SELECT 1")


async def numbers(tx):
    yield await tx.value(ONE)
    yield await tx.value(ONE)


async def export(world, method="GET"):
    return await world.http.request(method, f"{world.ours()}/export")


def require_unavailable(answer, told: str = "") -> None:
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1"), answer.text
    assert told in answer.text


async def list_groups(world):
    return (await world.http.get(f"{world.v2()}/groups")).json()["data"]


@contextlib.asynccontextmanager
async def reading(world):
    """A long answer is being read meanwhile."""
    async with contextlib.aclosing(world.database.stream(numbers)) as stream:
        await anext(stream)
        yield stream


async def test_streams_leave_connections_to_others(world):
    """Two connections: as many streams as there are take one of them, and the second waits for its turn."""
    async with reading(world):
        waiting = asyncio.ensure_future(export(world))
        assert await list_groups(world) == []
        assert not waiting.done()
    assert (await waiting).status_code == 200
    assert await list_groups(world) == []


async def test_worker_of_many_has_connections_for_others_as_well(database_url):
    """However few connections there are for however many workers."""
    async with open_world(database_url, postgres_connections=4, workers=5) as world, reading(world):
        assert await list_groups(world) == []


async def test_export_beside_as_many_as_there_may_be_is_refused(world):
    await list_groups(world)
    world.database._pool.seconds = 0.1
    async with reading(world):
        require_unavailable(await export(world), "As many long answers")
        require_unavailable(await export(world, "HEAD"))
    assert (await export(world, "HEAD")).status_code == 200
    assert (await export(world)).status_code == 200


async def test_export_without_a_connection_is_refused(world):
    await list_groups(world)
    pool = world.database._pool
    pool.seconds = 0.1
    links = [await pool.acquire() for _ in range(pool.most)]
    require_unavailable(await export(world), "Every connection to the database is in use")
    for link in links:
        pool.release(link)
    assert (await export(world)).status_code == 200


async def test_export_from_a_database_that_is_away_is_refused(world, relay):
    await list_groups(world)
    relay.cut()
    relay.starting = 100
    require_unavailable(await export(world), "The database cannot")
    relay.starting = 0
    assert (await export(world)).status_code == 200


@pytest.mark.parametrize("is_noticed", [False, True])
async def test_export_on_a_lost_idle_connection_is_begun_on_another(world, relay, is_noticed):
    """The connection is reset before it is used again, or by what is sent on it."""
    await list_groups(world)
    if is_noticed:
        relay.cut()
    else:
        relay.cut_at(b"BEGIN", passed_on=False)
    answer = await export(world)
    assert (answer.status_code, answer.text.count("directories:")) == (200, 1)


async def test_silence_in_a_stream_leaves_all_connections(world, relay):
    await asyncio.gather(*(list_groups(world) for _ in range(8)))
    assert len(world.database._pool._idle) == 2
    async with reading(world) as stream:
        relay.hangs = True
        with pytest.raises(Unavailable, match="took too long"):
            await anext(stream)
    relay.hangs = False
    assert world.database._pool._idle == []
    assert await list_groups(world) == []


@pytest.mark.parametrize("messages", [0, 2, 4])
async def test_client_that_goes_away_lets_go_of_the_stream(world, monkeypatch, messages):
    """Nobody takes the status any more, or the first piece, or a later one."""
    monkeypatch.setattr(writing, "PIECE", 1)

    async def leaving(scope, receive, send):
        taken = 0

        async def take(message):
            nonlocal taken
            if taken == messages:
                raise ConnectionResetError
            taken += 1
            await send(message)

        await world.server(scope, receive, take)

    transport = httpx.ASGITransport(leaving, raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, headers=world.http.headers) as client:
        with pytest.raises(ConnectionResetError):
            await client.get(f"http://127.0.0.1:8080{world.ours()}/export")
    assert not world.database._streams.is_reached
    assert world.database._pool._open == len(world.database._pool._idle)
    assert (await export(world)).status_code == 200
