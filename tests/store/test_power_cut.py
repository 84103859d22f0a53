"""What was confirmed is found again after a power cut, at whatever moment it comes, and nothing half done is.

Killing the process proves little: what it wrote lives on in the kernel. Here the disk forgets what was not
synced.
"""

import asyncio
import contextlib
import itertools
import random
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from guildhall.store.database import StartRefused
from guildhall.store.sqlite.database import SQLiteDatabase
from guildhall.store.sqlite.migrate import migrate_sqlite
from tests.ledger import Scribe, Unknown, opened, require_clean, require_whole
from tests.store.faults import FaultyDisk
from tests.store.furnished import NAME, Furnished, furnish, replace_pragmas


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Furnished:
    return furnish(tmp_path_factory.mktemp("furnished"))


@pytest.fixture(autouse=True)
def frequent_checkpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    """A short run has to go through all that a long one does."""
    replace_pragmas(monkeypatch, wal_autocheckpoint=20, busy_timeout=0)


def start_after_cut(disk: FaultyDisk, folder: Path, scribes: list[Scribe]) -> Path:
    """Start on what survived, in a folder of its own, and compare the scribes' ledgers; return its path."""
    folder.mkdir()
    disk.materialize(folder)
    migrate_sqlite(folder / NAME)
    with opened(folder / NAME) as connection:
        found = require_whole(connection)
    for scribe in scribes:
        scribe.compare(found)
    return folder / NAME


def write_until_cut(
    disk: FaultyDisk,
    path: Path,
    furnished: Furnished,
    scribes: list[Scribe],
    *,
    changes: int,
    servers: int = 1,
) -> None:
    """Let all scribes make so many changes each at once, unless the power goes before; it does at the end."""
    with contextlib.ExitStack() as stack:
        stack.callback(disk.cut_power)
        try:
            databases = [stack.enter_context(serving(path, disk)) for _ in range(servers)]
        except StartRefused:
            assert not disk.powered
        else:
            asyncio.run(write_all(furnished, databases, scribes, changes))


@contextlib.contextmanager
def serving(path: Path, disk: FaultyDisk) -> Iterator[SQLiteDatabase]:
    database = SQLiteDatabase(path, vfs=disk.name)
    try:
        yield database
    finally:
        # Closing writes the log back into the file, which a disk without power refuses.
        with contextlib.suppress(apsw.Error):
            database._close()


async def write_all(
    furnished: Furnished, databases: list[SQLiteDatabase], scribes: list[Scribe], changes: int
) -> None:
    async def write(scribe: Scribe, database: SQLiteDatabase) -> None:
        with contextlib.suppress(Unknown):
            for _ in range(changes):
                await scribe.change(furnished.target(database))

    pairs = zip(scribes, itertools.cycle(databases), strict=False)
    await asyncio.gather(*(write(scribe, database) for scribe, database in pairs))


def test_power_cut_at_every_operation(furnished: Furnished, tmp_path: Path) -> None:
    for after in itertools.count():
        disk, scribes = FaultyDisk(seed=after), furnished.scribes(2, seed=after)
        path = furnished.copy_to(tmp_path / f"{after}-before")
        disk.cut_power_after(after)
        write_until_cut(disk, path, furnished, scribes, changes=3)
        start_after_cut(disk, tmp_path / f"{after}-after", scribes)
        if disk.operations < after:
            break
    assert after > 60


@pytest.mark.parametrize("servers", [1, 2])
def test_power_cut_at_random(furnished: Furnished, tmp_path: Path, servers: int) -> None:
    for seed in range(20):
        disk, scribes = FaultyDisk(seed), furnished.scribes(6, seed)
        path = furnished.copy_to(tmp_path / f"{seed}-before")
        disk.cut_power_after(random.Random(seed).randrange(1200))
        write_until_cut(disk, path, furnished, scribes, changes=30, servers=servers)
        require_clean(start_after_cut(disk, tmp_path / f"{seed}-after", scribes))


def test_power_cut_again_and_again(furnished: Furnished, tmp_path: Path) -> None:
    scribes = furnished.scribes(4, seed=0)
    path = furnished.copy_to(tmp_path / "before")
    for round_number in range(25):
        disk = FaultyDisk(seed=round_number)
        disk.cut_power_after(20 + 15 * round_number)
        write_until_cut(disk, path, furnished, scribes, changes=40)
        path = start_after_cut(disk, tmp_path / str(round_number), scribes)
    assert sum(scribe.confirmed for scribe in scribes) > 200


@pytest.mark.parametrize("synchronous", ["FULL", "NORMAL"])
def test_power_cut_is_noticed_without_syncs(
    furnished: Furnished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, synchronous: str
) -> None:
    """These tests would find a store that does not wait for the disk, which loses all that it may here."""
    # A checkpoint would sync what was confirmed before it.
    replace_pragmas(monkeypatch, synchronous=synchronous, wal_autocheckpoint=0)
    disk, scribes = FaultyDisk(), furnished.scribes(2, seed=0)
    with serving(furnished.copy_to(tmp_path / "before"), disk) as database:
        asyncio.run(write_all(furnished, [database], scribes, changes=1))
        disk.cut_power(survival=0)
    noticed = pytest.raises(AssertionError, match="found")
    with noticed if synchronous == "NORMAL" else contextlib.nullcontext():
        start_after_cut(disk, tmp_path / "after", scribes)


def test_power_cut_while_created(tmp_path: Path) -> None:
    whole = schema_of(tmp_path / "whole")
    for after in itertools.count(step=7):
        before = tmp_path / f"{after}-before"
        before.mkdir()
        disk = FaultyDisk(seed=after)
        disk.cut_power_after(after)
        with contextlib.suppress(StartRefused):
            migrate_sqlite(before / NAME, vfs=disk.name)
        done = disk.powered
        start_after_cut(disk, tmp_path / f"{after}-after", [])
        assert schema_of(tmp_path / f"{after}-after") == whole
        if done:
            break
    assert after > 50


def test_power_cut_before_there_is_a_header(tmp_path: Path) -> None:
    """The first page of a new file is torn, so that it does not look like a database."""
    torn = 0
    for seed in range(12):
        before, left = tmp_path / f"{seed}-before", tmp_path / f"{seed}-after"
        before.mkdir()
        left.mkdir()
        disk = FaultyDisk(seed)
        disk.cut_power_after(7)
        with pytest.raises(StartRefused):
            migrate_sqlite(before / NAME, vfs=disk.name)
        disk.materialize(left)
        torn += (left / NAME).exists() and (left / NAME).read_bytes()[:1] == b"\0"
        assert migrate_sqlite(left / NAME)
    assert torn


def schema_of(folder: Path) -> list[tuple[str, ...]]:
    """What a database in the folder consists of; it is created where there is none."""
    folder.mkdir(exist_ok=True)
    migrate_sqlite(folder / NAME)
    with opened(folder / NAME) as connection:
        parts = connection.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name").fetchall()
        return [*parts, *connection.execute("SELECT * FROM schema_info").fetchall()]
