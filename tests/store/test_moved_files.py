"""Files that are moved away below a running server: nothing is written that nobody would find."""

import asyncio
import os
import shutil
from pathlib import Path

import apsw
import pytest

from guildhall.model.errors import Unavailable
from guildhall.store.database import StartRefused, Transaction
from guildhall.store.orgs import INSERT_ORG, SELECT_ORGS
from guildhall.store.sqlite.database import SQLiteDatabase
from guildhall.store.sqlite.locks import SharedUse
from guildhall.store.sqlite.migrate import migrate_sqlite
from tests.make import open_world


@pytest.fixture
def path(tmp_path: Path) -> Path:
    migrate_sqlite(tmp_path / "guildhall.db")
    return tmp_path / "guildhall.db"


async def insert(tx: Transaction, name: str) -> None:
    await tx.value(INSERT_ORG, org_id=tx.new_id(), name=name, secret=b"", created_at="")


async def read_names(tx: Transaction) -> set[str]:
    return {org.name for org in await tx.all(SELECT_ORGS)}


def test_file_that_was_moved_away_is_not_written(path: Path) -> None:
    """Nobody would ever find what is written to a file without a name."""
    database, elsewhere = SQLiteDatabase(path), path.with_name("elsewhere.db")
    asyncio.run(database.write(insert, "before"))
    path.rename(elsewhere)
    assert "was removed or replaced. Restart the server" in str(asyncio.run(database.check()))
    with pytest.raises(Unavailable):
        asyncio.run(database.write(insert, "lost"))
    path.touch()
    with pytest.raises(Unavailable):
        asyncio.run(database.write(insert, "lost"))
    assert asyncio.run(database.read(read_names)) == {"before"}
    elsewhere.rename(path)
    assert asyncio.run(database.check()) is None
    asyncio.run(database.write(insert, "after"))
    assert asyncio.run(database.read(read_names)) == {"before", "after"}
    database._close()


def test_copy_that_is_laid_over_the_file_is_noticed(path: Path) -> None:
    """The name and the file are the same, the content is not: its log belongs to what was there."""
    backup = path.with_name("backup.db")
    database, other = SQLiteDatabase(path), SQLiteDatabase(path)
    asyncio.run(database.write(insert, "before"))
    shutil.copyfile(path, backup)
    asyncio.run(other.write(insert, "behind the backup"))
    asyncio.run(database.write(insert, "by the first one again"))
    shutil.copyfile(backup, path)
    for each in (database, other):
        assert "written over its file" in str(asyncio.run(each.check()))
        assert "guildhall restore" in str(asyncio.run(each.check()))
        with pytest.raises(Unavailable):
            asyncio.run(each.write(insert, "lost"))
    copied = backup.read_bytes()
    other._close()
    database._close()
    assert path.read_bytes() == copied


def test_log_that_is_written_back_is_no_copy(path: Path) -> None:
    """Checkpoints change the file, in whichever process; so does the last one that closes it."""
    for _ in range(2):
        database, other = SQLiteDatabase(path), SQLiteDatabase(path)
        for turn in range(4):
            for each in (database, other):
                asyncio.run(each.write(_insert_many, turn))
        assert path.stat().st_size > 1_000 * 4_096
        database._close()
        asyncio.run(other.write(insert, "after"))
        other._close()


def test_checkpoint_of_another_program_is_no_copy(path: Path) -> None:
    """Litestream, for one, writes the log back by itself."""
    database = SQLiteDatabase(path)
    asyncio.run(database.write(insert, "before"))
    program = apsw.Connection(str(path))
    program.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    asyncio.run(database.write(insert, "between"))
    program.execute("INSERT INTO orgs (id, name, secret, created_at) VALUES ('x', 'x', x'00', '')")
    program.execute("PRAGMA wal_checkpoint").fetchall()
    program.close()
    asyncio.run(database.write(insert, "after"))
    assert asyncio.run(database.check()) is None
    database._close()


def test_writer_that_died_leaves_the_file_to_the_others(path: Path) -> None:
    """Nobody knows what it has written back; nothing is refused for that."""
    database, dying = SQLiteDatabase(path), os.fork()
    if dying == 0:
        child = SQLiteDatabase(path)
        child._writer._lock.__enter__()
        child._writer._lock.enter()
        os.utime(path)
        os._exit(0)
    os.waitpid(dying, 0)
    asyncio.run(database.write(insert, "after"))
    database._close()


async def _insert_many(tx: Transaction, turn: int) -> None:
    for number in range(1_500):
        await tx.value(
            INSERT_ORG, org_id=tx.new_id(), name=f"{turn} {number}", secret=bytes(2_000), created_at=""
        )


def test_link_to_the_file_leads_to_the_same_locks(path: Path) -> None:
    """What is written through one name is seen through the other, and neither has the file alone."""
    link = path.with_name("link.db")
    link.symlink_to(path)
    database, linked = SQLiteDatabase(path), SQLiteDatabase(link)
    asyncio.run(linked.write(insert, "through the link"))
    assert asyncio.run(database.read(read_names)) == {"through the link"}
    with pytest.raises(StartRefused, match="in use by another process"):
        SharedUse(link, alone=True)
    linked._close()
    database._close()


def test_lock_that_was_removed_is_not_written_under(path: Path) -> None:
    """Others would make a new one: two could write at once, and nobody would see what the other commits."""
    database, lock = SQLiteDatabase(path), path.with_name(f"{path.name}.lock")
    asyncio.run(database.write(insert, "before"))
    elsewhere = lock.rename(path.with_name("elsewhere.lock"))
    assert ".lock beside it, was removed or replaced" in str(asyncio.run(database.check()))
    with pytest.raises(Unavailable):
        asyncio.run(database.write(insert, "lost"))
    elsewhere.rename(lock)
    assert asyncio.run(database.check()) is None
    database._close()


async def test_export_of_a_file_that_was_moved_away_is_refused(tmp_path: Path) -> None:
    """Before anything of it was sent, so that the status tells."""
    path = tmp_path / "guildhall.db"
    async with open_world(f"sqlite:///{path}") as world:
        elsewhere = path.rename(tmp_path / "elsewhere.db")
        for method in ("GET", "HEAD"):
            answer = await world.http.request(method, f"{world.ours()}/export")
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        elsewhere.rename(path)
        assert (await world.http.get(f"{world.ours()}/export")).status_code == 200
