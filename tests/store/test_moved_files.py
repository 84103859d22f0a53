"""Files that are moved away below a running server: nothing is written that nobody would find."""

import asyncio
from pathlib import Path

import pytest

from guildhall.model.errors import Unavailable
from guildhall.store.database import StartRefused, Transaction
from guildhall.store.orgs import INSERT_ORG, SELECT_ORGS
from guildhall.store.sqlite import SQLiteDatabase
from guildhall.store.sqlite_locks import SharedUse
from guildhall.store.sqlite_migrate import migrate_sqlite
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


def test_link_to_the_file_leads_to_the_same_locks(path: Path) -> None:
    """What is written through one name is seen through the other, and neither has the file alone."""
    link = path.with_name("link.db")
    link.symlink_to(path)
    database, linked = SQLiteDatabase(path), SQLiteDatabase(link)
    before = database.freshness.moment()
    asyncio.run(linked.write(insert, "through the link"))
    assert database.freshness.moment() != before
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
