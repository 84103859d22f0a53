"""Copies of a SQLite database: made beside a running server, and put in the place of one."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import apsw

from guildhall.store.database import StartRefused
from guildhall.store.migrate import require_known_schema
from guildhall.store.sqlite.errors import require_database_file
from guildhall.store.sqlite.files import (
    alone_with,
    copy_into,
    explained,
    finish,
    interruptible,
    put_in_place,
)
from guildhall.store.sqlite.locks import SharedUse
from guildhall.store.sqlite.migrate import read_versions
from guildhall.store.sqlite.restoring import go_on_from, read_given_out
from guildhall.store.sqlite.transaction import connect
from guildhall.store.temporary_files import create_private, temporary_beside

_ERRORS_TO_NAME = 3


def back_up_sqlite(path: Path, target: Path, *, force: bool = False) -> int:
    """Copy the database as it is at one moment to a new file; return its size in bytes.

    Servers go on reading and writing. The file is complete by itself, and appears under its name only
    once it is on disk. Raises StartRefused when there is one of that name, without `force`.
    """
    _require_free(target, path, force=force)
    with (
        explained(path),
        contextlib.closing(SharedUse(path)),
        explained(target),
        _unused(target),
        temporary_beside(target) as temporary,
    ):
        require_database_file(path)
        with contextlib.closing(interruptible(connect(path))) as connection:
            read_versions(connection, path)
            copy_into(connection, temporary)
        # Its owner's group may read the backup where it may read the database, others never.
        temporary.chmod(path.stat().st_mode & 0o660)
        _require_free(target, path, force=force)
        put_in_place(temporary, target)
        return target.stat().st_size


def restore_sqlite(backup: Path, path: Path, *, force: bool = False) -> int:
    """Put a backup in the place of a database that nobody has open; return its size in bytes.

    It is copied first and the copy is tested, so that whatever is wrong with the backup is found
    before anything is replaced. Keys that the replaced database gave out are not given out again.
    Raises StartRefused.
    """
    if not backup.exists():
        raise StartRefused(f"There is no file {backup}.")
    _require_free(path, backup, force=force)
    with alone_with(path), temporary_beside(path) as temporary:
        with explained(backup), _unused(backup):
            require_database_file(backup)
            _copy(backup, temporary)
        _require_sound(temporary, backup)
        go_on_from(temporary, read_given_out(path))
        finish(temporary)
        put_in_place(temporary, path)
        return path.stat().st_size


def _require_free(path: Path, source: Path, *, force: bool) -> None:
    if path.is_dir():
        raise StartRefused(f"{path} is a folder: name a file in it.")
    if not path.exists():
        return
    if source.exists() and source.samefile(path):
        raise StartRefused(f"{path} is the same file as {source}: name another one.")
    if not force:
        raise StartRefused(f"{path} exists already: name another file, or replace it with --force.")


@contextlib.contextmanager
def _unused(path: Path) -> Iterator[None]:
    """Keep others out of a file if it ever was a database in use; raises StartRefused when it is."""
    with contextlib.ExitStack() as held:
        if Path(f"{path}.use").exists():
            held.enter_context(contextlib.closing(SharedUse(path, alone=True)))
        yield


def _copy(backup: Path, temporary: Path) -> None:
    """Copy a file byte by byte, with its log if it has one."""
    for suffix in ("", "-wal"):
        source = Path(f"{backup}{suffix}")
        if source.exists():
            os.close(create_private(Path(f"{temporary}{suffix}")))
            shutil.copyfile(source, f"{temporary}{suffix}")


def _require_sound(copy: Path, backup: Path) -> None:
    """Raise StartRefused for what is no database of a known schema, or has been damaged."""
    try:
        with contextlib.closing(interruptible(connect(copy))) as connection:
            versions = read_versions(connection, backup)
            require_known_schema(versions)
            found = connection.execute("PRAGMA quick_check").fetchall()
    except (apsw.CorruptError, apsw.NotADBError) as error:
        raise StartRefused(f"{backup} is damaged: {error}. Nothing was replaced.") from error
    if versions.version == 0:
        raise StartRefused(f"{backup} is empty. Nothing was replaced.")
    if found != [("ok",)]:
        errors = "; ".join(str(row[0]) for row in found[:_ERRORS_TO_NAME])
        raise StartRefused(f"{backup} is damaged: {errors}. Nothing was replaced.")
