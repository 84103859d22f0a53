"""What the embedded engine promises to those who read and write through it (design 2.2)."""

import asyncio
import contextlib
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import apsw
import pytest

from guildhall.model.errors import Unavailable
from guildhall.store.database import Transaction
from guildhall.store.groups import SELECT_GROUP
from guildhall.store.orgs import INSERT_ORG, SELECT_ORGS
from guildhall.store.sqlite import database as sqlite
from guildhall.store.sqlite.database import SQLiteDatabase
from guildhall.store.sqlite.migrate import migrate_sqlite
from guildhall.store.sqlite.transaction import connect
from guildhall.store.statement import Statement
from tests.store.faults import FaultyDisk
from tests.store.furnished import replace_pragmas, writer_held
from tests.store.statements import COUNT_TO


@pytest.fixture
def path(tmp_path: Path) -> Path:
    migrate_sqlite(tmp_path / "guildhall.db")
    return tmp_path / "guildhall.db"


@contextlib.asynccontextmanager
async def opened(path: Path, vfs: str | None = None) -> AsyncIterator[SQLiteDatabase]:
    database = SQLiteDatabase(path, vfs=vfs)
    try:
        yield database
    finally:
        await database.close()


@pytest.fixture
async def database(path: Path) -> AsyncIterator[SQLiteDatabase]:
    async with opened(path) as database:
        yield database


async def insert(tx: Transaction, name: str) -> str:
    """The smallest write that there is: an organization of that name."""
    await tx.value(INSERT_ORG, org_id=tx.new_id(), name=name, secret=b"", created_at="")
    return name


async def insert_and_fail(tx: Transaction, name: str, error: BaseException) -> None:
    await insert(tx, name)
    raise error


async def read_names(tx: Transaction) -> set[str]:
    return {org.name for org in await tx.all(SELECT_ORGS)}


async def together(path: Path, *writes: Any) -> list[Any]:
    """Let the writes share a batch; return their outcomes."""
    with writer_held(path):
        tasks = [asyncio.ensure_future(write) for write in writes]
        await asyncio.sleep(0)
    return await asyncio.gather(*tasks, return_exceptions=True)


async def test_write_is_answered_after_commit(path: Path) -> None:
    """Results, errors and answers of what changed nothing; nobody sees the change before either."""
    disk = FaultyDisk()
    ran = threading.Event()

    async def change_nothing(tx: Transaction) -> set[str]:
        ran.set()
        return await read_names(tx)

    async with opened(path, disk.name) as database:
        with disk.lock:  # Nothing reaches the disk meanwhile, so COMMIT waits.
            with writer_held(path):
                tasks = [
                    asyncio.create_task(database.write(insert, "a")),
                    asyncio.create_task(database.write(insert_and_fail, "b", ValueError("no"))),
                    asyncio.create_task(database.write(change_nothing)),
                ]
                await asyncio.sleep(0)
            assert await asyncio.to_thread(ran.wait, 10)
            done, waiting = await asyncio.wait(tasks, timeout=0.05)
            assert (len(done), len(waiting)) == (0, 3)
            assert await database.read(read_names) == set()
        result, error, nothing = await asyncio.gather(*tasks, return_exceptions=True)
    assert (result, str(error), nothing) == ("a", "no", {"a"})


class Strange(BaseException):
    """Nothing that anybody expects."""


@pytest.mark.parametrize("error", [ValueError("bug"), Strange("bug"), asyncio.CancelledError("bug")])
async def test_write_that_fails_takes_back_its_own_changes(
    database: SQLiteDatabase, path: Path, error: BaseException
) -> None:
    outcomes = await together(
        path,
        database.write(insert, "before"),
        database.write(insert_and_fail, "failing", error),
        database.write(insert, "after"),
    )
    assert (outcomes[0], type(outcomes[1]), outcomes[2]) == ("before", type(error), "after")
    assert await database.read(read_names) == {"before", "after"}


async def test_write_against_a_constraint_takes_back_its_own_changes(
    database: SQLiteDatabase, path: Path
) -> None:
    async def break_constraint(tx: Transaction) -> None:
        await insert(tx, "failing")
        await tx.run(Statement("INSERT INTO group_counts VALUES (1, 2, 3, 4)"))

    outcomes = await together(
        path,
        database.write(insert, "before"),
        database.write(break_constraint),
        database.write(insert, "after"),
    )
    assert isinstance(outcomes[1], apsw.ConstraintError)
    assert await database.read(read_names) == {"before", "after"}


async def test_effects_follow_the_commit(database: SQLiteDatabase, path: Path) -> None:
    seen: list[str] = []

    async def insert_with_effect(tx: Transaction, name: str, error: Exception | None = None) -> None:
        tx.after_commit(lambda: seen.append(name))
        await insert(tx, name)
        if error:
            raise error

    async def insert_with_broken_effect(tx: Transaction) -> str:
        tx.after_commit([].pop)
        return await insert(tx, "broken effect")

    outcomes = await together(
        path,
        database.write(insert_with_effect, "failing", ValueError("no")),
        database.write(insert_with_broken_effect),
        database.write(insert_with_effect, "fine"),
    )
    assert [type(outcome) for outcome in outcomes] == [ValueError, str, type(None)]
    assert seen == ["fine"]


async def test_read_over_budget_is_run_again_in_a_thread(database: SQLiteDatabase) -> None:
    threads: list[str] = []

    async def count(tx: Transaction, most: int) -> int:
        threads.append(threading.current_thread().name.partition("_")[0])
        counted: int = await tx.value(COUNT_TO, most=most)
        return counted

    assert await database.read(count, 1_000_000) == 1_000_000
    assert threads == ["MainThread", "guildhall-reader"]
    assert await database.read(count, 10) == 10
    assert threads[2:] == ["MainThread"]


async def test_read_interrupted_at_any_step_leaves_no_transaction(
    database: SQLiteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite counts the steps of a statement through all its runs, so even BEGIN is interrupted one day."""
    monkeypatch.setattr(sqlite, "READ_BUDGET", -1.0)
    for _ in range(1_500):
        assert await database.read(read_names) == set()


async def test_read_is_of_one_snapshot(database: SQLiteDatabase, path: Path) -> None:
    other = connect(path)

    async def read_twice(tx: Transaction) -> tuple[set[str], set[str]]:
        before = await read_names(tx)
        other.execute(INSERT_ORG.sqlite, ("id", "meanwhile", b"", "")).fetchall()
        return before, await read_names(tx)

    assert await database.read(read_twice) == (set(), set())
    assert await database.read(read_names) == {"meanwhile"}
    other.close()


@pytest.mark.parametrize("run", [SQLiteDatabase.read, SQLiteDatabase.write])
async def test_transaction_that_waits_is_refused(database: SQLiteDatabase, run: Callable[..., Any]) -> None:
    async def wait(tx: Transaction) -> None:
        if run is SQLiteDatabase.write:
            await insert(tx, "waiting")
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="awaited something other than its statements"):
        await run(database, wait)
    await database.write(insert, "next")
    assert await database.read(read_names) == {"next"}


async def test_caller_who_leaves_cancels_nothing(database: SQLiteDatabase, path: Path) -> None:
    with writer_held(path):
        leaving = asyncio.create_task(database.write(insert, "left alone"))
        await asyncio.sleep(0)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
    await database.write(insert, "next")
    assert await database.read(read_names) == {"left alone", "next"}


def test_caller_whose_loop_has_gone_stops_nobody(path: Path) -> None:
    database = SQLiteDatabase(path)

    async def leave() -> None:
        database.write(insert, "left alone").send(None)

    with writer_held(path):
        asyncio.run(leave())
    asyncio.run(database.write(insert, "next"))
    assert asyncio.run(database.read(read_names)) == {"left alone", "next"}
    database._close()


async def test_databases_of_one_file_write_side_by_side(path: Path) -> None:
    databases = [SQLiteDatabase(path) for _ in range(3)]
    writes = [d.write(insert, f"{n} {i}") for n, d in enumerate(databases) for i in range(100)]
    assert len(await asyncio.gather(*writes)) == 300
    for database in databases:
        assert len(await database.read(read_names)) == 300
        await database.close()


WRITING_PROGRAM = """
import asyncio, pathlib, sys
from guildhall.store.orgs import INSERT_ORG
from guildhall.store.sqlite.database import SQLiteDatabase

async def insert(tx, name):
    await tx.value(INSERT_ORG, org_id=tx.new_id(), name=name, secret=b"", created_at="")

async def write(database, name):
    await asyncio.gather(*(database.write(insert, f"{name} {i}") for i in range(300)))
    await database.close()

print("ready", flush=True)
sys.stdin.readline()
asyncio.run(write(SQLiteDatabase(pathlib.Path(sys.argv[1])), sys.argv[2]))
"""


def test_processes_of_one_file_write_side_by_side(path: Path) -> None:
    with contextlib.ExitStack() as stack:
        programs = [stack.enter_context(start_writing(path, name)) for name in ("one", "two")]
        for program in programs:
            assert program.stdout.readline() == b"ready\n"
        for program in programs:
            program.stdin.close()
    assert [program.returncode for program in programs] == [0, 0]
    database = SQLiteDatabase(path)
    assert len(asyncio.run(database.read(read_names))) == 600
    database._close()


def start_writing(path: Path, name: str) -> "subprocess.Popen[bytes]":
    arguments = [sys.executable, "-c", WRITING_PROGRAM, path, name]
    return subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def test_databases_of_one_file_open_and_close_side_by_side(path: Path) -> None:
    """Who closes a file last has it alone for a moment, which others wait for."""

    def open_and_close() -> None:
        for _ in range(40):
            migrate_sqlite(path)
            SQLiteDatabase(path)._close()

    with ThreadPoolExecutor() as threads:
        for opening in [threads.submit(open_and_close) for _ in range(4)]:
            opening.result()


async def test_lock_of_another_program_is_waited_for_and_then_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_pragmas(monkeypatch, busy_timeout=20)
    other = connect(path)
    async with opened(path) as database:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable):
            await database.write(insert, "refused")
        assert await database.check() == "The database could not be written: database is locked."
        other.execute("ROLLBACK")
        assert await database.check() is None
        await database.write(insert, "next")
        assert await database.read(read_names) == {"next"}
    other.close()


async def test_those_who_wait_are_refused_together(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each would wait for a failure of its own otherwise, one after the other."""
    replace_pragmas(monkeypatch, busy_timeout=100)
    other = connect(path)
    other.execute("BEGIN IMMEDIATE")
    async with opened(path) as database:
        writes = [database.write(insert, str(number)) for number in range(200)]
        outcomes = await asyncio.wait_for(together(path, *writes), 10)
    assert {type(outcome) for outcome in outcomes} == {Unavailable}
    other.close()


async def test_close_finishes_the_queue(path: Path) -> None:
    database = SQLiteDatabase(path)
    with writer_held(path):
        writes = [asyncio.create_task(database.write(insert, str(number))) for number in range(200)]
        await asyncio.sleep(0)
        closing = asyncio.create_task(database.close())
        await asyncio.sleep(0)
    await closing
    assert len(await asyncio.gather(*writes)) == 200
    with pytest.raises(Unavailable, match="stopping"):
        await database.write(insert, "late")
    with pytest.raises(Unavailable):
        await database.read(read_names)
    assert sorted(file.name for file in path.parent.iterdir()) == [
        "guildhall.db",
        "guildhall.db.lock",
        "guildhall.db.use",
    ]


async def test_connections_have_every_setting(database: SQLiteDatabase) -> None:
    await database.read(read_names)
    wanted = {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 5_000,
        "wal_autocheckpoint": 1_000,
        "fullfsync": 1,
        "checkpoint_fullfsync": 1,
        "journal_size_limit": 64 * 1024 * 1024,
        "mmap_size": 0,
        "cache_size": -16_384,
    }
    for connection in (database._writer._connection, database._reader):
        assert {name: connection.pragma(name) for name in wanted} == wanted


def test_statements_are_not_compiled_again_for_other_values(path: Path) -> None:
    """ADR 12: a table with a partial index would make SQLite do so at each run."""
    compiled: list[Any] = []

    def note(*use: Any) -> int:
        """SQLite asks what a statement may use while it compiles it."""
        compiled.append(use)
        return apsw.SQLITE_OK

    with contextlib.closing(connect(path, read_only=True)) as connection:
        connection.authorizer = note
        connection.execute(SELECT_GROUP.sqlite, (1, "a")).fetchall()
        assert compiled
        compiled.clear()
        connection.execute(SELECT_GROUP.sqlite, (1, "b")).fetchall()
    assert not compiled
