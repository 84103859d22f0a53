"""A SQLite database as a file: alone with it, a copy of it, another file in its place."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import apsw

from guildhall.store.sqlite.errors import STORAGE_ERRORS, refusing
from guildhall.store.sqlite.locks import SharedUse, WriteLock
from guildhall.store.sqlite.transaction import connect
from guildhall.store.temporary_files import create_private, take_place

_COMPANIONS = ("-wal", "-shm", "-journal")
_STEPS_BETWEEN_LOOKS = 200_000


@contextlib.contextmanager
def alone_with(path: Path) -> Iterator[None]:
    """Keep every other process out of a database; raises StartRefused when one has it open."""
    with explained(path), contextlib.ExitStack() as held:
        use = SharedUse(path, alone=True)
        held.callback(use.close)
        lock = WriteLock(path)
        held.callback(lock.close)
        held.enter_context(lock)
        lock.enter()
        yield


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what the file and the disk complain of into StartRefused; other errors are ours."""
    try:
        yield
    except (*STORAGE_ERRORS, OSError):
        with refusing(path):
            raise


def interruptible(connection: apsw.Connection) -> apsw.Connection:
    """Let Ctrl-C end a long statement: Python looks for signals only where it runs itself."""
    connection.set_progress_handler(lambda: False, _STEPS_BETWEEN_LOOKS)
    return connection


def copy_into(connection: apsw.Connection, target: Path) -> None:
    """Write what the connection sees to a new, compact file that is complete by itself and on disk.

    Only its owner can read it, until the caller says who else may.
    """
    os.close(create_private(target))
    connection.execute("VACUUM INTO ?", (str(target),))
    finish(target)


def finish(path: Path) -> None:
    """Make a file ready to be served, in one piece and on disk."""
    connection = connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    _synchronize(path)


def put_in_place(new: Path, path: Path) -> None:
    """Let a finished file take the name of a database, which the caller is alone with.

    At every moment the name stands for one of the two, whole: the old one's log is written back
    before it goes, or what replaces it would be read together with it. Mode and owner stay.
    """
    if path.exists():
        with contextlib.suppress(apsw.Error):
            connection = connect(path)
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            connection.close()
    _remove(path, *_COMPANIONS)
    take_place(new, path)
    _synchronize(path.parent)


def _remove(path: Path, *suffixes: str) -> None:
    for suffix in suffixes:
        Path(f"{path}{suffix}").unlink(missing_ok=True)


def _synchronize(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
