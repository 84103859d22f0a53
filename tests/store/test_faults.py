"""The faulty disk can tell a durable database from one that is not, and a failure from its end."""

import contextlib
import itertools
import math
import threading
from pathlib import Path

import apsw
import pytest

from tests.store.faults import SECTOR, Failure, FaultyDisk

PAYLOAD = "x" * 700
"""Fills a page with five rows, so that the few commits of a test touch several pages and many sectors."""

CREATE_AND_OPEN = apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_READWRITE


def open_database(disk: FaultyDisk, directory: Path, synchronous: str = "full") -> apsw.Connection:
    """A connection in WAL mode that checkpoints every few commits."""
    connection = apsw.Connection(str(directory / "test.db"), vfs=disk.name)
    connection.pragma("journal_mode", "wal")
    connection.pragma("synchronous", synchronous)
    connection.pragma("wal_autocheckpoint", 8)
    connection.execute("CREATE TABLE IF NOT EXISTS entry (number INTEGER PRIMARY KEY, payload TEXT)")
    return connection


def insert(connection: apsw.Connection, number: int) -> None:
    """One transaction; returns when it is acknowledged."""
    connection.execute("INSERT INTO entry VALUES (?, ?)", (number, PAYLOAD))


def insert_until_cut(
    disk: FaultyDisk, directory: Path, numbers: range, synchronous: str = "full"
) -> set[int]:
    """Inserts the numbers one by one, cuts the power after the last, and returns the acknowledged ones."""
    acknowledged: set[int] = set()
    try:
        with contextlib.closing(open_database(disk, directory, synchronous)) as connection:
            for number in numbers:
                insert(connection, number)
                acknowledged.add(number)
            disk.cut_power()
    except apsw.Error:
        assert not disk.powered
    return acknowledged


def stored_numbers(directory: Path) -> set[int]:
    """The numbers in a database that must be in order; none if there is no table yet."""
    with contextlib.closing(apsw.Connection(str(directory / "test.db"))) as connection:
        assert connection.pragma("integrity_check") == "ok"
        if not connection.table_exists("main", "entry"):
            return set()
        return {number for (number,) in connection.execute("SELECT number FROM entry")}


def numbers_after_cut(disk: FaultyDisk, directory: Path) -> set[int]:
    """What the next start finds, in a directory of its own."""
    directory.mkdir()
    disk.materialize(directory)
    return stored_numbers(directory)


def loses_commits(synchronous: str, seed: int, directory: Path) -> bool:
    """Whether a cut after twenty commits loses one of them, or the whole database."""
    (directory / "before").mkdir(parents=True)
    disk = FaultyDisk(seed)
    acknowledged = insert_until_cut(disk, directory / "before", range(20), synchronous)
    try:
        return not acknowledged <= numbers_after_cut(disk, directory / "after")
    except (apsw.Error, AssertionError):  # Out of order, which is worse.
        return True


@pytest.fixture
def disk() -> FaultyDisk:
    return FaultyDisk()


def write_file(disk: FaultyDisk, path: Path, data: bytes) -> apsw.VFSFile:
    """An open file with data that is not synced; of a kind whose first sync makes its name durable too."""
    file = apsw.VFSFile(disk.name, str(path), [CREATE_AND_OPEN | apsw.SQLITE_OPEN_SUPER_JOURNAL, 0])
    file.xWrite(data, 0)
    return file


def test_cut_power_keeps_synced_and_drops_later_writes(disk: FaultyDisk, tmp_path: Path) -> None:
    file = write_file(disk, tmp_path / "file", b"synced")
    file.xSync(apsw.SQLITE_SYNC_NORMAL)
    file.xWrite(b"later!", 0)
    file.xTruncate(2)
    disk.cut_power(survival=0)
    assert disk.survivors == {str(tmp_path / "file"): b"synced"}


def test_cut_power_keeps_everything_when_all_survives(disk: FaultyDisk, tmp_path: Path) -> None:
    file = write_file(disk, tmp_path / "file", b"abcdef")
    file.xTruncate(2)
    file.xWrite(b"z", 3)
    disk.cut_power(survival=1)
    assert disk.survivors == {str(tmp_path / "file"): b"ab\0z"}


def test_cut_power_drops_created_file_never_synced(disk: FaultyDisk, tmp_path: Path) -> None:
    write_file(disk, tmp_path / "file", b"data")
    disk.cut_power(survival=0)
    assert disk.survivors == {}


@pytest.mark.parametrize("synced", [True, False])
def test_cut_power_brings_back_deleted_file_unless_synced(
    disk: FaultyDisk, tmp_path: Path, synced: bool
) -> None:
    (tmp_path / "file").write_bytes(b"old")
    disk.xDelete(str(tmp_path / "file"), synced)
    disk.cut_power(survival=0)
    assert disk.survivors == ({} if synced else {str(tmp_path / "file"): b"old"})


def test_cut_power_tears_writes_at_sectors(disk: FaultyDisk, tmp_path: Path) -> None:
    file = write_file(disk, tmp_path / "file", bytes(16 * SECTOR))
    file.xSync(apsw.SQLITE_SYNC_NORMAL)
    file.xWrite(b"x" * (16 * SECTOR - 100), 100)
    disk.cut_power(survival=0.5)
    content = disk.survivors[str(tmp_path / "file")]
    sectors = [content[start : start + SECTOR] for start in range(0, len(content), SECTOR)]
    assert content[:100] == bytes(100)
    assert {sector[-1:] for sector in sectors} == {b"x", b"\0"}
    assert all(len(set(sector)) == 1 for sector in sectors[1:])


def test_failed_sync_loses_changes_for_good(tmp_path: Path) -> None:
    lost = 0
    for seed in range(20):
        disk = FaultyDisk(seed)
        file = write_file(disk, tmp_path / str(seed), b"data")
        disk.fail(Failure.BROKEN)
        with pytest.raises(apsw.IOError):
            file.xSync(apsw.SQLITE_SYNC_NORMAL)
        file.xSync(apsw.SQLITE_SYNC_NORMAL)
        disk.cut_power(survival=1)
        lost += disk.survivors[str(tmp_path / str(seed))] == b""
    assert 0 < lost < 20


def test_cut_power_ends_every_operation(disk: FaultyDisk, tmp_path: Path) -> None:
    connection = open_database(disk, tmp_path)
    file = write_file(disk, tmp_path / "file", b"data")
    disk.cut_power()
    survivors = dict(disk.survivors)
    for operation in (
        lambda: insert(connection, 1),
        lambda: open_database(disk, tmp_path),
        lambda: file.xRead(4, 0),
        lambda: file.xWrite(b"more", 0),
        lambda: file.xTruncate(0),
        lambda: file.xSync(apsw.SQLITE_SYNC_NORMAL),
        lambda: disk.xDelete(str(tmp_path / "file"), True),
    ):
        with pytest.raises(apsw.Error):
            operation()
    disk.cut_power(survival=1)
    assert disk.survivors == survivors


@pytest.mark.parametrize("synchronous", ["off", "normal"])
def test_cut_power_without_full_sync_loses_commits(synchronous: str, tmp_path: Path) -> None:
    rounds = [loses_commits(synchronous, seed, tmp_path / str(seed)) for seed in range(40)]
    assert any(rounds)


def test_cut_power_with_full_sync_loses_nothing(tmp_path: Path) -> None:
    rounds = [loses_commits("full", seed, tmp_path / str(seed)) for seed in range(40)]
    assert not any(rounds)


def test_cut_power_at_every_operation_loses_nothing(tmp_path: Path) -> None:
    for after in range(1000):
        before = tmp_path / f"{after}-before"
        before.mkdir()
        disk = FaultyDisk(seed=after)
        disk.cut_power_after(after)
        acknowledged = insert_until_cut(disk, before, range(15))
        found = numbers_after_cut(disk, tmp_path / f"{after}-after")
        assert acknowledged <= found
        assert len(found) <= len(acknowledged) + 1
        if len(acknowledged) == 15:
            break
    assert after > 50


def test_cut_power_again_after_recovery_loses_nothing(tmp_path: Path) -> None:
    acknowledged: set[int] = set()
    (tmp_path / "0").mkdir()
    for round_number in range(12):
        disk = FaultyDisk(seed=round_number)
        disk.cut_power_after(20 + 5 * round_number)
        start = 100 * round_number
        acknowledged |= insert_until_cut(disk, tmp_path / str(round_number), range(start, start + 100))
        assert acknowledged <= numbers_after_cut(disk, tmp_path / str(round_number + 1))


def test_cut_power_between_threads_loses_nothing(tmp_path: Path) -> None:
    for seed in range(8):
        (tmp_path / f"{seed}-before").mkdir()
        disk = FaultyDisk(seed)
        acknowledged = run_threads_until_cut(disk, tmp_path / f"{seed}-before")
        assert acknowledged <= numbers_after_cut(disk, tmp_path / f"{seed}-after")


def run_threads_until_cut(disk: FaultyDisk, directory: Path) -> set[int]:
    """One thread writes, two read, and this one cuts the power at some moment after ten commits."""
    acknowledged: set[int] = set()
    enough = threading.Event()
    writer, *readers = [open_database(disk, directory) for _ in range(3)]

    def write() -> None:
        for number in itertools.takewhile(lambda _: disk.powered, itertools.count()):
            with contextlib.suppress(apsw.Error):
                insert(writer, number)
                acknowledged.add(number)
            if number >= 10:
                enough.set()

    def read(reader: apsw.Connection) -> None:
        while disk.powered:
            count_while_power_lasts(disk, reader)

    threads = [threading.Thread(target=write)] + [
        threading.Thread(target=read, args=(reader,)) for reader in readers
    ]
    for thread in threads:
        thread.start()
    enough.wait()
    disk.cut_power()
    for thread in threads:
        thread.join()
    for connection in (writer, *readers):
        connection.close()
    return acknowledged


def count_while_power_lasts(disk: FaultyDisk, connection: apsw.Connection) -> None:
    """A read that only the cut may break."""
    try:
        connection.execute("SELECT count(*), sum(length(payload)) FROM entry").fetchall()
    except apsw.Error:
        assert not disk.powered


@pytest.mark.parametrize("failure", list(Failure), ids=lambda failure: failure.name)
@pytest.mark.parametrize("times", [1, math.inf])
def test_fail_at_every_operation_does_no_harm(failure: Failure, times: float, tmp_path: Path) -> None:
    for after in range(1000):
        directory = tmp_path / str(after)
        directory.mkdir()
        disk = FaultyDisk(seed=after)
        with contextlib.closing(open_database(disk, directory)) as connection:
            disk.fail(failure, after, times)
            refused = insert_with_repairs(disk, connection, range(12))
            assert connection.pragma("integrity_check") == "ok"
            disk.cut_power()
        assert set(range(12)) - refused <= numbers_after_cut(disk, tmp_path / f"{after}-after")
        if not disk.failures:
            break
    assert after > 30


def insert_with_repairs(disk: FaultyDisk, connection: apsw.Connection, numbers: range) -> set[int]:
    """Inserts the numbers, repairs the disk after a failure, and returns the numbers that were refused."""
    refused: set[int] = set()
    for number in numbers:
        try:
            insert(connection, number)
        except apsw.Error:
            refused.add(number)
            assert connection.get_autocommit()
            disk.repair()
    return refused


def test_fail_full_disk_goes_on_reading_and_recovers(disk: FaultyDisk, tmp_path: Path) -> None:
    connection = open_database(disk, tmp_path)
    reader = open_database(disk, tmp_path)
    insert(connection, 1)
    disk.fail(Failure.FULL, times=math.inf)
    for number in (2, 3):
        with pytest.raises(apsw.FullError):
            insert(connection, number)
        assert reader.execute("SELECT number FROM entry").fetchall() == [(1,)]
    disk.repair()
    insert(connection, 4)
    assert reader.execute("SELECT number FROM entry").fetchall() == [(1,), (4,)]
    assert connection.pragma("integrity_check") == "ok"


def test_fail_broken_sync_refuses_the_commit(disk: FaultyDisk, tmp_path: Path) -> None:
    connection = open_database(disk, tmp_path)
    connection.execute("BEGIN IMMEDIATE")
    insert(connection, 1)
    disk.fail(Failure.BROKEN, suffix="-wal")
    with pytest.raises(apsw.IOError):
        connection.execute("COMMIT")
    assert disk.failures == 1
    insert(connection, 2)
    assert connection.execute("SELECT number FROM entry").fetchall() == [(2,)]
