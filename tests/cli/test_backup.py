"""`guildhall backup` beside a running server, and `guildhall restore`."""

import asyncio
import contextlib
import shutil
from pathlib import Path
from typing import Any

import pytest

from guildhall.app import Server
from guildhall.cli.exit_codes import ExitCode
from guildhall.cli.main import run
from guildhall.operations.groups import delete_group
from guildhall.settings import Settings
from guildhall.store.sqlite.locks import SharedUse
from tests.cli.databases import contents, run_sql
from tests.make import World, open_world

SIZE = ["--groups", "30", "--users", "100", "--memberships", "400"]


@pytest.fixture
def generated(tmp_path: Path, guildhall: Any) -> Path:
    """A folder with a generated database `guildhall.db`."""
    path = tmp_path / "guildhall.db"
    assert guildhall("generate", *SIZE, "--database", str(path)).code == ExitCode.DONE
    return path


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.suffix not in (".lock", ".use")}


def before_restore(path: Path) -> dict[str, Any]:
    """What a restored database has, but for the event that says so."""
    found = contents(str(path))
    told = [row for row in found["events"] if "organization_restored" in row]
    assert len(told) == 1
    return {**found, "events": [row for row in found["events"] if row not in told]}


async def command(*arguments: str | Path) -> int:
    """Run a command in a thread, beside the server of this process."""
    return await asyncio.to_thread(run, [str(argument) for argument in arguments])


async def write_until(world: World, done: asyncio.Event) -> int:
    """Create groups with members, one after the other; return how many."""
    number = 0
    while not done.is_set():
        await world.group(members=2)
        number += 1
    return number


async def test_backup_under_writes_restores(tmp_path):
    path, backup = tmp_path / "guildhall.db", tmp_path / "backup.db"
    async with open_world(f"sqlite:///{path}") as world:
        for _ in range(5):
            await world.group(members=1)
        resource = await world.resource(user_limit=1_000)
        await world.role(await world.group(members=3), resource)
        groups, secret = f"{world.v2()}/groups", world.secret
        cursor = (await world.http.get(groups, params={"limit": 2})).json()["links"]["next"]
        second = (await world.http.get(groups, params={"cursor": cursor})).json()
        done = asyncio.Event()
        writers = [asyncio.create_task(write_until(world, done)) for _ in range(4)]
        assert await command("backup", backup, "--database", path) == ExitCode.DONE
        done.set()
        assert sum(await asyncio.gather(*writers)) > 0
        for group in second["data"]:
            await world.write(delete_group, world.caller, group["directoryId"], group["id"])
        assert await command("restore", backup, "--force", "--database", path) == ExitCode.FAILED
    assert await command("restore", backup, "--force", "--database", path) == ExitCode.DONE
    assert await command("check", "--database", path) == ExitCode.DONE
    server = Server(Settings(database=str(path)))
    await server.start()
    try:
        world.server = server
        again = await world.client(secret).get(groups, params={"cursor": cursor})
        assert (again.status_code, again.json()["data"]) == (200, second["data"])
    finally:
        await server.stop()


def test_backup_is_one_file_that_says_all(generated, guildhall, tmp_path):
    backup = tmp_path / "backup.db"
    assert guildhall("backup", str(backup), "--database", str(generated)).code == ExitCode.DONE
    assert files(tmp_path) == {"guildhall.db", "backup.db"}
    assert contents(str(backup)) == contents(str(generated))
    assert run_sql(str(backup), "PRAGMA journal_mode") == [("wal",)]


def test_backup_is_read_by_whom_the_database_is(generated, guildhall, tmp_path):
    generated.chmod(0o640)
    guildhall("backup", str(tmp_path / "backup.db"), "--database", str(generated))
    assert (tmp_path / "backup.db").stat().st_mode & 0o777 == 0o640


def test_backup_keeps_a_file_unless_forced(generated, guildhall, tmp_path):
    backup = tmp_path / "backup.db"
    backup.write_bytes(b"precious")
    refused = guildhall("backup", str(backup), "--database", str(generated))
    assert refused.code == ExitCode.FAILED
    assert "--force" in refused.err
    assert backup.read_bytes() == b"precious"
    assert guildhall("backup", str(backup), "--force", "--database", str(generated)).code == ExitCode.DONE
    assert contents(str(backup)) == contents(str(generated))


@pytest.mark.parametrize("name", ["guildhall.db", "used.db", "", "missing/backup.db"])
def test_backup_refuses_a_place_that_is_none(generated, guildhall, tmp_path, name):
    """The database itself, one that a server has open, a folder, a folder that is not there."""
    before = generated.read_bytes()
    shutil.copy(generated, tmp_path / "used.db")
    with contextlib.closing(SharedUse(tmp_path / "used.db")):
        ended = guildhall("backup", str(tmp_path / name), "--force", "--database", str(generated))
    assert ended.code == ExitCode.FAILED
    assert generated.read_bytes() == before
    assert files(tmp_path) == {"guildhall.db", "used.db"}


def test_backup_needs_a_database(guildhall, tmp_path):
    ended = guildhall("backup", str(tmp_path / "b.db"), "--database", str(tmp_path / "none.db"))
    assert ended.code == ExitCode.NOT_FOUND
    assert not files(tmp_path)


@pytest.mark.parametrize(("name", "its_own"), [("backup", "pg_dump"), ("restore", "pg_restore")])
def test_postgres_has_commands_of_its_own(guildhall, name, its_own):
    ended = guildhall(name, "file", "--database", "postgresql://user:secret@127.0.0.1:1/x?password=secret")
    assert ended.code == ExitCode.REFUSED
    assert its_own in ended.err
    assert "--dbname='postgresql://user@127.0.0.1:1/x'" in ended.err
    assert "secret" not in ended.err


def test_restore_makes_a_database_where_there_is_none(generated, guildhall, tmp_path):
    backup, other = tmp_path / "backup.db", tmp_path / "other.db"
    guildhall("backup", str(backup), "--database", str(generated))
    assert guildhall("restore", str(backup), "--database", str(other)).code == ExitCode.DONE
    assert before_restore(other) == contents(str(generated))
    assert files(tmp_path) == {"guildhall.db", "backup.db", "other.db"}


def test_restore_takes_a_copy_together_with_its_log(generated, guildhall, tmp_path):
    """A file that was copied by other means, while its last changes stood in the log only."""
    copy = tmp_path / "copy.db"
    shutil.copy(generated, copy)
    run_sql(str(copy), "UPDATE orgs SET name = 'In the log'", "PRAGMA wal_checkpoint(PASSIVE)")
    assert guildhall("restore", str(copy), "--force", "--database", str(generated)).code == ExitCode.DONE
    assert run_sql(str(generated), "SELECT name FROM orgs") == [("In the log",)]


def _newer(path: Path) -> None:
    run_sql(str(path), "UPDATE schema_info SET compatibility = 99, version = 99")


def _cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:40_000])


def _of_another_program(path: Path) -> None:
    path.unlink()
    run_sql(str(path), "CREATE TABLE t (a)")


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (_newer, "schema 99"),
        (_cut_off, "is damaged"),
        (_of_another_program, "of another program"),
        (lambda path: path.write_bytes(b"text"), "is not a SQLite database"),
        (lambda path: path.write_bytes(b""), "is empty"),
        (lambda path: path.unlink(), "There is no file"),
    ],
)
def test_restore_refuses_what_is_no_backup(generated, guildhall, tmp_path, spoil, told):
    backup = tmp_path / "backup.db"
    shutil.copy(generated, backup)
    spoil(backup)
    before = contents(str(generated))
    ended = guildhall("restore", str(backup), "--force", "--database", str(generated))
    assert ended.code != ExitCode.DONE
    assert told in ended.err
    assert contents(str(generated)) == before


def test_restore_keeps_a_database_unless_forced(generated, guildhall, tmp_path):
    backup = tmp_path / "backup.db"
    guildhall("backup", str(backup), "--database", str(generated))
    run_sql(str(generated), "UPDATE orgs SET name = 'Newer'")
    assert guildhall("restore", str(backup), "--database", str(generated)).code == ExitCode.FAILED
    assert run_sql(str(generated), "SELECT name FROM orgs") == [("Newer",)]


def test_restore_leaves_no_log_of_the_database_before(generated, guildhall, tmp_path):
    backup = tmp_path / "backup.db"
    guildhall("backup", str(backup), "--database", str(generated))
    (tmp_path / "guildhall.db-wal").write_bytes(b"old")
    (tmp_path / "guildhall.db-shm").write_bytes(b"old")
    assert guildhall("restore", str(backup), "--force", "--database", str(generated)).code == ExitCode.DONE
    assert files(tmp_path) == {"guildhall.db", "backup.db"}
    assert before_restore(generated) == contents(str(backup))


async def poll(world: World, cursor: str | None) -> tuple[list[str], str]:
    """Read what is new in the stream of events; return their actions and where to go on."""
    stream = f"/admin/v1/orgs/{world.caller.org_id}/events-stream"
    answer = (await world.http.get(stream, params={"cursor": cursor} if cursor else {})).json()
    return [event["attributes"]["action"] for event in answer["data"]], answer["meta"]["next"]


async def test_poller_goes_on_after_a_restore_and_no_key_is_given_out_again(tmp_path):
    path, backup = tmp_path / "guildhall.db", tmp_path / "backup.db"
    async with open_world(f"sqlite:///{path}") as world:
        await world.group("Old")
        assert await command("backup", backup, "--database", path) == ExitCode.DONE
        lost = [await world.group(f"Lost {number}") for number in range(5)]
        _, cursor = await poll(world, None)
        groups = f"{world.v2()}/groups"
        of_lost = await world.http.get(groups, params={"groupIds": lost[0].id, "limit": 1})
    assert await command("restore", backup, "--force", "--database", path) == ExitCode.DONE
    server = Server(Settings(database=str(path)))
    await server.start()
    try:
        world.server = server
        world.http = world.client(world.secret)
        seen, cursor = await poll(world, cursor)
        assert seen == ["organization_restored"]
        for number in range(6):
            created = await world.http.post(groups, json={"name": f"New {number}"})
            assert created.status_code == 201
            seen, cursor = await poll(world, cursor)
            assert seen == ["group_created"]
        again = await world.http.get(groups, params={"cursor": of_lost.json()["links"]["self"]})
        assert again.json()["data"] == []
    finally:
        await server.stop()
    assert await command("check", "--database", path) == ExitCode.DONE


async def test_cursors_are_refused_where_nobody_knows_what_was_given_out(tmp_path):
    """The database is lost, and its backup restored to another disk."""
    path, backup, other = (tmp_path / name for name in ("guildhall.db", "backup.db", "other.db"))
    async with open_world(f"sqlite:///{path}") as world:
        assert await command("backup", backup, "--database", path) == ExitCode.DONE
        await world.group("Lost")
        _, cursor = await poll(world, None)
    assert await command("restore", backup, "--database", other) == ExitCode.DONE
    server = Server(Settings(database=str(other)))
    await server.start()
    try:
        world.server = server
        stream = f"/admin/v1/orgs/{world.caller.org_id}/events-stream"
        refused = await world.client(world.secret).get(stream, params={"cursor": cursor})
        assert refused.status_code == 400
        assert "cursor" in refused.json()["errors"][0]["detail"]
    finally:
        await server.stop()
