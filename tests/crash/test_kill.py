"""The server is killed under load, again and again: what it confirmed is found by the next start, whole.

GUILDHALL_CRASH_ROUNDS says how often (`make crash-rounds`: 1 000), GUILDHALL_CRASH_SEED where to begin.
"""

import asyncio
import contextlib
import os
import random
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests import live
from tests.crash.over_http import HTTPTarget
from tests.ledger import Scribe, Unknown, opened, read_groups, require_clean, require_whole
from tests.store.furnished import Furnished, furnish

ROUNDS = int(os.environ.get("GUILDHALL_CRASH_ROUNDS", "50"))
FIRST_SEED = int(os.environ.get("GUILDHALL_CRASH_SEED", "0"))

SCRIBES = 8
ROUNDS_OF_A_DATABASE = 10
LONGEST_LIFE = 0.25
"""Seconds that a server lives under load."""


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Furnished:
    return furnish(tmp_path_factory.mktemp("furnished"))


class Server:
    """A started server, which is killed and never stopped."""

    def __init__(self, process: "subprocess.Popen[str]", url: str) -> None:
        self._process = process
        self.url = url

    def kill(self) -> None:
        """Kill all of its processes at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def kill_worker(self) -> None:
        """Kill one of its workers, which is replaced then."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        os.kill(int(children[0]), signal.SIGKILL)

    def await_end(self) -> None:
        """Wait until the last of its processes has gone: each of them holds the pipe."""
        self._process.communicate()


@contextlib.contextmanager
def serving(path: Path, workers: int) -> Iterator[Server]:
    process = live.start("--database", str(path), "--workers", str(workers))
    server = Server(process, "")
    try:
        server.url = live.first_line(process)["url"]
        yield server
    finally:
        server.kill()
        server.await_end()


async def write_until_killed(
    server: Server, furnished: Furnished, scribes: list[Scribe], seconds: float
) -> None:
    headers = {"authorization": f"Bearer {furnished.secret}"}
    async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=30) as http:
        target = HTTPTarget(http, furnished)

        async def write(scribe: Scribe) -> None:
            with contextlib.suppress(Unknown):
                while True:
                    await scribe.change(target)

        assert (await http.get("/readyz")).status_code == 200
        asyncio.get_running_loop().call_later(seconds, server.kill)
        await asyncio.gather(*(write(scribe) for scribe in scribes))


def compare(path: Path, scribes: list[Scribe]) -> None:
    """Require what the scribes' ledgers have, nothing half done, and that `guildhall check` finds nothing."""
    require_clean(path)
    with opened(path) as connection:
        found = require_whole(connection)
    for scribe in scribes:
        scribe.compare(found)


@pytest.mark.parametrize("first", range(0, ROUNDS, ROUNDS_OF_A_DATABASE))
def test_kill_under_load(furnished: Furnished, tmp_path: Path, first: int) -> None:
    path = furnished.copy_to(tmp_path / "database")
    scribes = furnished.scribes(SCRIBES, FIRST_SEED + first)
    for number in range(first, min(first + ROUNDS_OF_A_DATABASE, ROUNDS)):
        print(f"round {number}, GUILDHALL_CRASH_SEED={FIRST_SEED}")
        with serving(path, workers=1 + number % 2) as server:
            compare(path, scribes)
            seconds = random.Random(FIRST_SEED + number).uniform(0, LONGEST_LIFE)
            asyncio.run(write_until_killed(server, furnished, scribes, seconds))
    compare(path, scribes)
    assert sum(scribe.confirmed for scribe in scribes) > ROUNDS_OF_A_DATABASE


CHANGES_OF_A_SCRIBE = 80


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds the workers where Linux lists them")
def test_kill_of_workers_under_load(furnished: Furnished, tmp_path: Path) -> None:
    """The others go on at once, and nothing of what the killed one had confirmed is missing."""
    path = furnished.copy_to(tmp_path / "database")
    scribes = furnished.scribes(SCRIBES, FIRST_SEED)
    with serving(path, workers=2) as server:
        asyncio.run(write_while_workers_die(server, path, furnished, scribes))
        compare(path, scribes)


async def write_while_workers_die(
    server: Server, path: Path, furnished: Furnished, scribes: list[Scribe]
) -> None:
    headers = {"authorization": f"Bearer {furnished.secret}"}
    async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=30) as http:
        target = HTTPTarget(http, furnished)

        async def write(scribe: Scribe) -> None:
            for _ in range(CHANGES_OF_A_SCRIBE):
                try:
                    await scribe.change(target)
                except Unknown:
                    with opened(path) as connection:
                        scribe.compare(read_groups(connection))

        for seconds in (0.05, 0.15, 0.25):
            asyncio.get_running_loop().call_later(seconds, server.kill_worker)
        await asyncio.gather(*(write(scribe) for scribe in scribes))
