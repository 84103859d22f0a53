"""The floor of the database: the statements that requests make, run again without a server."""

import asyncio
import contextlib
import itertools
import math
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self
from unittest import mock

import apsw
import httpx
import msgspec

from benchmarks.dataset import Dataset
from benchmarks.load import LoadFailed, Request
from guildhall.app import Server
from guildhall.settings import Settings
from guildhall.store.sqlite import database as sqlite
from guildhall.store.sqlite.transaction import connect

Statements = list[tuple[str, Any]]
"""What one request ran: texts and their bindings."""

BATCH = 64
"""Operations that share a commit, as in the server's writer."""

_CONTROL = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA")
_SHARED = (" api_keys",)
"""What is read once a second for all requests: the key."""


class Floor(msgspec.Struct, frozen=True):
    """What the statements of one request cost on average."""

    statements: float
    cpu: float
    """Seconds of processor time."""
    per_second: float
    """Requests whose statements run in a second, one after the other."""


class _Notes:
    """Notes what runs on every connection that is opened while it is used."""

    def __init__(self) -> None:
        self._noted: Statements = []

    def __enter__(self) -> Self:
        apsw.connection_hooks.append(self._hook)
        return self

    def __exit__(self, *_: object) -> None:
        apsw.connection_hooks.remove(self._hook)

    def take(self) -> Statements:
        """Return what was noted since the last time, but for what no single request needs."""
        found = [(sql, bindings) for sql, bindings in self._noted if not any(some in sql for some in _SHARED)]
        self._noted.clear()
        return found

    def _hook(self, connection: apsw.Connection) -> None:
        connection.exec_trace = self._note

    def _note(self, _cursor: apsw.Cursor, sql: str, bindings: Any) -> bool:
        if not sql.lstrip().startswith(_CONTROL):
            self._noted.append((sql, bindings))
        return True


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Let reads stay on the event loop however long they take there, since recording makes each slower."""
    with mock.patch.object(sqlite, "READ_BUDGET", math.inf):
        yield


def record(
    made: Dataset, requests: Sequence[Request], *, warm: Sequence[Request] = (), seconds: float = math.inf
) -> list[Statements]:
    """Return the statements of each request, which a server in this process answers; writes are made.

    Those to warm up come before, so that what a server reads once into memory is no request's. What takes
    more seconds than given is left out.
    """
    with _undisturbed(), _Notes() as notes:
        return asyncio.run(_record(made, requests, warm, notes, seconds))


async def _record(
    made: Dataset, requests: Sequence[Request], warm: Sequence[Request], notes: _Notes, seconds: float
) -> list[Statements]:
    server, recorded = Server(Settings(database=made.path)), []
    headers = {"authorization": f"Bearer {made.key}", "content-type": "application/json"}
    transport = httpx.ASGITransport(server)
    await server.start()
    try:
        async with httpx.AsyncClient(
            transport=transport, base_url="http://guildhall", headers=headers
        ) as http:
            # The first look-up of the key.
            await _ask(http, Request("GET", "/admin/v1/orgs"))
            for request in warm:
                await _ask(http, request)
            notes.take()
            end = time.monotonic() + seconds
            for request in itertools.takewhile(lambda _: time.monotonic() < end, requests):
                await _ask(http, request)
                recorded.append(notes.take())
        return recorded
    finally:
        await server.stop()


async def _ask(http: httpx.AsyncClient, request: Request) -> None:
    answer = await http.request(request.method, request.path, content=request.body or None)
    if answer.status_code != request.status:
        raise LoadFailed(f"{request.method} {request.path}: {answer.status_code} {answer.text}")


def replay_reads(made: Dataset, recorded: Sequence[Statements], seconds: float) -> Floor:
    """Run the statements for some seconds on one connection, as the server has it."""
    connection = connect(Path(made.path), read_only=True)
    try:
        for statements in recorded:
            _run(connection, statements)
        begun, used, done = time.perf_counter(), time.thread_time(), 0
        while time.perf_counter() - begun < seconds:
            for statements in recorded:
                _run(connection, statements)
            done += len(recorded)
        return _floor(recorded, time.thread_time() - used, time.perf_counter() - begun, done)
    finally:
        connection.close()


def replay_writes(made: Dataset, recorded: Sequence[Statements]) -> Floor:
    """Run each request's statements once, many to a commit; the database must be as it was before them."""
    connection = connect(Path(made.path))
    try:
        begun, used = time.perf_counter(), time.process_time()
        for start in range(0, len(recorded), BATCH):
            connection.execute("BEGIN IMMEDIATE")
            for statements in recorded[start : start + BATCH]:
                _run(connection, statements)
            connection.execute("COMMIT")
        return _floor(recorded, time.process_time() - used, time.perf_counter() - begun, len(recorded))
    finally:
        connection.close()


def _run(connection: apsw.Connection, statements: Statements) -> None:
    for sql, bindings in statements:
        connection.execute(sql, bindings).fetchall()


def _floor(recorded: Sequence[Statements], cpu: float, seconds: float, done: int) -> Floor:
    statements = sum(map(len, recorded)) / len(recorded)
    return Floor(statements, cpu / done, done / seconds)
