"""Starting on what cannot be served: refused with the reason and with what to do."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from guildhall.app import Server
from guildhall.cli.exit_codes import ExitCode
from guildhall.cli.main import run
from guildhall.settings import Settings
from guildhall.store.database import SCHEMA_VERSION, StartRefused
from guildhall.store.sqlite import migrate as sqlite_migrate
from guildhall.store.sqlite.database import SQLiteDatabase
from guildhall.store.sqlite.locks import SharedUse
from guildhall.store.sqlite.migrate import migrate_sqlite
from tests.store.faults import Failure, FaultyDisk
from tests.store.furnished import replace_pragmas


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "guildhall.db"


@pytest.fixture
def database(path: Path) -> Path:
    """The path of an empty database."""
    migrate_sqlite(path)
    return path


def change(path: Path, sql: str) -> None:
    with contextlib.closing(apsw.Connection(str(path))) as connection:
        connection.execute(sql).fetchall()


def ask(path: Path, sql: str) -> object:
    with contextlib.closing(apsw.Connection(str(path))) as connection:
        return connection.execute(sql).fetchall()[0][0]


def start(path: Path, vfs: str | None = None) -> None:
    migrate_sqlite(path, vfs)
    SQLiteDatabase(path, vfs=vfs)._close()


def refusal(path: Path, vfs: str | None = None) -> str:
    """Why a server does not start on the file."""
    with pytest.raises(StartRefused) as refused:
        start(path, vfs)
    assert str(path.parent) in str(refused.value)
    return str(refused.value).replace(str(path), "<path>").replace(str(path.parent), "<folder>")


def test_start_creates_what_is_missing(path: Path) -> None:
    assert migrate_sqlite(path)
    assert not migrate_sqlite(path)


def test_start_fills_an_empty_file(path: Path) -> None:
    path.touch()
    assert migrate_sqlite(path)


def test_start_without_folder(tmp_path: Path) -> None:
    text = refusal(tmp_path / "missing" / "guildhall.db")
    assert text == "There is no folder <folder>: make it, or name another database with --database."


def test_start_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert refusal(tmp_path / "file" / "guildhall.db").startswith("There is no folder <folder>")


def test_start_on_a_folder(tmp_path: Path) -> None:
    text = refusal(tmp_path)
    assert text == "<path> is a folder: name a file in it, such as <path>/guildhall.db."
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", [b"a text", b"x" * 100_000, b"\0" * 4096])
def test_start_on_no_database(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert refusal(path) == "<path> is not a SQLite database: name another file with --database."
    assert path.read_bytes() == content
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("table", ["notes (text)", "schema_info (version)", "schema_info (one, two, three)"])
def test_start_on_a_database_of_another_program(path: Path, table: str) -> None:
    change(path, f"CREATE TABLE {table}")
    text = refusal(path)
    assert text == "<path> is a SQLite database of another program: name another file with --database."
    assert ask(path, "SELECT count(*) FROM sqlite_schema") == 1
    assert ask(path, "PRAGMA journal_mode") == "delete"


def test_start_on_a_newer_schema(database: Path) -> None:
    change(database, "UPDATE schema_info SET version = 8, compatibility = 7")
    with pytest.raises(StartRefused, match=r"schema 8, .* install a newer Guildhall"):
        migrate_sqlite(database)


def test_start_on_a_newer_schema_that_is_compatible(database: Path) -> None:
    change(database, "UPDATE schema_info SET version = 8")
    assert not migrate_sqlite(database)
    assert ask(database, "SELECT version FROM schema_info") == 8
    assert not list(database.parent.glob("*before*"))


def test_start_on_a_damaged_database(database: Path) -> None:
    content = bytearray(database.read_bytes())
    content[100:4096] = b"\xff" * 3996
    database.write_bytes(content)
    text = refusal(database)
    assert text.startswith("<path> cannot be used as a database (")
    assert text.endswith("put a backup in its place with `guildhall restore`.")


def test_start_on_a_full_disk(path: Path) -> None:
    disk = FaultyDisk()
    disk.fail(Failure.FULL, after=3, times=float("inf"))
    assert refusal(path, disk.name) == "The disk of <path> is full: make room on it."
    disk.repair()
    assert migrate_sqlite(path, disk.name)


def test_start_on_a_locked_database(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace_pragmas(monkeypatch, busy_timeout=10)
    other = apsw.Connection(str(database))
    other.pragma("locking_mode", "exclusive")
    other.execute("BEGIN EXCLUSIVE")
    assert refusal(database) == "<path> is locked by another program: close it there."
    other.close()


def test_start_while_the_database_is_replaced(database: Path) -> None:
    with contextlib.closing(SharedUse(database, alone=True)):
        assert refusal(database) == "<path> is being replaced by another process; wait until it is done."


def test_start_gives_a_copied_database_its_log(database: Path) -> None:
    copy = database.with_name("copy.db")
    change(database, f"VACUUM INTO '{copy}'")
    assert ask(copy, "PRAGMA journal_mode") == "delete"
    with pytest.raises(StartRefused, match="no write-ahead log but the journal mode delete"):
        SQLiteDatabase(copy)
    start(copy)
    assert ask(copy, "PRAGMA journal_mode") == "wal"


@pytest.mark.parametrize("version", ["3.51.2", "3.50.7", "3.9.0"])
def test_start_with_an_old_library(path: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setattr(apsw, "sqlite_lib_version", lambda: version)
    with pytest.raises(StartRefused, match=f"SQLite {version} can lose confirmed changes .* install apsw"):
        migrate_sqlite(path)


def test_start_where_there_can_be_no_log(path: Path) -> None:
    """As on a network drive: a file system without shared memory."""
    text = refusal(path, "unix-none")
    assert text.startswith("<path> has no write-ahead log but the journal mode delete")
    assert "local disk" in text


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    """Give up what only root may do, for which no permission counts."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every account can look into."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_start_in_an_unwritable_folder(open_folder: Path) -> None:
    open_folder.chmod(0o555)
    with as_nobody():
        text = refusal(open_folder / "guildhall.db")
    assert text.startswith("<path> cannot be written (")
    assert "let this user write the file and its folder" in text


def test_start_on_a_read_only_file(open_folder: Path) -> None:
    path = open_folder / "guildhall.db"
    migrate_sqlite(path)
    for file in open_folder.iterdir():
        file.chmod(0o666)
    path.chmod(0o444)
    open_folder.chmod(0o777)
    with as_nobody():
        assert refusal(path).startswith("<path> cannot be written (")


def test_start_on_an_unreadable_file(open_folder: Path) -> None:
    path = open_folder / "guildhall.db"
    migrate_sqlite(path)
    path.chmod(0)
    with as_nobody():
        assert refusal(path).startswith("<path> cannot be written (")


def test_start_is_refused_with_one_line_and_an_exit_code(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path.write_text("a text")
    assert run(["serve", "--port", "0", "--database", str(path)]) == ExitCode.FAILED
    assert (
        capsys.readouterr().err
        == f"Error: {path} is not a SQLite database: name another file with --database.\n"
    )


async def test_worker_that_cannot_start_says_so(tmp_path: Path) -> None:
    """It must not take requests without a database."""
    with pytest.raises(StartRefused, match="is a folder: name a file in it"):
        await Server(Settings(database=str(tmp_path))).start()


def test_migration_keeps_a_copy_and_goes_on_after_a_crash(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two migrations of which the second fails at first: a crash between them leaves the first one done."""
    texts = [
        (SCHEMA_VERSION + 1, "CREATE TABLE more (one)"),
        (SCHEMA_VERSION + 2, "CREATE TABLE groups (one)"),
    ]
    monkeypatch.setattr(sqlite_migrate, "SCHEMA_VERSION", SCHEMA_VERSION + 2)
    monkeypatch.setattr(
        sqlite_migrate, "migrations", lambda _engine, after: [m for m in texts if m[0] > after]
    )
    with pytest.raises(StartRefused):
        migrate_sqlite(database)
    assert ask(database, "SELECT version FROM schema_info") == SCHEMA_VERSION + 1
    texts[1] = (SCHEMA_VERSION + 2, "CREATE TABLE yet_more (one)")
    assert not migrate_sqlite(database)
    assert ask(database, "SELECT version FROM schema_info") == SCHEMA_VERSION + 2
    first, second = sorted(database.parent.glob("*before*"))
    assert ask(first, "SELECT version FROM schema_info") == SCHEMA_VERSION
    assert ask(second, "SELECT version FROM schema_info") == SCHEMA_VERSION + 1
