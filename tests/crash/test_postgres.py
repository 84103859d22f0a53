"""Two servers on one PostgreSQL, killed under load, and the database with them: nothing confirmed is lost.

A round takes both blows, each at a random moment among 64 writers: one server is killed, and the database is
stopped at once and started again. GUILDHALL_CRASH_ROUNDS says how many rounds, of which one here takes as
long as 25 of `test_kill`; GUILDHALL_CRASH_SEED where to begin.
"""

import asyncio
import contextlib
import os
import random
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import Any

import asyncpg
import httpx
import pytest

from guildhall.app import open_database
from guildhall.operations.maintenance.checks import check_database
from tests import live, postgres
from tests.crash.over_http import HTTPTarget
from tests.crash.test_kill import Server
from tests.durable_postgres import DurableServer, durable_server
from tests.ledger import FoundGroups, Scribe, Unknown, read_groups, replay_events
from tests.store.furnished import Furnished, furnish_at

ROUNDS = -(-int(os.environ.get("GUILDHALL_CRASH_ROUNDS", "50")) // 25)
FIRST_SEED = int(os.environ.get("GUILDHALL_CRASH_SEED", "0"))

SCRIBES = 64
LONGEST_PEACE = 0.6
"""Seconds that everybody writes before a blow, at most."""


@pytest.fixture(scope="module")
def database() -> Iterator[DurableServer]:
    with durable_server() as started:
        yield started


@pytest.fixture
def url(database: DurableServer) -> Iterator[str]:
    with postgres.empty_database(database.url) as found:
        yield found


class Pair:
    """Two server processes on one database."""

    def __init__(self, url: str, furnished: Furnished) -> None:
        self._url = url
        self._furnished = furnished
        self.servers = [self._start(), self._start()]

    def _start(self) -> Server:
        process = live.start("--database", self._url)
        return Server(process, live.first_line(process)["url"])

    def kill(self, number: int) -> None:
        self.servers[number].kill()

    def replace(self, number: int) -> None:
        self.servers[number].await_end()
        self.servers[number] = self._start()

    def end(self) -> None:
        for server in self.servers:
            server.kill()
            server.await_end()

    @contextlib.asynccontextmanager
    async def clients(self) -> AsyncIterator[list[httpx.AsyncClient]]:
        """A client of each of them, once it is ready."""
        headers = {"authorization": f"Bearer {self._furnished.secret}"}
        async with contextlib.AsyncExitStack() as stack:
            opened = [
                await stack.enter_async_context(
                    httpx.AsyncClient(
                        base_url=server.url,
                        headers=headers,
                        timeout=30,
                        limits=httpx.Limits(max_connections=None),
                    )
                )
                for server in self.servers
            ]
            for client in opened:
                while (await client.get("/readyz")).status_code != 200:
                    pass
            yield opened


async def test_nothing_confirmed_is_lost(database: DurableServer, url: str) -> None:
    furnished = await furnish_at(url)
    scribes = furnished.scribes(SCRIBES, FIRST_SEED)
    pair = await asyncio.to_thread(Pair, url, furnished)
    try:
        for number in range(ROUNDS):
            print(f"round {number}, GUILDHALL_CRASH_SEED={FIRST_SEED}")
            chance = random.Random(FIRST_SEED + number)
            victim = chance.randrange(2)
            await write_until_struck(pair, furnished, scribes, chance, _kill(pair, victim))
            await compare(url, scribes)
            await asyncio.to_thread(pair.replace, victim)
            await write_until_struck(pair, furnished, scribes, chance, _restart(database))
            await compare(url, scribes)
        assert sum(scribe.confirmed for scribe in scribes) > SCRIBES
    finally:
        await asyncio.to_thread(pair.end)


async def _kill(pair: Pair, victim: int) -> None:
    pair.kill(victim)


async def _restart(database: DurableServer) -> None:
    await asyncio.to_thread(database.stop_at_once)
    await asyncio.to_thread(database.start)


async def write_until_struck(
    pair: Pair, furnished: Furnished, scribes: Sequence[Scribe], chance: random.Random, blow: Any
) -> None:
    """Let all scribes write until a change of theirs has no known outcome, or the blow has passed."""
    passed = asyncio.Event()

    async def write(scribe: Scribe, target: HTTPTarget) -> None:
        with contextlib.suppress(Unknown):
            while not passed.is_set():
                await scribe.change(target)

    async def strike() -> None:
        moment = asyncio.Event()
        asyncio.get_running_loop().call_later(chance.uniform(0, LONGEST_PEACE), moment.set)
        await moment.wait()
        await blow
        passed.set()

    async with pair.clients() as clients:
        targets = [HTTPTarget(client, furnished) for client in clients]
        writing = (write(scribe, targets[number % 2]) for number, scribe in enumerate(scribes))
        await asyncio.gather(strike(), *writing)


class Rows:
    """What a database answers to statements of the ledger; see `tests.ledger.read_groups`."""

    def __init__(self, answers: dict[str, list[tuple[Any, ...]]]) -> None:
        self._answers = answers
        self.asked: list[str] = []

    def execute(self, sql: str) -> Iterable[tuple[Any, ...]]:
        self.asked.append(sql)
        return self._answers.get(sql, ())


async def compare(url: str, scribes: Sequence[Scribe]) -> None:
    """Require what the ledgers have, an event for each change, and that `guildhall check` finds nothing."""
    found = await read_whole(url)
    for scribe in scribes:
        scribe.compare(found)
    opened = await open_database(url)
    findings = await check_database(opened, lambda *_: None)
    await opened.close()
    assert not findings


_UNDER_WAY = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'
"""
"""A killed server's transactions end when their backends notice, and a commit that was sent still counts."""


async def read_whole(url: str) -> FoundGroups:
    connection = await asyncpg.connect(url)
    try:
        while await connection.fetchval(_UNDER_WAY):
            pass
        first = Rows({})
        read_groups(first)
        replay_events(first)
        answers = {sql: [tuple(row) for row in await connection.fetch(sql)] for sql in first.asked}
    finally:
        await connection.close()
    rows = Rows(answers)
    found = read_groups(rows)
    assert found.groups == replay_events(rows)
    return found
