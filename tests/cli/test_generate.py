"""`guildhall generate`: exact numbers, the same again for a seed, and nothing half done."""

import asyncio
import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guildhall.app import Server, open_database
from guildhall.cli.exit_codes import ExitCode
from guildhall.settings import Settings
from guildhall.store.database_urls import sqlite_path
from guildhall.store.sqlite.locks import SharedUse
from guildhall.synthetic import organizations
from guildhall.synthetic.sizes import group_sizes
from tests.cli.conftest import Ended
from tests.cli.databases import contents, name_stamps, run_sql

NUMBERS = {
    "--groups": 60,
    "--users": 400,
    "--memberships": 1500,
    "--resources": 9,
    "--role-assignments": 130,
    "--largest-group": 200,
    "--directories": 3,
}
SMALL = [str(part) for pair in NUMBERS.items() for part in pair]

Generate = Callable[..., Ended]


@pytest.fixture
def generate(guildhall: Any, database_url: str) -> Generate:
    """Run the command on an empty database of its own."""
    return lambda *arguments: guildhall("generate", *SMALL, *arguments, "--database", database_url)


def count(url: str, table: str) -> int:
    return run_sql(url, f"SELECT count(*) FROM {table}")[0][0]


def test_generate_makes_exactly_what_was_asked_for(generate, guildhall, database_url):
    assert generate().code == ExitCode.DONE
    made = {
        "--groups": count(database_url, "groups"),
        "--users": count(database_url, "users"),
        "--memberships": count(database_url, "memberships"),
        "--resources": count(database_url, "resources"),
        "--role-assignments": count(database_url, "role_assignments"),
        "--largest-group": run_sql(database_url, "SELECT MAX(users) FROM group_counts")[0][0],
        "--directories": count(database_url, "directories"),
    }
    assert made == NUMBERS
    assert count(database_url, "events") == 0
    assert all(stamp for _, stamp in name_stamps(database_url))
    assert guildhall("check", "--database", database_url).out == "Nothing is off.\n"


def test_generate_makes_an_organization_with_everything_in_it(generate, database_url):
    generate("--groups", "300", "--largest-group", "250", "--role-assignments", "900")
    some = {
        "suspended users": "SELECT count(*) FROM directory_users WHERE status = 1",
        "guests of another directory": "SELECT count(*) FROM directory_users AS a JOIN directory_users AS b"
        " ON a.user_key = b.user_key AND a.directory_key < b.directory_key",
        "limits above the use": "SELECT count(*) FROM resource_seats WHERE user_limit > seats_used",
        "no limits": "SELECT count(*) FROM resource_seats WHERE user_limit IS NULL",
        "default groups": "SELECT count(*) FROM groups WHERE is_default = 1",
        "admin groups": "SELECT count(*) FROM groups WHERE grants_admin = 1",
        "an admin group of the organization": "SELECT count(*) FROM groups WHERE grants_admin = 2",
        "synced groups": "SELECT count(*) FROM groups WHERE synced = 1",
        "teams": "SELECT count(*) FROM groups WHERE type = 1",
        "direct roles": "SELECT count(*) FROM user_roles",
        "empty groups": "SELECT count(*) FROM group_counts WHERE users = 0",
    }
    assert not [what for what, sql in some.items() if not run_sql(database_url, sql)[0][0]]


def test_generated_key_opens_the_organization(generate, database_url):
    made = json.loads(generate("--json").out)

    async def get_groups() -> httpx.Response:
        server = Server(Settings(database=database_url))
        await server.start()
        transport = httpx.ASGITransport(server)
        headers = {"authorization": f"Bearer {made['key']}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://x", headers=headers) as client:
            path = f"/admin/v2/orgs/{made['orgId']}/directories/{made['directoryId']}/groups?limit=3"
            answer = await client.get(path)
        await server.stop()
        return answer

    answer = asyncio.run(get_groups())
    assert answer.status_code == 200
    assert len(answer.json()["data"]) == 3


@pytest.mark.parametrize("engine", ["sqlite"])
def test_generate_gives_the_same_for_a_seed(guildhall, tmp_path, engine):
    urls = [f"sqlite:///{tmp_path}/{name}.db" for name in "abc"]
    for url, seed in zip(urls, ("7", "7", "8"), strict=True):
        assert guildhall("generate", *SMALL, "--seed", seed, "--database", url).code == ExitCode.DONE
    first, again, other = map(contents, urls)
    assert first == again
    assert all(first[table] != other[table] for table in ("groups", "users", "memberships"))


def test_generate_adds_an_organization_to_others(generate, guildhall, database_url):
    assert guildhall("init", "--database", database_url).code == ExitCode.DONE
    before = contents(database_url)
    assert generate().code == ExitCode.DONE
    assert generate("--seed", "2").code == ExitCode.DONE
    assert count(database_url, "orgs") == 3
    kept = {table: rows[: len(before[table])] for table, rows in contents(database_url).items()}
    assert kept["roles"] == before["roles"]
    assert guildhall("check", "--database", database_url).code == ExitCode.DONE


def test_generate_refuses_a_seed_that_is_there(generate, database_url):
    generate()
    before = contents(database_url)
    assert generate().code == ExitCode.CONFLICT
    assert contents(database_url) == before


@pytest.mark.parametrize(
    ("wish", "problem"),
    [
        (("--largest-group", "500"), "largest group: 500 is more than 400"),
        (("--memberships", "20000"), "memberships: 20000 is more than 12000"),
        (("--memberships", "100"), "largest group: 200 is more than 100"),
        (("--role-assignments", "5000"), "role assignments: 5000 is more than 480"),
        (("--org-name", "\t"), "organization name: must have 1 to 255"),
    ],
)
def test_generate_refuses_numbers_that_contradict_each_other(guildhall, tmp_path, wish, problem):
    path = tmp_path / "guildhall.db"
    ended = guildhall("generate", *SMALL, *wish, "--database", str(path))
    assert ended.code == ExitCode.REFUSED
    assert problem in ended.err
    assert not path.exists()


@pytest.mark.parametrize("furnished", [False, True])
def test_generate_that_is_interrupted_leaves_nothing(
    generate, guildhall, database_url, furnished, monkeypatch
):
    if furnished:
        guildhall("init", "--database", database_url)
        before = contents(database_url)

    async def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(organizations, "_make_key", interrupted)
    with contextlib.suppress(KeyboardInterrupt):
        assert generate().code == ExitCode.INTERRUPTED
    monkeypatch.undo()
    if furnished:
        assert contents(database_url) == before
    assert generate().code == ExitCode.DONE


def test_generate_leaves_the_schema_as_it_was(generate, database_url):
    """Whatever is dropped for the time of filling comes back."""

    async def create() -> None:
        await (await open_database(database_url)).close()

    asyncio.run(create())
    before = definitions(database_url)
    assert generate().code == ExitCode.DONE
    assert definitions(database_url) == before


def definitions(url: str) -> list[tuple[Any, ...]]:
    """What the database says that it is made of."""
    if sqlite_path(url) is not None:
        return sorted(run_sql(url, "SELECT name, sql FROM sqlite_schema"), key=repr)
    rows = run_sql(
        url,
        "SELECT c.conname, pg_get_constraintdef(c.oid), c.convalidated FROM pg_constraint AS c"
        " WHERE c.connamespace = current_schema()::regnamespace AND c.contype <> 'n' UNION ALL"
        " SELECT i.indexname, i.indexdef, TRUE FROM pg_indexes AS i WHERE i.schemaname = current_schema()",
    )
    return sorted(rows)


def test_generate_leaves_no_other_files(guildhall, tmp_path: Path):
    guildhall("generate", *SMALL, "--database", str(tmp_path / "guildhall.db"))
    assert {path.name for path in tmp_path.iterdir()} == {
        "guildhall.db",
        "guildhall.db.lock",
        "guildhall.db.use",
    }


def test_generate_refuses_a_database_in_use(guildhall, tmp_path: Path):
    path = tmp_path / "guildhall.db"
    with contextlib.closing(SharedUse(path)):
        ended = guildhall("generate", *SMALL, "--database", str(path))
    assert ended.code == ExitCode.FAILED
    assert "is in use by another process" in ended.err


def test_generate_takes_the_place_of_an_empty_database(generate, guildhall, database_url):
    ended = guildhall("keys", "list", "--database", database_url)
    assert ended.code != ExitCode.DONE
    assert generate().code == ExitCode.DONE


@given(st.data())
def test_sizes_add_up(data):
    groups = data.draw(st.integers(1, 300))
    largest = data.draw(st.integers(0, 400))
    memberships = data.draw(st.integers(largest, groups * largest))
    sizes = group_sizes(groups, memberships, largest, Random(1))
    assert (len(sizes), sum(sizes), max(sizes)) == (groups, memberships, largest)
    assert min(sizes) >= 0


def test_sizes_have_a_heavy_tail():
    sizes = sorted(group_sizes(10_000, 320_000, 11_600, Random(1)), reverse=True)
    assert sizes[0] == 11_600
    assert sizes[5_000] < 16  # Half of the mean.
    assert sum(sizes[:100]) > 0.25 * sum(sizes)
