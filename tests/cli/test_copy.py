"""`guildhall copy`: every row of a SQLite database in an empty PostgreSQL database, or nothing."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from guildhall.app import Server
from guildhall.cli.exit_codes import ExitCode
from guildhall.settings import Settings
from tests import postgres
from tests.cli.databases import contents, name_stamps, run_sql

SMALL = ("--groups", "20", "--users", "60", "--memberships", "100", "--seed", "3")


@pytest.fixture
def target(postgres_url):
    """An empty database of PostgreSQL."""
    with postgres.empty_database(postgres_url) as url:
        yield url


@pytest.fixture
def source(guildhall, tmp_path):
    """A filled SQLite database; the key and the organization that were made."""
    url = f"sqlite:///{tmp_path}/guildhall.db"
    ended = guildhall("generate", *SMALL, "--database", url, "--json")
    return url, json.loads(ended.out)


def asked(url: str, key: str, *requests: tuple[str, str, Any]) -> list[httpx.Response]:
    """Send requests to a server on the database, one after the other."""

    async def ask() -> list[httpx.Response]:
        server = Server(Settings(database=url))
        await server.start()
        headers = {"Authorization": f"Bearer {key}"}
        transport = httpx.ASGITransport(server)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1", headers=headers
        ) as http:
            answers = [await http.request(method, path, json=body) for method, path, body in requests]
        await server.stop()
        return answers

    return asyncio.run(ask())


def test_copy_keeps_every_row_and_clients_go_on(guildhall, source, target):
    url, made = source
    groups = f"/admin/v2/orgs/{made['orgId']}/directories/{made['directoryId']}/groups"
    created, page = asked(
        url, made["key"], ("POST", groups, {"name": "gone"}), ("GET", f"{groups}?limit=5", None)
    )
    gone = run_sql(url, "SELECT id FROM groups WHERE name = 'gone'")[0][0]
    deleted, rest = asked(
        url,
        made["key"],
        ("DELETE", f"{groups}/{gone}", None),
        ("GET", f"{groups}?cursor={page.json()['links']['next']}", None),
    )
    assert (created.status_code, deleted.status_code) == (201, 204)
    newest = run_sql(url, "SELECT MAX(event_key) FROM events")
    used = run_sql(url, "SELECT seq FROM sqlite_sequence WHERE name = 'groups'")

    assert guildhall("copy", "--database", url, "--to", target).code == ExitCode.DONE

    assert contents(target) == contents(url)
    assert [stamp != 0 for _, stamp in name_stamps(target)] == [True]
    assert guildhall("check", "--database", target).code == ExitCode.DONE
    same, after = asked(
        target,
        made["key"],
        ("GET", f"{groups}?cursor={page.json()['links']['next']}", None),
        ("POST", groups, {"name": "after"}),
    )
    assert same.json() == rest.json()
    assert after.status_code == 201
    assert run_sql(target, "SELECT MAX(event_key) FROM events")[0] > newest[0]
    assert run_sql(target, "SELECT group_key FROM groups WHERE name = 'after'")[0] > used[0]


def test_copy_leaves_a_database_alone_that_is_not_empty(guildhall, source, target):
    url, _ = source
    guildhall("init", "--database", target)
    before = contents(target)

    ended = guildhall("copy", "--database", url, "--to", target)

    assert ended.code == ExitCode.FAILED
    assert "empty" in ended.err
    assert contents(target) == before


def test_copy_from_postgres_or_to_sqlite_says_what_to_do(guildhall, source, tmp_path):
    url, _ = source
    for wrong in (
        ("--database", "postgresql://x/y", "--to", url),
        ("--database", url, "--to", str(tmp_path / "b.db")),
    ):
        ended = guildhall("copy", *wrong)
        assert ended.code == ExitCode.REFUSED
        assert "pg_dump" in ended.err
