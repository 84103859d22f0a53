"""What SQLite and the disk complain of, in words that an operator can do something about."""

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

import apsw

from guildhall.store.database import StartRefused

STORAGE_ERRORS = (
    apsw.FullError,
    apsw.IOError,
    apsw.BusyError,
    apsw.LockedError,
    apsw.CantOpenError,
    apsw.ReadOnlyError,
    apsw.NoMemError,
    apsw.CorruptError,
    apsw.NotADBError,
    apsw.ConnectionClosedError,
)
"""Errors of the file and the disk below it; every other error of SQLite is a mistake of ours."""

_UNWRITABLE = (PermissionError, apsw.PermissionsError, apsw.CantOpenError, apsw.ReadOnlyError, apsw.AuthError)
_SQLITE_HEADER = b"SQLite format 3\0"


def reason(error: BaseException) -> str:
    """Say what went wrong: an error that comes without a text is named by its class."""
    return str(error) or type(error).__name__


@contextlib.contextmanager
def refusing(path: Path) -> Iterator[None]:
    """Turn what goes wrong with a database file into StartRefused."""
    try:
        yield
    except (apsw.Error, OSError) as error:
        raise StartRefused(_explanation(path, error)) from error


def _explanation(path: Path, error: apsw.Error | OSError) -> str:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return f"There is no folder {path.parent}: make it, or name another database with --database."
    if isinstance(error, _UNWRITABLE):
        return (
            f"{path} cannot be written ({reason(error)}): let this user write the file and its folder, or"
            " name another database with --database."
        )
    if isinstance(error, apsw.FullError) or getattr(error, "errno", None) == errno.ENOSPC:
        return f"The disk of {path} is full: make room on it."
    if isinstance(error, apsw.BusyError | apsw.LockedError):
        return f"{path} is locked by another program: close it there."
    if isinstance(error, apsw.NotADBError):
        return _not_a_database(path)
    return (
        f"{path} cannot be used as a database ({reason(error)}): check its disk, or put a backup in its place"
        " with `guildhall restore`."
    )


def _not_a_database(path: Path) -> str:
    return f"{path} is not a SQLite database: name another file with --database."


def require_no_folder(path: Path) -> None:
    """Raise StartRefused for a folder."""
    if path.is_dir():
        raise StartRefused(f"{path} is a folder: name a file in it, such as {path / 'guildhall.db'}.")


def require_database_file(path: Path) -> None:
    """Raise StartRefused for what is there and can be no database, before any file is made beside it.

    Not for a file that this process has open: whoever closes it ends the locks of its connections.
    """
    require_no_folder(path)
    # With a journal beside it, it is what a power cut has left of a new file: SQLite takes that back.
    if not path.exists() or Path(f"{path}-journal").exists():
        return
    with path.open("rb") as file:
        header = file.read(len(_SQLITE_HEADER))
    if header not in (b"", _SQLITE_HEADER):
        raise StartRefused(_not_a_database(path))
