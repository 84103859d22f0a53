"""PostgreSQL under measurement: datasets that stay there, copies to write to, processor time."""

import asyncio
import contextlib
import os
import urllib.parse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from benchmarks.dataset import ROOT, Dataset, fill, say
from benchmarks.load import LoadFailed

VARIABLE = "GUILDHALL_BENCH_POSTGRES"
HOW = (
    f"Set `{VARIABLE}` to the URL of a PostgreSQL server on this machine, for example"
    " `postgresql://postgres@127.0.0.1/postgres`, whose role may create databases; its contrib package is"
    " needed for `pgbench`. The datasets stay there as `guildhall_bench_…`."
)

_SETTINGS = (
    "server_version",
    "shared_buffers",
    "max_wal_size",
    "fsync",
    "synchronous_commit",
    "max_connections",
)


def server_url() -> str | None:
    """Return the URL of the server that is to be measured, or None when there is to be none."""
    return os.environ.get(VARIABLE) or None


def fetch(url: str, sql: str, *values: object) -> list[Any]:
    """Return the rows of a statement, on a connection of its own."""
    return asyncio.run(_fetch(url, sql, values))


async def _fetch(url: str, sql: str, values: Sequence[object]) -> list[Any]:
    connection = await asyncpg.connect(url)
    try:
        rows: list[Any] = await connection.fetch(sql, *values)
        return rows
    finally:
        await connection.close()


def settings(url: str) -> dict[str, str]:
    """Return what decides how fast the server can be; raises LoadFailed when its commits are not durable."""
    found = {name: str(fetch(url, f"SHOW {name}")[0][0]) for name in _SETTINGS}
    if "off" in (found["fsync"], found["synchronous_commit"]):
        raise LoadFailed("fsync or synchronous_commit is off: what this server commits is not durable.")
    return found


def postgres_dataset(original: Dataset, server: str) -> Dataset:
    """Return the dataset as a database of the server, filled unless that was done before.

    The same seed gives the same ids on both engines, so that questions are drawn from the original. What is
    kept with the database says that it is whole.
    """
    name = f"guildhall_bench_{Path(original.path).parent.name.replace('-', '_')}"
    url = _named(server, name)
    kept = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = $1"
    described = next((row[0] for row in fetch(server, kept, name)), None)
    if described is None:
        say(f"Filling the PostgreSQL database {name}")
        fetch(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        fetch(server, f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
        described = fill(original.groups, url, ROOT).decode()
        fetch(server, f"COMMENT ON DATABASE {name} IS '{described}'")
    made = msgspec.json.decode(described)
    if made["orgId"] != original.org_id:
        raise LoadFailed(f"{name} holds another organization than {original.path}: drop it.")
    return msgspec.structs.replace(original, url=url, key=made["key"])


@contextlib.contextmanager
def copied(made: Dataset) -> Iterator[Dataset]:
    """Give a copy of a dataset without user limits, so that everyone can be added; it goes in the end."""
    template = urllib.parse.urlsplit(made.url).path.removeprefix("/")
    server, name = _named(made.url, "postgres"), f"{template}_copy"
    fetch(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    # Through the files: the other strategy writes all of it into the log first.
    fetch(server, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    try:
        url = _named(made.url, name)
        fetch(url, "UPDATE resource_seats SET user_limit = NULL")
        yield msgspec.structs.replace(made, url=url)
    finally:
        fetch(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _named(url: str, name: str) -> str:
    return urllib.parse.urlsplit(url)._replace(path=f"/{name}").geturl()


def address(url: str) -> tuple[str, int] | str:
    """Return where the server listens: host and port, or the path of its socket."""
    parts = urllib.parse.urlsplit(url)
    folder = urllib.parse.parse_qs(parts.query).get("host", [""])[0]
    port = parts.port or 5432
    return f"{folder}/.s.PGSQL.{port}" if folder.startswith("/") else (parts.hostname or "127.0.0.1", port)


def through(url: str, port: int) -> str:
    """Return the URL that leads to the same database through a port of loopback."""
    parts = urllib.parse.urlsplit(url)
    user, found, _ = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user}{found}127.0.0.1:{port}", query="sslmode=disable").geturl()


def cpu(url: str) -> dict[int, float]:
    """Return the seconds of processor time of each process that serves the database, or all databases.

    Empty when the server is on another machine.
    """
    sql = "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND coalesce(datname, $1) = $1"
    name = urllib.parse.urlsplit(url).path.removeprefix("/")
    found = {}
    for (pid,) in fetch(url, sql, name):
        with contextlib.suppress(FileNotFoundError):
            process = Path(f"/proc/{pid}")
            if (process / "comm").read_text().strip() == "postgres":
                found[pid] = int((process / "schedstat").read_text().split()[0]) / 1e9
    return found


def cpu_between(before: dict[int, float], after: dict[int, float]) -> float:
    """Return the seconds that passed on processors between two looks; who came since has begun at nothing."""
    return sum(seconds - before.get(pid, 0.0) for pid, seconds in after.items())


def connections(url: str) -> int:
    """Return how many connections to the database there are, this one left out."""
    sql = (
        "SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
    )
    return int(fetch(url, sql)[0][0])
