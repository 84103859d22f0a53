"""Servers that start together on PostgreSQL, one of which migrates (design 2.1)."""

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator

import asyncpg
import pytest

from guildhall.app import open_database
from guildhall.settings import Settings
from guildhall.store.database import SCHEMA_VERSION, StartRefused
from guildhall.store.postgres import migrate as postgres_migrate
from guildhall.store.postgres.migrate import migrate_postgres
from guildhall.store.statement import Statement
from tests import live, postgres
from tests.cli.databases import run_sql

TOGETHER = 10


@pytest.fixture
def url(postgres_url: str) -> Iterator[str]:
    with postgres.empty_database(postgres_url) as empty:
        yield empty


def serve(url: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "guildhall", "serve", "--port", "0", "--json", "--database", url]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "GUILDHALL_LOG_LEVEL": "info"},
    )


def test_of_servers_that_start_together_one_migrates_and_all_run(url):
    with contextlib.ExitStack() as stack:
        servers = [serve(url) for _ in range(TOGETHER)]
        for server in servers:
            stack.callback(server.kill)
        assert all(live.first_line(server)["url"] for server in servers)
        logs = [end(server) for server in servers]
    assert sum(log.count(f"the database was brought to schema {SCHEMA_VERSION}") for log in logs) == 1
    assert run_sql(url, "SELECT version, compatibility FROM schema_info") == [(SCHEMA_VERSION, 2)]


def end(server: "subprocess.Popen[str]") -> str:
    """Stop a server; return what it has logged."""
    server.terminate()
    return server.communicate(timeout=30)[1]


async def test_of_programs_in_the_same_instant_one_migrates(url):
    for _ in range(5):
        created = await asyncio.gather(*(migrate_postgres(url) for _ in range(TOGETHER)))
        assert sum(created) == 1
        connection = await asyncpg.connect(url)
        await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        await connection.close()


async def test_who_migrates_keeps_others_waiting(url):
    """The lock is the row of schema_info, held until the transaction ends."""
    await migrate_postgres(url)
    connection = await asyncpg.connect(url)
    async with connection.transaction():
        await connection.execute("SELECT FROM schema_info FOR UPDATE")
        waiting = asyncio.create_task(migrate_postgres(url))
        while not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"):
            assert not waiting.done()
        await connection.execute("UPDATE schema_info SET version = 9, compatibility = 9")
    with pytest.raises(StartRefused, match="schema 9"):
        await waiting
    await connection.close()


async def test_a_migration_that_fails_is_begun_again_by_the_next(url, monkeypatch):
    """What was prepared before stays, and is no schema yet."""
    with monkeypatch.context() as patched:
        patched.setattr(postgres_migrate, "record_version", lambda number: "SELECT 1 / 0")
        with pytest.raises(asyncpg.DivisionByZeroError):
            await migrate_postgres(url)
    assert await migrate_postgres(url)


async def test_statement_of_a_request_has_one_processor(url):
    helpers = Statement("SELECT current_setting('max_parallel_workers_per_gather')")
    for settings, expected in ((Settings(), True), (None, False)):
        database = await open_database(url, settings=settings)
        assert (await database.read(lambda tx: tx.value(helpers)) == "0") == expected
        await database.close()
