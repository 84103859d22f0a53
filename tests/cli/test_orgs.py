"""`guildhall orgs`: organizations are listed, renamed and deleted, on both engines."""

import asyncio
import itertools
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import msgspec
import pytest

from guildhall.app import open_database
from guildhall.cli.exit_codes import ExitCode
from guildhall.operations import org_deletions
from guildhall.operations.org_deletions import delete_all_keys, delete_org_rows
from tests import live
from tests.cli.conftest import Ended
from tests.cli.databases import Rows, rows_of_key, run_sql, tables_of_orgs

Guildhall = Callable[..., Ended]

SIZE = ("--groups", "40", "--users", "300", "--memberships", "900", "--role-assignments", "90")
NOBODY = "ffffffff-ffff-4fff-8fff-ffffffffffff"


class Made(NamedTuple):
    """A generated organization that has rows in every table."""

    org_key: int
    id: str
    directory_id: str
    key: str


@pytest.fixture
def on_database(guildhall: Guildhall, database_url: str) -> Guildhall:
    """Run a command on an empty database of its own."""

    def call(*arguments: str) -> Ended:
        return guildhall(*arguments, "--database", database_url)

    return call


@pytest.fixture
def decoded(on_database: Guildhall) -> Callable[..., Any]:
    """Run a command that succeeds; return what it wrote as JSON."""

    def call(*arguments: str) -> Any:
        ended = on_database(*arguments, "--json")
        assert ended.code == ExitCode.DONE, ended.err
        return json.loads(ended.out)

    return call


@pytest.fixture
def make(decoded: Any, on_database: Guildhall, database_url: str, tmp_path: Path) -> Callable[[str], Made]:
    """Make an organization with rows in every table that has an org_key."""
    numbers = itertools.count(1)

    def call(name: str) -> Made:
        made = decoded("generate", "--org-name", name, "--seed", str(next(numbers)), *SIZE)
        seed = tmp_path / "more.yaml"
        seed.write_text(
            "resources: [{id: 'ari:cloud:jira::site/1', name: Another Jira}]\n"
            "groups: [{name: With a default, roles:"
            " [{resource: Another Jira, roles: [user], defaultRole: user}]}]\n"
        )
        done = on_database("seed", str(seed), "--org", made["orgId"])
        assert done.code == ExitCode.DONE, done.err
        ((org_key,),) = run_sql(database_url, f"SELECT org_key FROM orgs WHERE id = '{made['orgId']}'")
        return Made(org_key, made["orgId"], made["directoryId"], made["key"])

    return call


@pytest.fixture
def one(make: Callable[[str], Made]) -> Made:
    return make("One")


@pytest.fixture
def two(one: Made, make: Callable[[str], Made]) -> Made:
    """The organization beside the first one."""
    del one
    return make("Two")


def test_list_counts_what_organizations_have(
    one: Made, two: Made, on_database: Guildhall, decoded: Any, database_url: str
) -> None:
    listed = decoded("orgs", "list")
    assert [org["id"] for org in listed] == sorted([one.id, two.id])
    (first,) = [org for org in listed if org["id"] == one.id]
    rows = rows_of_key(database_url, one.org_key)
    assert first["name"] == "One"
    for kind in ("directories", "users", "groups", "resources"):
        assert first[kind] == len(rows[kind]) > 0
    assert first["keys"] == 1
    piped = on_database("orgs", "list").out.splitlines()
    assert piped[0].split("\t")[:3] == ["ID", "NAME", "CREATED"]
    assert {line.split("\t")[0] for line in piped[1:]} == {one.id, two.id}


def test_last_organization_can_be_deleted(on_database: Guildhall, decoded: Any) -> None:
    on_database("init")
    assert len(decoded("orgs", "list")) == 1
    assert on_database("orgs", "delete", "My organization", "--yes").code == ExitCode.DONE
    assert decoded("orgs", "list") == []
    assert "guildhall init" in on_database("keys", "list").err
    assert on_database("init").code == ExitCode.DONE


def test_rename_by_name_and_by_id(on_database: Guildhall, decoded: Any) -> None:
    org_id = decoded("init", "--name", "Acne")["orgId"]
    assert decoded("orgs", "rename", "ACNE", "  Acme ") == {"id": org_id, "name": "Acme"}
    assert decoded("orgs", "rename", org_id.upper(), "Acme Ltd")["name"] == "Acme Ltd"
    assert [org["name"] for org in decoded("orgs", "list")] == ["Acme Ltd"]
    refused = on_database("orgs", "rename", org_id, "a\nb")
    assert (refused.code, refused.out) == (ExitCode.REFUSED, "")
    assert "name: must not contain control characters" in refused.err
    assert on_database("orgs", "rename", org_id, " ").code == ExitCode.REFUSED


def test_rename_is_an_event_unless_nothing_changes(on_database: Guildhall, database_url: str) -> None:
    on_database("init", "--name", "Acne")
    for _ in range(2):
        assert on_database("orgs", "rename", "Acne", "Acne").code == ExitCode.DONE
    on_database("orgs", "rename", "Acne", "Acme")
    actions = run_sql(database_url, "SELECT message FROM events WHERE action = 'organization_renamed'")
    assert actions == [("Renamed organization Acne to Acme",)]


@pytest.mark.parametrize("arguments", [("delete", "Acne", "--yes"), ("rename", "Acne", "Acme")])
def test_unknown_organization_names_the_near_one(
    arguments: Any, on_database: Guildhall, decoded: Any
) -> None:
    org_id = decoded("init", "--name", "Acme")["orgId"]
    ended = on_database("orgs", *arguments)
    assert (ended.code, ended.out) == (ExitCode.NOT_FOUND, "")
    assert "There is no organization 'Acne'; did you mean 'Acme'?" in ended.err
    assert f"Acme ({org_id})" in ended.err
    assert on_database("orgs", arguments[0], NOBODY, *arguments[2:]).code == ExitCode.NOT_FOUND


def test_organizations_of_one_name_are_told_apart_by_id(
    on_database: Guildhall, decoded: Any, seed: Any
) -> None:
    first = decoded("init", "--name", "Acme")["orgId"]
    seed("organization: {name: Other}", "--create-organization")
    assert on_database("orgs", "rename", "Other", "ACME").code == ExitCode.DONE
    second = next(org["id"] for org in decoded("orgs", "list") if org["id"] != first)
    ended = on_database("orgs", "delete", "acme", "--yes")
    assert ended.code == ExitCode.USAGE
    assert f"Acme ({first})" in ended.err
    assert f"ACME ({second})" in ended.err
    several = seed("organization: {name: acme}", code=ExitCode.CONFLICT).err
    assert (
        "seed.yaml:1: organization.id: several organizations have this name; set organization.id" in several
    )
    assert decoded("orgs", "delete", second, "--yes")["name"] == "ACME"
    assert [org["id"] for org in decoded("orgs", "list")] == [first]


@pytest.fixture
def seed(on_database: Guildhall, tmp_path: Path) -> Callable[..., Ended]:
    """Seed a text."""

    def call(text: str, *options: str, code: int = ExitCode.DONE) -> Ended:
        path = tmp_path / "seed.yaml"
        path.write_text(text)
        ended = on_database("seed", str(path), *options)
        assert ended.code == code, ended.err
        return ended

    return call


def test_delete_has_to_be_allowed(one: Made, on_database: Guildhall, database_url: str) -> None:
    before = rows_of_key(database_url, one.org_key)
    ended = on_database("orgs", "delete", "One")
    assert (ended.code, ended.out) == (ExitCode.CONFLICT, "")
    assert "users: 300, groups: 41" in ended.err
    assert "memberships: 900" in ended.err
    assert "--yes" in ended.err
    assert rows_of_key(database_url, one.org_key) == before


@pytest.mark.parametrize(("answer", "code"), [("y", ExitCode.DONE), ("n", ExitCode.INTERRUPTED)])
def test_delete_asks_on_a_terminal(
    on_database: Guildhall, decoded: Any, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    on_database("init", "--name", "Acme")
    monkeypatch.setattr("guildhall.cli.orgs.is_asked", lambda: True)
    asked: list[str] = []
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda prompt: asked.append(prompt) or answer)
    assert on_database("orgs", "delete", "Acme").code == code
    assert len(asked) == 1
    assert len(decoded("orgs", "list")) == (code != ExitCode.DONE)


def require_gone(url: str, gone: Made, other: Made, before: dict[str, Rows]) -> None:
    """Every table that has an org_key is empty of the one, and of the other as it was."""
    left = {table: len(rows) for table, rows in rows_of_key(url, gone.org_key).items()}
    assert left == dict.fromkeys(tables_of_orgs(url), 0)
    assert rows_of_key(url, other.org_key) == before


def test_delete_leaves_nothing_and_touches_nobody_else(
    one: Made, two: Made, on_database: Guildhall, decoded: Any, database_url: str
) -> None:
    """The schema says which tables there are: a new one that is forgotten fails here."""
    doomed, before = rows_of_key(database_url, one.org_key), rows_of_key(database_url, two.org_key)
    assert [table for table, rows in doomed.items() if not rows] == []
    told = decoded("orgs", "delete", "One", "--yes")
    assert (told["id"], told["name"]) == (one.id, "One")
    assert told["deleted"]["users"] == len(doomed["users"])
    assert told["deleted"]["memberships"] == len(doomed["memberships"])
    assert told["deleted"]["events"] == len(doomed["events"])
    require_gone(database_url, one, two, before)
    assert on_database("check").out == "Nothing is off.\n"


class Killed(Exception):
    """Ends a deletion between two of its transactions."""


async def delete_until(url: str, org_key: int, transactions: int) -> int:
    """Delete an organization; end after so many transactions, as a kill would. Return how many there were."""
    database, done = await open_database(url), itertools.count(1)
    last = 0

    def report(_: str, __: int) -> None:
        nonlocal last
        last = next(done)
        if last == transactions:
            raise Killed

    try:
        await database.write(delete_all_keys, org_key)
        await delete_org_rows(database, org_key, report)
    except Killed:
        pass
    finally:
        await database.close()
    return last


@pytest.mark.parametrize("transactions", [1, 4, 9, 13, 18, 25])
def test_delete_goes_on_where_it_was_killed(
    one: Made, two: Made, on_database: Guildhall, database_url: str, monkeypatch: Any, transactions: int
) -> None:
    smaller = tuple(msgspec.structs.replace(table, rows=150) for table in org_deletions.SLICED)
    monkeypatch.setattr(org_deletions, "SLICED", smaller)
    before = rows_of_key(database_url, two.org_key)
    assert asyncio.run(delete_until(database_url, one.org_key, transactions)) == transactions
    assert any(rows_of_key(database_url, one.org_key).values())
    assert rows_of_key(database_url, two.org_key) == before
    assert on_database("orgs", "delete", "One", "--yes").code == ExitCode.DONE
    require_gone(database_url, one, two, before)
    assert on_database("check").out == "Nothing is off.\n"


def late_writes(org_key: int) -> dict[str, str]:
    """What those still write who had begun before the keys were gone, by the step that it comes behind."""
    of_org = f"WHERE org_key = {org_key}"
    return {
        "Deleting directory users": (
            "INSERT INTO memberships (org_key, group_key, user_key, added_at)"
            f" SELECT {org_key}, (SELECT MAX(group_key) FROM groups {of_org}), MAX(user_key), 0"
            f" FROM users {of_org}"
        ),
        "Deleting events": (
            "INSERT INTO groups (org_key, directory_key, id, name, name_key, type, managed_by, synced,"
            " is_default, grants_admin)"
            f" SELECT {org_key}, MIN(directory_key), 'late', 'late', 'late', 0, 0, 0, 0, 0"
            f" FROM directories {of_org}"
        ),
    }


def test_delete_takes_away_what_comes_meanwhile(
    one: Made, two: Made, on_database: Guildhall, database_url: str
) -> None:
    before, left = rows_of_key(database_url, two.org_key), late_writes(one.org_key)

    async def delete() -> None:
        database = await open_database(database_url)

        def report(label: str, _: int) -> None:
            if label in left:
                threads.submit(run_sql, database_url, left.pop(label)).result()

        try:
            await delete_org_rows(database, one.org_key, report)
        finally:
            await database.close()

    with ThreadPoolExecutor(1) as threads:
        asyncio.run(delete())
    assert not left
    require_gone(database_url, one, two, before)
    assert on_database("check").out == "Nothing is off.\n"


@pytest.fixture
def server(one: Made, two: Made, database_url: str) -> Iterator[httpx.Client]:
    """A client of a server that runs on the database of both organizations."""
    del one, two
    process = live.start("--database", database_url)
    try:
        with httpx.Client(base_url=live.first_line(process)["url"], timeout=30) as client:
            yield client
    finally:
        live.stop(process)


def test_delete_beside_a_server(
    one: Made, two: Made, server: httpx.Client, on_database: Guildhall, database_url: str
) -> None:
    def get(made: Made, path: str) -> httpx.Response:
        directory = f"/admin/v2/orgs/{made.id}/directories/{made.directory_id}"
        return server.get(directory + path, headers={"authorization": f"Bearer {made.key}"})

    # Names in memory, the search index, sets of users and stored totals all have a part in these.
    paths = ("/groups?searchTerm=a", "/users?searchTerm=a&limit=100", "/users/count", "/groups/count")
    served = {path: get(two, path).json() for path in paths}
    assert {get(made, path).status_code for made in (one, two) for path in paths} == {httpx.codes.OK}
    with ThreadPoolExecutor(1) as threads:
        deleting = threads.submit(on_database, "orgs", "delete", one.id, "--yes")
        while not deleting.done():
            assert {path: get(two, path).json() for path in paths} == served
        assert deleting.result().code == ExitCode.DONE
    assert get(one, "/groups").status_code == httpx.codes.UNAUTHORIZED
    assert {path: get(two, path).json() for path in paths} == served
    created = server.post(
        f"/admin/v2/orgs/{two.id}/directories/{two.directory_id}/groups",
        json={"name": "Made afterwards"},
        headers={"authorization": f"Bearer {two.key}"},
    )
    assert created.status_code == httpx.codes.CREATED
    assert on_database("check").out == "Nothing is off.\n"
