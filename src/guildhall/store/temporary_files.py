"""New files that take their name once they are whole, and what killed processes have left of others."""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from guildhall.store.sqlite.locks import identity

_SUFFIX = ".guildhall-unfinished"
_COMPANIONS = ("", "wal", "shm", "journal")
PRIVATE = 0o600
"""The mode of every file that is made: whoever else may read it, its owner says."""


@contextlib.contextmanager
def temporary_beside(path: Path) -> Iterator[Path]:
    """Give a name for a new file in a folder of its own beside `path`; the folder is removed at the end.

    The folder is locked while its maker lives: one that nobody has locked is what a killed process left.
    """
    remove_leftovers(path)
    folder, lock = _make_locked_folder(path)
    try:
        yield folder / path.name
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def create_private(path: Path) -> int:
    """Create a file that only its owner may use, and return its descriptor; raises FileExistsError."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE)


def take_place(new: Path, path: Path) -> None:
    """Let a finished file take a name, with the mode and the owner of the file that had it."""
    with contextlib.suppress(FileNotFoundError):
        status = path.stat()
        new.chmod(status.st_mode & 0o777)
        with contextlib.suppress(PermissionError):
            os.chown(new, status.st_uid, status.st_gid)
    new.replace(path)


def remove_leftovers(path: Path) -> None:
    """Remove what processes that were killed have left in the folder of a file; those alive keep theirs."""
    for folder in path.parent.glob(f".*{_SUFFIX}"):
        _remove_unlocked(folder)
    _remove_of_before(path)


def _make_locked_folder(path: Path) -> tuple[Path, int]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=_SUFFIX, dir=path.parent))
        lock = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        # Some network drives have no locks for folders: there nobody can get this one either.
        with contextlib.suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if identity(folder) == identity(lock):
            return folder, lock
        # It was taken for a leftover before it was locked.
        os.close(lock)


def _remove_unlocked(folder: Path) -> None:
    with contextlib.suppress(OSError):
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(lock)


def _remove_of_before(path: Path) -> None:
    """Remove what the first release left, whose temporary files were named by the number of their process."""
    prefix = f".{path.name}."
    with contextlib.suppress(OSError):
        for name in os.listdir(path.parent):  # noqa: PTH208 -- names are all that is needed
            number, _, companion = name.removeprefix(prefix).partition("-")
            of_ours = name.startswith(prefix) and number.isdecimal()
            if of_ours and companion in _COMPANIONS and not _is_alive(int(number)):
                path.with_name(name).unlink()


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
