"""Locks between the processes that share a SQLite file, on files of their own (design 2.2).

SQLite's own lock makes a second writer poll; `flock` wakes it at once, and the kernel lets go of
it when a process dies.
"""

import fcntl
import mmap
import os
import struct
from pathlib import Path
from types import TracebackType

from guildhall.store.database import StartRefused

_COUNT = struct.Struct("=Q")


class WriteLock:
    """Held by the one process that writes, from before BEGIN until after COMMIT.

    Its file holds a number that all processes see at once, the count of commits: see `store.freshness`.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if os.fstat(self._file).st_size < _COUNT.size:
                # Written, not just made longer: a full disk must say so now, not when the memory is used.
                os.pwrite(self._file, bytes(_COUNT.size), 0)
            self._memory = mmap.mmap(self._file, _COUNT.size)
        except BaseException:
            os.close(self._file)
            raise

    @property
    def commits(self) -> int:
        """The count of commits; only who holds the lock may set it."""
        count: int = _COUNT.unpack_from(self._memory)[0]
        return count

    @commits.setter
    def commits(self, count: int) -> None:
        _COUNT.pack_into(self._memory, 0, count)

    def __enter__(self) -> None:
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of the lock's file."""
        self._memory.close()
        os.close(self._file)


class SharedUse:
    """Held by every process that has the database open; who replaces the file needs it alone."""

    def __init__(self, path: Path, *, alone: bool = False) -> None:
        self._file = os.open(f"{path}.use", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._file)
            raise StartRefused(
                f"{path} is in use by another process; stop it first."
                if alone
                else f"{path} is being replaced by another process; wait until it is done."
            ) from None

    def close(self) -> None:
        """Let go of the database."""
        os.close(self._file)
