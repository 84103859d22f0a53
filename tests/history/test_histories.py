"""Concurrent calls to several server processes: some order of them explains everything that was seen.

GUILDHALL_HISTORY_CALLS says how many calls each client makes, GUILDHALL_HISTORY_SEED which.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from guildhall.app import open_database
from guildhall.operations.maintenance.checks import check_database
from tests import live, postgres
from tests.history.clients import LIMIT, Client, Histories, write_history
from tests.history.histories import explained, on_members, on_names
from tests.store.furnished import NAME, Furnished, furnish_at

CALLS = int(os.environ.get("GUILDHALL_HISTORY_CALLS", "60"))
SEED = int(os.environ.get("GUILDHALL_HISTORY_SEED", "0"))
CLIENTS = 8
GROUPS = 3


class Arrangement(NamedTuple):
    """So many servers with so many workers each on one database; the first server may be killed."""

    engine: str
    servers: int
    workers: int
    killed: bool


ARRANGEMENTS = [
    Arrangement("postgres", 2, 1, killed=False),
    Arrangement("postgres", 2, 1, killed=True),
    Arrangement("sqlite", 2, 1, killed=True),
    Arrangement("sqlite", 1, 2, killed=False),
]


@contextlib.contextmanager
def empty_database(engine: str, request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    if engine == "sqlite":
        yield f"sqlite:///{folder / NAME}"
        return
    with postgres.empty_database(request.getfixturevalue("postgres_url")) as url:
        yield url


@pytest.mark.parametrize("arrangement", ARRANGEMENTS, ids=str)
def test_some_order_explains_what_was_seen(
    arrangement: Arrangement, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    with empty_database(arrangement.engine, request, tmp_path) as url, contextlib.ExitStack() as stack:
        furnished = asyncio.run(furnish_at(url))
        options = ("--database", url, "--workers", str(arrangement.workers))
        started = [stack.enter_context(_serving(*options)) for _ in range(arrangement.servers)]
        histories = asyncio.run(_write(arrangement, furnished, started))
        _require_explained(histories)
        if not arrangement.killed:
            assert not histories.unknown
        assert asyncio.run(_check(url)) == []


class _Started(NamedTuple):
    url: str
    pid: int


@contextlib.contextmanager
def _serving(*options: str) -> Iterator[_Started]:
    process = live.start(*options)
    try:
        yield _Started(live.first_line(process)["url"], process.pid)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


async def _write(arrangement: Arrangement, furnished: Furnished, started: list[_Started]) -> Histories:
    headers = {"authorization": f"Bearer {furnished.secret}"}
    async with contextlib.AsyncExitStack() as stack:
        # Each client has connections of its own, so that the workers of one server share them out.
        servers = [
            [
                await stack.enter_async_context(
                    httpx.AsyncClient(base_url=s.url, headers=headers, timeout=30)
                )
                for s in started
            ]
            for _ in range(CLIENTS)
        ]
        groups = [await _make_group(servers[0][0], furnished, f"group {n}") for n in range(GROUPS)]
        clients = [
            Client(servers[number], furnished, groups, SEED * CLIENTS + number) for number in range(CLIENTS)
        ]
        histories = await write_history(clients, CALLS // 2)
        if arrangement.killed:
            asyncio.get_running_loop().call_later(0.1, os.killpg, started[0].pid, signal.SIGKILL)
        histories.join(await write_history(clients, CALLS // 2))
        return histories


async def _make_group(server: httpx.AsyncClient, furnished: Furnished, name: str) -> str:
    path = f"/admin/v2/orgs/{furnished.caller.org_id}/directories/{furnished.directory_id}/groups"
    answer = await server.post(path, json={"name": name})
    return answer.headers["location"].rpartition("/")[2]


def _require_explained(histories: Histories) -> None:
    assert len(histories.groups) == GROUPS
    for group, calls in histories.groups.items():
        assert explained(calls, frozenset(), on_members), (group, calls)
    assert explained(histories.names, frozenset(), on_names), histories.names
    assert histories.seats
    assert max(histories.seats) <= LIMIT


async def _check(url: str) -> list[object]:
    database = await open_database(url)
    try:
        return list(await check_database(database, lambda *_: None))
    finally:
        await database.close()
