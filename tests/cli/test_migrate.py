"""`guildhall migrate`, and what a start refuses or migrates by itself."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from guildhall.app import open_database
from guildhall.cli.exit_codes import ExitCode
from guildhall.model.names import UNICODE_VERSION
from guildhall.operations.accounts import ProfileChanges
from guildhall.store import migrate
from guildhall.store.database import SCHEMA_VERSION, StartRefused
from guildhall.store.database_urls import sqlite_path
from guildhall.store.postgres import migrate as postgres_migrate
from guildhall.store.sqlite import migrate as sqlite_migrate
from tests.cli.conftest import Ended
from tests.cli.databases import contents, name_stamps, run_sql
from tests.make import ADMIN, USER_ACCESS_ADMIN, VIEWER, World, open_world

OnDatabase = Callable[..., Ended]
OLDER = "1.0.0"
NEWER = "99.0.0"


NEXT = SCHEMA_VERSION + 1


@pytest.fixture
def furnished(database_url: str) -> str:
    """A database with groups and users whose folds are right."""

    async def furnish() -> None:
        async with open_world(database_url) as world:
            await _furnish(world)

    asyncio.run(furnish())
    return database_url


async def _furnish(world: World) -> None:
    for name in ("Alpha", "Beta", "Gamma", "STRASSE"):
        await world.group(name, members=1)
    await world.user(name="Ada", email="ada@example.com", profile=ProfileChanges(nickname="Countess"))
    await world.resource(name="Site")


@pytest.fixture
def migrated(guildhall: Any, furnished: str) -> OnDatabase:
    """Run the command on the database."""
    return lambda *arguments: guildhall("migrate", *arguments, "--database", furnished)


@pytest.fixture
def newer_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the program know a schema more, with one more table."""
    known = migrate.migrations

    def migrations(engine: str, after: int = 0) -> list[tuple[int, str]]:
        another = [(NEXT, "CREATE TABLE extra (a INTEGER NOT NULL)")] if after < NEXT else []
        return [*known(engine, after), *another]

    for module in (migrate, sqlite_migrate):
        monkeypatch.setattr(module, "SCHEMA_VERSION", NEXT)
    for module in (sqlite_migrate, postgres_migrate):
        monkeypatch.setattr(module, "migrations", migrations)


def start(url: str) -> None:
    """Open the database as a server does."""

    async def open_and_close() -> None:
        await (await open_database(url)).close()

    asyncio.run(open_and_close())


def backups(url: str) -> list[Path]:
    path = sqlite_path(url)
    return [] if path is None else sorted(path.parent.glob(f"{path.name}.before-*"))


def test_migrate_has_nothing_to_do(migrated, furnished):
    before = contents(furnished)
    ended = migrated("--json")
    assert ended.code == ExitCode.DONE
    result = json.loads(ended.out)
    assert result["schema"] == [SCHEMA_VERSION] * 2
    assert result["unicode"] == [UNICODE_VERSION] * 2
    assert (result["refolded"], result["backup"]) == (0, None)
    assert contents(furnished) == before
    assert not backups(furnished)


def test_migrate_applies_what_is_missing(migrated, furnished, newer_program):
    before = contents(furnished)
    result = json.loads(migrated("--json").out)
    assert result["schema"] == [SCHEMA_VERSION, NEXT]
    assert run_sql(furnished, "SELECT count(*) FROM extra") == [(0,)]
    assert contents(furnished) == before
    if sqlite_path(furnished) is not None:
        assert contents(result["backup"]) == before
        assert run_sql(result["backup"], "SELECT version FROM schema_info") == [(SCHEMA_VERSION,)]


def test_start_migrates_an_older_schema_after_a_backup(furnished, newer_program):
    before = contents(furnished)
    start(furnished)
    start(furnished)
    assert run_sql(furnished, "SELECT version FROM schema_info") == [(NEXT,)]
    assert len(backups(furnished)) == (1 if sqlite_path(furnished) else 0)
    assert all(contents(str(backup)) == before for backup in backups(furnished))


def test_groups_that_held_user_access_admin_before_are_guarded(database_url):
    """Schema 4: what schema 3 kept as no admin access."""

    async def furnish() -> None:
        async with open_world(database_url) as world:
            for name, role in (("some", ADMIN), ("access", USER_ACCESS_ADMIN), ("plain", VIEWER)):
                await world.role(await world.group(name), await world.resource(), role)

    asyncio.run(furnish())
    made = run_sql(database_url, "SELECT name, grants_admin FROM groups ORDER BY name")
    assert made == [("access", -1), ("plain", 0), ("some", 1)]
    run_sql(database_url, "UPDATE groups SET grants_admin = 0 WHERE grants_admin = -1")
    run_sql(database_url, "UPDATE schema_info SET version = 3")
    start(database_url)
    assert run_sql(database_url, "SELECT name, grants_admin FROM groups ORDER BY name") == made


@pytest.mark.parametrize("refused", ["migrate", "start"])
def test_newer_schema_is_refused(migrated, furnished, refused):
    run_sql(furnished, "UPDATE schema_info SET version = 99, compatibility = 99")
    if refused == "start":
        with pytest.raises(StartRefused, match=f"schema 99, this program knows schema {SCHEMA_VERSION}"):
            start(furnished)
    else:
        ended = migrated()
        assert (ended.code, ended.out) == (ExitCode.FAILED, "")
        assert "install a newer Guildhall" in ended.err


def test_newer_schema_that_this_program_can_use_is_used(furnished):
    run_sql(furnished, "UPDATE schema_info SET version = 9")
    start(furnished)


def test_newer_unicode_is_refused(migrated, furnished):
    run_sql(furnished, f"UPDATE schema_info SET unicode_version = '{NEWER}'")
    ended = migrated()
    assert ended.code == ExitCode.FAILED
    assert "newer Python" in ended.err
    with pytest.raises(StartRefused, match="newer Python"):
        start(furnished)


def as_if_folded_by_older_unicode(url: str, *changes: str) -> None:
    run_sql(url, f"UPDATE schema_info SET unicode_version = '{OLDER}'", *changes)


def test_older_unicode_is_folded_again(migrated, furnished):
    """Each name takes the fold that the next one has: whatever the order, none stands in another's way."""
    right = contents(furnished)
    as_if_folded_by_older_unicode(
        furnished,
        "UPDATE groups SET name_key = 'aside' WHERE name = 'Alpha'",
        "UPDATE groups SET name_key = 'alpha' WHERE name = 'Beta'",
        "UPDATE groups SET name_key = 'beta' WHERE name = 'Gamma'",
        "UPDATE users SET name_key = 'x', nickname_key = 'x', email_key = 'x', email_domain = 'x'"
        " WHERE name = 'Ada'",
        "UPDATE directories SET name_key = 'x'",
        "UPDATE resources SET name_key = 'x'",
    )
    with pytest.raises(StartRefused, match="guildhall migrate"):
        start(furnished)
    result = json.loads(migrated("--json").out)
    assert (result["unicode"], result["refolded"]) == ([OLDER, UNICODE_VERSION], 7)
    assert contents(furnished) == right
    assert bool(result["backup"]) == (sqlite_path(furnished) is not None)
    start(furnished)


def test_refolding_keeps_the_search_right(migrated, furnished, guildhall):
    as_if_folded_by_older_unicode(furnished, "UPDATE groups SET name_key = 'x' WHERE name = 'Alpha'")
    before = name_stamps(furnished)
    migrated()
    assert name_stamps(furnished) != before or not before
    assert guildhall("check", "--database", furnished).out == "Nothing is off.\n"


@pytest.mark.parametrize(
    ("change", "kind", "names"),
    [
        (
            "UPDATE groups SET name = 'Straße', name_key = 'straße' WHERE name = 'Alpha'",
            "groups",
            {"Straße", "STRASSE"},
        ),
        (
            "UPDATE users SET email = 'ADA@example.com', email_key = 'x' WHERE user_key = 1",
            "users",
            {"ADA@example.com", "ada@example.com"},
        ),
    ],
)
def test_names_that_become_equal_are_listed_and_nothing_changes(migrated, furnished, change, kind, names):
    as_if_folded_by_older_unicode(
        furnished, change, "UPDATE groups SET name_key = 'older' WHERE name = 'Beta'"
    )
    before = contents(furnished)
    ended = migrated("--json")
    assert ended.code == ExitCode.CONFLICT
    found = json.loads(ended.out)
    assert {collision["name"] for collision in found} == names
    assert {collision["kind"] for collision in found} == {kind}
    assert len({collision["equals"] for collision in found}) == 1
    assert contents(furnished) == before
    assert run_sql(furnished, "SELECT unicode_version FROM schema_info") == [(OLDER,)]
    assert not backups(furnished)


def test_names_are_folded_once_one_was_renamed(migrated, furnished):
    as_if_folded_by_older_unicode(
        furnished, "UPDATE groups SET name = 'Straße', name_key = 'straße' WHERE name = 'Alpha'"
    )
    assert migrated().code == ExitCode.CONFLICT
    run_sql(furnished, "UPDATE groups SET name = 'Gasse', name_key = 'gasse' WHERE name = 'STRASSE'")
    assert migrated().code == ExitCode.DONE
    assert run_sql(furnished, "SELECT name_key FROM groups WHERE name = 'Straße'") == [("strasse",)]


def test_migrate_needs_a_database(guildhall, tmp_path):
    path = tmp_path / "guildhall.db"
    assert guildhall("migrate", "--database", str(path)).code == ExitCode.NOT_FOUND
    assert not path.exists()
