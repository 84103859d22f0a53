"""Others hold what a write needs: it is refused in time, and says so (contract 8; ADR 23)."""

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from guildhall.store.database import StartRefused
from guildhall.store.sqlite.database import SQLiteDatabase
from guildhall.store.sqlite.locks import WriteLock
from guildhall.store.sqlite.migrate import migrate_sqlite
from guildhall.store.sqlite.transaction import connect
from tests import live
from tests.make import World, open_world
from tests.store.furnished import writer_held

HOLDER = """
import pathlib, sys
from guildhall.store.sqlite.locks import WriteLock
with WriteLock(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


@contextlib.contextmanager
def held_by_another_process(path: Path) -> Iterator["subprocess.Popen[str]"]:
    """A stopped process has the write lock: what Ctrl-Z does to a command."""
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        holder.send_signal(signal.SIGSTOP)
        try:
            yield holder
        finally:
            holder.kill()


async def until_ready(world: World) -> None:
    """The writer may need a moment to see that the lock is free."""
    async with asyncio.timeout(10):
        while (await world.client(None).get("/readyz")).status_code != 200:
            pass


async def test_write_is_refused_when_the_lock_is_held_for_too_long(tmp_path):
    path = tmp_path / "guildhall.db"
    async with open_world(f"sqlite:///{path}", lock_timeout=0.2) as world:
        groups, body = f"{world.v2()}/groups", {"name": "Refused"}
        with writer_held(path):
            for _ in range(2):
                answer = await world.http.post(groups, json=body)
                assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
                assert "nothing was changed" in answer.json()["errors"][0]["detail"]
            assert (await world.http.get(groups)).status_code == 200
            ready = await world.client(None).get("/readyz")
            assert (ready.status_code, "write lock" in ready.text) == (503, True)
        await until_ready(world)
        assert (await world.http.get(groups)).json()["data"] == []
        assert (await world.http.post(groups, json=body)).status_code == 201


async def test_readiness_finds_out_by_itself(tmp_path):
    """Nobody writes while the lock is held: whoever asks for readiness is told all the same."""
    path = tmp_path / "guildhall.db"
    async with open_world(f"sqlite:///{path}", lock_timeout=0.2) as world:
        with writer_held(path):
            async with asyncio.timeout(10):
                while (await world.client(None).get("/readyz")).status_code == 200:
                    pass
        await until_ready(world)


async def test_write_that_waits_less_than_the_limit_is_carried_out(tmp_path):
    path = tmp_path / "guildhall.db"
    async with open_world(f"sqlite:///{path}", lock_timeout=30) as world:
        with writer_held(path):
            waiting = asyncio.ensure_future(world.http.post(f"{world.v2()}/groups", json={"name": "Late"}))
            assert (await world.http.get(f"{world.v2()}/groups")).json()["data"] == []
        assert (await waiting).status_code == 201


async def test_lock_of_another_program_is_waited_for_as_long(tmp_path):
    """A program that knows nothing of our lock: SQLite's own is waited for no longer either."""
    path = tmp_path / "guildhall.db"
    async with open_world(f"sqlite:///{path}", lock_timeout=0.2) as world:
        other = connect(path)
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        answer = await world.http.post(f"{world.v2()}/groups", json={"name": "Refused"})
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert time.monotonic() - began < 3
        assert (await world.client(None).get("/readyz")).status_code == 503
        other.execute("ROLLBACK")
        await until_ready(world)
        other.close()


async def test_database_closes_while_the_lock_is_held(tmp_path):
    """What waited is refused, and is not carried out later: its caller was told so."""
    path = tmp_path / "guildhall.db"
    migrate_sqlite(path)
    database = SQLiteDatabase(path, patience=0.1)
    writer = database._writer._thread

    async def scrub(tx):
        raise AssertionError("it was refused")

    with writer_held(path):
        refused = await asyncio.gather(database.write(scrub), return_exceptions=True)
        assert "nothing was changed" in str(refused[0])
        await asyncio.wait_for(database.close(), 10)
        assert writer.is_alive()
    await asyncio.to_thread(writer.join, 10)
    assert not writer.is_alive()


def test_server_ends_in_time_while_a_stopped_process_holds_the_lock(tmp_path):
    path = tmp_path / "guildhall.db"
    init = [sys.executable, "-m", "guildhall", "init", "--json", "--database", str(path)]
    made = json.loads(subprocess.run(init, check=True, capture_output=True).stdout)
    process = live.start("--database", str(path), GUILDHALL_LOCK_TIMEOUT="0.5")
    url = live.first_line(process)["url"]
    server = live.Live(process, url, made["orgId"], made["directoryId"], made["key"])
    with held_by_another_process(path), server.http() as http:
        assert http.post(server.groups, json={"name": "Refused"}).status_code == 503
        assert http.get("/readyz").status_code == 503
        began = time.monotonic()
        assert live.stop(process) == 0
        assert time.monotonic() - began < 8


def test_start_of_a_current_database_needs_no_lock(tmp_path):
    path = tmp_path / "guildhall.db"
    migrate_sqlite(path)
    with contextlib.closing(WriteLock(path)) as lock, lock:
        assert not migrate_sqlite(path)


def test_start_that_needs_the_lock_is_refused_in_time(tmp_path, monkeypatch):
    path = tmp_path / "guildhall.db"
    monkeypatch.setattr("guildhall.store.sqlite.migrate._SECONDS_TO_START", 0.1)
    with (
        contextlib.closing(WriteLock(path)) as lock,
        lock,
        pytest.raises(StartRefused, match=r"guildhall\.db\.lock locked for 0\.1 seconds"),
    ):
        migrate_sqlite(path)


async def test_postgres_refuses_a_write_that_waits_for_too_long(postgres_database_url):
    """Others that need other rows go on meanwhile, so the server stays ready."""
    async with open_world(postgres_database_url, lock_timeout=0.2) as world:
        group, other = await world.group(), await world.group()
        connection = await asyncpg.connect(postgres_database_url)
        async with connection.transaction():
            await connection.execute("SELECT 1 FROM groups WHERE id = $1 FOR UPDATE", group.id)
            refused = await world.http.patch(
                f"{world.v2()}/groups/{group.id}", json={"description": "Refused"}
            )
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
            assert "nothing was changed" in refused.json()["errors"][0]["detail"]
            renamed = await world.http.patch(f"{world.v2()}/groups/{other.id}", json={"description": "Done"})
            assert renamed.status_code == 204
            assert (await world.client(None).get("/readyz")).status_code == 200
        await connection.close()
