"""The database is stopped under load, again and again: each answer told the truth (issue 4)."""

import asyncio
import itertools

import pytest

from guildhall.operations.maintenance.checks import check_database
from tests import postgres
from tests.make import open_world

WRITERS = 64
ROUNDS = 3
AHEAD = 40
"""Writes that are done before the database is stopped, each time."""

IN_DOUBT = "is not known"
UNDONE = "nothing was changed"


@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_restarts_under_load(mode):
    """What was confirmed is there, what was refused is not, and only a lost COMMIT leaves a doubt."""
    with postgres.controlled_server("synchronous_commit=on") as server:
        async with open_world(server.url) as world:
            told = await _write_through_restarts(world, server, mode)
            found = [name async for name in _names(world)]
            assert len(found) == len(set(found))
            assert told["done"] <= set(found)
            assert not told[UNDONE] & set(found)
            assert set(found) <= told["done"] | told[IN_DOUBT]
            assert told[UNDONE], "nothing was written while the database was away"
            assert await check_database(world.database, lambda *_: None) == []


async def _write_through_restarts(world, server, mode):
    told = {"done": set(), IN_DOUBT: set(), UNDONE: set()}
    numbers = itertools.count()
    done, ended = asyncio.Semaphore(0), asyncio.Event()

    async def write():
        while not ended.is_set():
            name = f"Group {next(numbers)}"
            answer = await world.http.post(f"{world.v2()}/groups", json={"name": name})
            kind = "done"
            if answer.status_code == 201:
                done.release()
            else:
                assert (answer.status_code, answer.headers["retry-after"]) == (503, "1"), answer.text
                kind = next(text for text in (IN_DOUBT, UNDONE) if text in answer.text)
            told[kind].add(name)

    async def disturb():
        for _ in range(ROUNDS):
            for _ in range(AHEAD):
                await done.acquire()
            await asyncio.to_thread(server.tell, mode)
            await asyncio.to_thread(server.tell, "start")
        ended.set()

    await asyncio.gather(disturb(), *(write() for _ in range(WRITERS)))
    return told


async def _names(world):
    path = f"{world.v2()}/groups"
    page = (await world.http.get(f"{path}?limit=100")).json()
    while True:
        for group in page["data"]:
            yield group["name"]
        if not page["links"].get("next"):
            return
        page = (await world.http.get(f"{path}?limit=100&cursor={page['links']['next']}")).json()
