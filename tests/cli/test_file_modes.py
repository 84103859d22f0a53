"""Files are their owner's alone from the first byte; what an administrator has opened stays open (ADR 23)."""

import asyncio
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from guildhall.cli.exit_codes import ExitCode
from guildhall.store import temporary_files
from guildhall.store.sqlite.database import SQLiteDatabase
from guildhall.store.sqlite.migrate import migrate_sqlite
from tests.make import open_world

SMALL = ["--groups", "5", "--users", "5"]


@pytest.fixture(autouse=True)
def open_umask():
    """What most systems have: new files may be read by everybody."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


async def test_database_and_what_is_beside_it_are_the_owners_alone(tmp_path):
    async with open_world(f"sqlite:///{tmp_path}/guildhall.db") as world:
        await world.group()
        assert modes(tmp_path) == dict.fromkeys(
            [f"guildhall.db{suffix}" for suffix in ("", "-wal", "-shm", ".lock", ".use")], 0o600
        )


async def test_mode_that_was_set_stays_and_holds_for_new_logs(tmp_path):
    """A group of the system may read: also the log and the shared memory that SQLite makes anew."""
    path = tmp_path / "guildhall.db"
    migrate_sqlite(path)
    path.chmod(0o640)
    for _ in range(2):
        database = SQLiteDatabase(path)
        found = modes(tmp_path)
        await database.close()
        assert {found[f"guildhall.db{suffix}"] for suffix in ("", "-wal", "-shm")} == {0o640}
    assert set(modes(tmp_path)) == {"guildhall.db", "guildhall.db.lock", "guildhall.db.use"}


@pytest.mark.parametrize("mode", [0o600, 0o640])
def test_what_commands_write_has_the_mode_of_what_was_there(guildhall, tmp_path, mode):
    names = ("database.db", "backup.db", "export.yaml", "restored.db")
    database, backup, export, restored = (str(tmp_path / name) for name in names)
    for seed in ("1", "2"):
        assert guildhall("generate", *SMALL, "--seed", seed, "--database", database).code == ExitCode.DONE
        assert guildhall("backup", backup, "--force", "--database", database).code == ExitCode.DONE
        assert (
            guildhall("export", "--output", export, "--force", "--database", database).code == ExitCode.DONE
        )
        assert guildhall("restore", backup, "--force", "--database", restored).code == ExitCode.DONE
        found = modes(tmp_path)
        assert {found[name] for name in names} <= {0o600, mode}
        assert {found[f"{name}.lock"] for name in ("database.db", "restored.db")} == {0o600}
        for name in names:
            (tmp_path / name).chmod(mode)
    assert {modes(tmp_path)[name] for name in names} == {mode}


def test_backup_of_a_database_that_everybody_may_read_is_not_for_everybody(guildhall, tmp_path):
    database, backup = tmp_path / "guildhall.db", tmp_path / "backup.db"
    guildhall("generate", *SMALL, "--database", str(database))
    database.chmod(0o644)
    assert guildhall("backup", str(backup), "--database", str(database)).code == ExitCode.DONE
    assert modes(tmp_path)["backup.db"] == 0o640
    assert guildhall("restore", str(backup), "--database", str(tmp_path / "new.db")).code == ExitCode.DONE
    assert modes(tmp_path)["new.db"] == 0o600


HOLDER = """
import pathlib, sys
from guildhall.store.temporary_files import temporary_beside
with temporary_beside(pathlib.Path(sys.argv[1])) as temporary:
    temporary.write_bytes(b"half")
    print(temporary, flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def maker(tmp_path):
    """A process that is making a file beside g.db."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "g.db")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def test_leftovers_of_killed_commands_are_removed_and_others_stay(maker, tmp_path):
    made = Path(maker.stdout.readline().strip())
    migrate_sqlite(tmp_path / "g.db")
    assert made.read_bytes() == b"half"
    assert stat.S_IMODE(made.parent.stat().st_mode) == 0o700
    maker.kill()
    maker.wait()
    assert made.exists()
    migrate_sqlite(tmp_path / "g.db")
    assert set(modes(tmp_path)) == {"g.db", "g.db.lock", "g.db.use"}


def test_leftover_is_removed_by_a_command_for_another_file_of_the_folder(maker, guildhall, tmp_path):
    """Who makes a backup each night gives each another name."""
    made = Path(maker.stdout.readline().strip())
    maker.kill()
    maker.wait()
    guildhall("generate", *SMALL, "--database", str(tmp_path / "other.db"))
    assert not made.parent.exists()


def test_leftovers_of_the_first_release_are_removed(tmp_path):
    """Their names hold the number of their process; one that lives may be at work."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for number in (ended.pid, os.getpid()):
        for suffix in ("", "-wal"):
            (tmp_path / f".g.db.{number}{suffix}").touch()
    (tmp_path / ".g.db.notes").touch()
    migrate_sqlite(tmp_path / "g.db")
    alive = {f".g.db.{os.getpid()}{suffix}" for suffix in ("", "-wal")}
    assert set(modes(tmp_path)) == {"g.db", "g.db.lock", "g.db.use", ".g.db.notes", *alive}


def test_file_that_could_not_be_locked_is_made_all_the_same(tmp_path, monkeypatch):
    """Folders of some network drives cannot be locked: then no leftover is taken for one."""

    def refuse(*_: object) -> None:
        raise OSError("no locks")

    monkeypatch.setattr(temporary_files.fcntl, "flock", refuse)
    with temporary_files.temporary_beside(tmp_path / "a") as first:
        first.write_bytes(b"a")
        with temporary_files.temporary_beside(tmp_path / "b"):
            assert first.exists()
        temporary_files.take_place(first, tmp_path / "a")
    assert modes(tmp_path).keys() == {"a"}


def test_database_that_is_a_link_to_nothing_yet_is_private(tmp_path):
    link = tmp_path / "link.db"
    link.symlink_to(tmp_path / "real.db")
    migrate_sqlite(link)
    assert modes(tmp_path)["real.db"] == 0o600
    database = SQLiteDatabase(link)
    asyncio.run(database.close())
