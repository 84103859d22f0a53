"""Commands and many writers at once, through a proxy that keeps no session."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from guildhall.cli.exit_codes import ExitCode
from guildhall.cli.main import run
from guildhall.operations.maintenance.checks import check_database
from tests.make import USER, World, open_world

WRITERS = 32
SEATS = 20


@pytest.fixture
def guildhall(database_url: str, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a command on the database; return what it wrote."""

    def call(*arguments: str) -> str:
        code = run([*arguments, "--database", database_url])
        written = capsys.readouterr()
        assert code == ExitCode.DONE, written.err
        return written.out

    return call


def test_commands(guildhall: Callable[..., str], tmp_path: Path) -> None:
    """What an operator does with a database, from its start on."""
    made = json.loads(guildhall("init", "--json"))
    assert "Nothing to do" in guildhall("migrate")
    key = json.loads(guildhall("keys", "create", "second", "--json"))
    assert key["id"] in guildhall("keys", "list")
    guildhall("keys", "revoke", key["id"])
    generated = json.loads(guildhall("generate", "--groups", "50", "--json"))
    assert guildhall("check") == "Nothing is off.\n"
    exported = guildhall("export")
    assert made["orgId"] in exported
    assert generated["orgId"] in exported
    (tmp_path / "export.yaml").write_text(exported)
    assert guildhall("seed", str(tmp_path / "export.yaml")).endswith("nothing changed\n")


async def test_writers_at_once_share_seats_and_names(database_url: str) -> None:
    """One name goes to one of them, and no seat more is used than there are."""
    async with open_world(database_url) as world:
        group = await world.group()
        resource = await world.resource(user_limit=SEATS)
        await world.role(group, resource, USER)
        users = [await world.user() for _ in range(WRITERS)]
        joined = await asyncio.gather(*(_join(world, group.id, user.id) for user in users))
        assert Counter(joined) == {204: SEATS, 409: WRITERS - SEATS}
        named = await asyncio.gather(
            *(world.http.post(f"{world.v2()}/groups", json={"name": "One"}) for _ in range(WRITERS))
        )
        assert Counter(answer.status_code for answer in named) == {201: 1, 409: WRITERS - 1}
        assert await check_database(world.database, lambda *_: None) == []


async def _join(world: World, group_id: str, account_id: str) -> int:
    path = f"{world.v2()}/groups/{group_id}/memberships"
    return (await world.http.post(path, json={"accountId": account_id})).status_code


async def test_limits_hold_in_each_transaction(database_url: str) -> None:
    """They cannot be told at the start of a connection, since the proxy has one of its own."""
    async with open_world(database_url, lock_timeout=0.2) as world:
        group = await world.group()
        user = await world.user()
        other = await asyncpg.connect(database_url, statement_cache_size=0)
        async with other.transaction():
            await other.fetchval("SELECT 1 FROM groups WHERE id = $1 FOR UPDATE", group.id)
            answer = await world.http.post(
                f"{world.v2()}/groups/{group.id}/memberships", json={"accountId": user.id}
            )
        await other.close()
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert "Others hold" in answer.json()["errors"][0]["detail"]


async def test_read_that_takes_too_long_ends_its_connection_only(database_url: str) -> None:
    """No limit goes with a read of one statement: that this side gives up says nothing of the server."""
    async with open_world(database_url, postgres_statement_timeout=0.1) as world:
        path = f"{world.v2()}/groups/{(await world.group()).id}"
        await asyncio.gather(*(world.http.get(path) for _ in range(8)))
        await world.http.get(path)
        before = list(world.database._pool._idle)
        other = await asyncpg.connect(database_url, statement_cache_size=0)
        async with other.transaction():
            await other.execute("LOCK TABLE groups")
            slow = await world.http.get(path)
        await other.close()
        assert (slow.status_code, slow.headers["retry-after"]) == (503, "1")
        assert "took too long" in slow.json()["errors"][0]["detail"]
        assert len(before) > 1
        assert world.database._pool._idle == before[:-1]
        assert (await world.http.get(path)).status_code == 200
