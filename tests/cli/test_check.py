"""`guildhall check` finds every kind of stored value that is off, and nothing else."""

import asyncio
import contextlib
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import apsw
import pytest

from guildhall.cli.exit_codes import ExitCode
from guildhall.cli.main import run
from guildhall.operations.groups import delete_group
from guildhall.store.database_urls import sqlite_path
from tests.cli.databases import run_sql
from tests.make import World, open_world

SIZE = ["--groups", "40", "--users", "300", "--memberships", "900", "--role-assignments", "90"]

Findings = dict[str, list[dict[str, Any]]]

# What is made wrong by hand, on either engine, and the check that has to find it.
CORRUPTIONS = {
    "members of the group": "UPDATE group_counts SET users = users + 1 WHERE group_key = 3",
    "resources of the group": "UPDATE group_counts SET resources = resources + 1 WHERE group_key = 4",
    "default group": "UPDATE groups SET is_default = 1 - is_default WHERE group_key = 5",
    "grants admin access": "UPDATE groups SET grants_admin = 2 WHERE group_key = 6",
    "account id in the directory": "UPDATE directory_users SET account_id = 'x' WHERE user_key = 7",
    "holders of the role": "UPDATE role_holders SET holds = holds + 1 WHERE role_key = 1",
    "holders in the directory": "UPDATE role_totals SET users = users + 1 WHERE role_key = 1",
    "seats": "UPDATE seats SET holds = holds + 1 WHERE resource_key = 2",
    "seats in use": "UPDATE resource_seats SET seats_used = seats_used + 1 WHERE resource_key = 3",
    "groups in the directory": "UPDATE group_totals SET groups = groups + 1 WHERE directory_key = 1",
    "users in the directory": "UPDATE user_totals SET users = users + 1 WHERE directory_key = 1",
    "default directories": "UPDATE directories SET rank = 1",
    "name_key of groups": "UPDATE groups SET name_key = 'x' WHERE group_key = 8",
    "name_key of directories": "UPDATE directories SET name_key = 'x' WHERE directory_key = 2",
    "name_key of resources": "UPDATE resources SET name_key = 'x' WHERE resource_key = 4",
    "name_key of users": "UPDATE users SET name_key = 'x' WHERE user_key = 9",
    "nickname_key of users": "UPDATE users SET nickname_key = 'x' WHERE user_key = 10",
    "email_key of users": "UPDATE users SET email_key = 'x@example.com' WHERE user_key = 11",
    "email_domain of users": "UPDATE users SET email_domain = 'x' WHERE user_key = 12",
}

# Rows that no other table leads to, or that are missing.
STRAYS = {
    "seats": "INSERT INTO seats (org_key, resource_key, user_key, holds) VALUES (1, 999, 1, 1)",
    "holders of the role": "INSERT INTO role_holders (org_key, role_key, user_key, holds)"
    " VALUES (1, 999, 1, 1)",
    "members of the group": "DELETE FROM group_counts WHERE group_key = 13",
    "seats in use": "DELETE FROM resource_seats WHERE resource_key = 5",
    "groups in the directory": "DELETE FROM group_totals WHERE directory_key = 2",
    "members outside of the directory": "INSERT INTO memberships (org_key, group_key, user_key, added_at)"
    " VALUES (1, 14, 999, 0)",
}

ONLY_ON_SQLITE = {
    "search for groups": "DELETE FROM group_trigrams WHERE rowid = 15",
    "search for users": "DELETE FROM user_trigrams WHERE rowid = 16",
    "references": "INSERT INTO user_roles (org_key, user_key, resource_key, role_key) VALUES (1, 998, 2, 4)",
}


@pytest.fixture(scope="module")
def generated(module_database_url: str) -> str:
    assert run(["generate", *SIZE, "--database", module_database_url]) == ExitCode.DONE
    return module_database_url


@pytest.fixture(scope="module")
def corrupted(generated: str) -> str:
    """The database with everything wrong at once."""
    run_sql(generated, *CORRUPTIONS.values(), *STRAYS.values())
    if sqlite_path(generated) is not None:
        run_sql(generated, *ONLY_ON_SQLITE.values())
    return generated


@pytest.fixture
def findings(corrupted: str, capsys: Any) -> Findings:
    return found_in(corrupted, capsys)


def found_in(url: str, capsys: Any) -> Findings:
    code = run(["check", "--json", "--database", url])
    found: Findings = defaultdict(list)
    for finding in json.loads(capsys.readouterr().out):
        found[finding["check"]].append(finding)
    assert code == (ExitCode.FAILED if found else ExitCode.DONE)
    return found


def test_check_is_clean(generated, capsys):
    assert found_in(generated, capsys) == {}
    assert run(["check", "--database", generated]) == ExitCode.DONE
    assert "Nothing is off." in capsys.readouterr().out


def test_check_finds_every_corruption(findings, corrupted):
    expected = set(CORRUPTIONS) | set(STRAYS)
    if sqlite_path(corrupted) is not None:
        expected |= set(ONLY_ON_SQLITE)
    assert set(findings) == expected


def test_check_says_what_is_stored_and_what_should_be(findings, corrupted):
    ((group_id, org_id),) = run_sql(
        corrupted, "SELECT g.id, o.id FROM groups AS g JOIN orgs AS o ON true WHERE g.group_key = 3"
    )
    (finding,) = [found for found in findings["members of the group"] if found["subject"] == group_id]
    assert finding["orgId"] == org_id
    assert int(finding["stored"]) == int(finding["expected"]) + 1


def test_check_finds_rows_that_are_missing_or_too_many(findings):
    assert [f for f in findings["members of the group"] if f["stored"] is None]
    assert [f for f in findings["seats"] if f["expected"] is None]
    assert [f for f in findings["holders of the role"] if f["expected"] is None]


def test_check_ends_after_many_findings(corrupted, capsys, monkeypatch):
    monkeypatch.setattr("guildhall.operations.maintenance.checks.MOST_FINDINGS", 5)
    assert sum(map(len, found_in(corrupted, capsys).values())) == 5


def test_check_changes_nothing_and_needs_a_database(tmp_path: Path):
    path = tmp_path / "guildhall.db"
    assert run(["check", "--database", str(path)]) == ExitCode.FAILED
    assert not path.exists()


async def test_check_beside_writers_is_clean(database_url, capsys):
    """Each comparison reads one snapshot, so that a change in between is no finding."""
    done = asyncio.Event()

    async def write(world: World) -> None:
        while not done.is_set():
            group = await world.group(members=2)
            await world.role(group, resource)
            await world.write(delete_group, world.caller, group.directory_id, group.id)

    async with open_world(database_url) as world:
        resource = await world.resource(user_limit=1_000)
        writers = [asyncio.create_task(write(world)) for _ in range(3)]
        for _ in range(3):
            assert await asyncio.to_thread(run, ["check", "--database", database_url]) == ExitCode.DONE
        done.set()
        await asyncio.gather(*writers)
    assert capsys.readouterr().out == "Nothing is off.\n" * 3


def damage(path: Path, name: str) -> None:
    """Overwrite the header of one page of an index."""
    with contextlib.closing(apsw.Connection(str(path))) as connection:
        ((page, size),) = connection.execute(
            "SELECT MIN(pageno), MIN(pgsize) FROM dbstat WHERE name = ? AND pagetype = 'leaf'", (name,)
        ).fetchall()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    content = bytearray(path.read_bytes())
    start = (page - 1) * size
    content[start : start + 64] = bytes(64)
    path.write_bytes(content)


def test_check_finds_a_damaged_file(tmp_path: Path, capsys):
    path = tmp_path / "guildhall.db"
    run(["generate", *SIZE, "--database", str(path)])
    capsys.readouterr()
    damage(path, "memberships_by_user")
    assert set(found_in(str(path), capsys)) == {"structure"}


@pytest.mark.parametrize("character", ["\ufffe", "\uffff", "\ufffd", "\ufdd0", "\U0001ffff", "\U0010ffff"])
def test_check_knows_how_noncharacters_are_indexed(database_url, capsys, tmp_path, character):
    """Unicode lets names hold them, and so does contract 2.1."""
    names = [f"{character}a{character}b{character}{character}", f"ab{character}"]
    seed = {
        "organization": {"name": "A"},
        "directories": [{"name": "D"}],
        "users": [{"name": name, "email": f"x{name}y@example.com"} for name in names],
        "groups": [{"name": name} for name in names],
    }
    file = tmp_path / "seed.json"
    file.write_text(json.dumps(seed))
    assert run(["seed", str(file), "--database", database_url]) == ExitCode.DONE
    capsys.readouterr()
    assert found_in(database_url, capsys) == {}
