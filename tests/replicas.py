"""Two throwaway PostgreSQL servers of which one follows the other; see tests/postgres.py.

`python -m tests.replicas` prints both URLs, does to the replica what the lines of its standard input say, and
ends both servers with that input.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from tests import postgres
from tests.rules.sources import ROOT


class Pair:
    """A primary and its replica, by the URLs of a database on both."""

    def __init__(self, process: "subprocess.Popen[str]", primary: str, replica: str) -> None:
        self.primary = primary
        self.replica = replica
        self._process = process

    def of(self, primary: str) -> "Pair":
        """The same servers, with another database of the primary."""
        path, replica = urlsplit(primary).path, urlsplit(self.replica)
        return Pair(self._process, primary, replica._replace(path=path).geturl())

    @contextlib.asynccontextmanager
    async def plain_user(self) -> AsyncIterator[tuple[Any, "Pair"]]:
        """A connection as superuser, and the same database by the name of a user without privileges."""
        urls = [url.replace("postgres@", "plain@") for url in (self.primary, self.replica)]
        connection = await asyncpg.connect(self.primary)
        try:
            await connection.execute("CREATE ROLE plain LOGIN; GRANT CREATE ON SCHEMA public TO plain")
            yield connection, Pair(self._process, *urls)
        finally:
            await connection.execute("DROP OWNED BY plain; DROP ROLE plain")
            await connection.close()

    def tell(self, command: str) -> None:
        """`stop` the replica, `start` it, `freeze` it so that it answers nothing any more, or `thaw` it."""
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "done\n"

    async def ask_replica(self, statement: str) -> Any:
        """Run a statement on the replica, past the program."""
        connection = await asyncpg.connect(self.replica)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    async def has_followed(self) -> bool:
        """Whether the replica has the database by now."""
        try:
            return await self.ask_replica("SELECT TRUE")
        except asyncpg.InvalidCatalogNameError:
            return False

    @contextlib.asynccontextmanager
    async def paused(self) -> AsyncIterator[None]:
        """Have the replica replay nothing meanwhile; it goes on answering."""
        await self.ask_replica("SELECT pg_wal_replay_pause()")
        while await self.ask_replica("SELECT pg_get_wal_replay_pause_state()") != "paused":
            pass
        try:
            yield
        finally:
            await self.ask_replica("SELECT pg_wal_replay_resume()")


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Ask again and again, for as long as it may take at most."""
    async with asyncio.timeout(20):
        while not await condition():
            pass


@contextlib.contextmanager
def running_pair() -> Iterator[Pair]:
    """Yield both servers in a child process, which end with the block or with this process."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    command = [sys.executable, "-m", "tests.replicas"]
    with subprocess.Popen(command, text=True, cwd=ROOT, start_new_session=True, **pipes) as process:
        urls = [process.stdout.readline().strip() for _ in range(2)]
        if not all(urls):
            raise RuntimeError("PostgreSQL did not start twice")
        yield Pair(process, *urls)


def main() -> None:
    """Serve until standard input ends."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with tempfile.TemporaryDirectory(prefix="guildhall-postgres-") as name:
        primary, replica = Path(name), Path(name) / "replica"
        # Replicas are sent what is on disk: the primary must not wait before it writes.
        serving = postgres.serving(primary, synchronous_commit="on")
        with serving as server, _following(server.binaries, primary, replica) as commands:
            for place in (primary, replica):
                print(f"postgresql://postgres@/postgres?host={place}", flush=True)
            with contextlib.suppress(KeyboardInterrupt):
                for line in sys.stdin:
                    commands[line.strip()]()
                    print("done", flush=True)


@contextlib.contextmanager
def _following(binaries: Path, primary: Path, replica: Path) -> Iterator[dict[str, Any]]:
    """Start a replica, and yield what can be done to it."""
    replica.mkdir()
    if os.geteuid() == 0:
        os.chown(replica, primary.stat().st_uid, primary.stat().st_gid)
    data = replica / "data"
    postgres.run(
        binaries / "pg_basebackup", "-h", primary, "-U", "postgres", "-D", data, "-R", "-N", "-c", "fast"
    )
    control = (binaries / "pg_ctl", "-D", data, "-w")
    options = f"{postgres.server_options(wal_retrieve_retry_interval='100ms')} -k {replica}"

    def start() -> None:
        postgres.run(*control, "-l", replica / "log", "-o", options, "start")

    def stop() -> None:
        postgres.run(*control, "-m", "immediate", "stop")

    start()
    try:
        yield {
            "start": start,
            "stop": stop,
            "freeze": lambda: _signal_all(data, signal.SIGSTOP),
            "thaw": lambda: _signal_all(data, signal.SIGCONT),
        }
    finally:
        stop()


def _signal_all(data: Path, number: signal.Signals) -> None:
    postmaster = (data / "postmaster.pid").read_text().split()[0]
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True)
    processes = [line.split() for line in listed.stdout.splitlines()]
    for pid in (postmaster, *(pid for pid, parent in processes if parent == postmaster)):
        os.kill(int(pid), number)


if __name__ == "__main__":
    main()
