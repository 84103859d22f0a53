"""The floor of the database: the statements that requests make, run again without a server."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import apsw
import httpx
import msgspec

from benchmarks.dataset import Dataset
from benchmarks.load import LoadFailed, Request
from guildhall.app import Server
from guildhall.settings import Settings
from guildhall.store.sqlite_transaction import connect

Statements = list[tuple[str, Any]]
"""What one request ran: texts and their bindings."""

BATCH = 64
"""Operations that share a commit, as in the server's writer."""

_CONTROL = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA")


class Floor(msgspec.Struct, frozen=True):
    """What the statements of one request cost on average."""

    statements: float
    cpu: float
    """Seconds of processor time."""
    per_second: float
    """Requests whose statements run in a second, one after the other."""


def record(made: Dataset, requests: Sequence[Request]) -> list[Statements]:
    """Return the statements of each request, which a server in this process answers; writes are made."""
    return asyncio.run(_record(made, requests))


async def _record(made: Dataset, requests: Sequence[Request]) -> list[Statements]:
    current: Statements = []

    def note(_cursor: apsw.Cursor, sql: str, bindings: Any) -> bool:
        if not sql.lstrip().startswith(_CONTROL):
            current.append((sql, bindings))
        return True

    def hook(connection: apsw.Connection) -> None:
        connection.exec_trace = note

    apsw.connection_hooks.append(hook)
    server = Server(Settings(database=made.path))
    await server.start()
    try:
        transport = httpx.ASGITransport(server)
        headers = {"authorization": f"Bearer {made.key}", "content-type": "application/json"}
        recorded = []
        async with httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1", headers=headers
        ) as http:
            await http.get(
                "/admin/v1/orgs"
            )  # The key is looked up once a second; that is no part of a request.
            for request in requests:
                current.clear()
                answer = await http.request(request.method, request.path, content=request.body or None)
                if answer.status_code != request.status:
                    raise LoadFailed(f"{request.method} {request.path}: {answer.status_code} {answer.text}")
                recorded.append([entry for entry in current if " api_keys" not in entry[0]])
        return recorded
    finally:
        await server.stop()
        apsw.connection_hooks.remove(hook)


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
