"""Locks between the processes that share a SQLite file, on files of their own (design 2.2).

SQLite's own lock makes a second writer poll; `flock` wakes it at once, and the kernel lets go of
it when a process dies.
"""

import contextlib
import fcntl
import functools
import os
import struct
import time
import uuid
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from guildhall.store.database import StartRefused


def beside(path: Path, suffix: str) -> Path:
    """Return the file beside a database, the same by whichever links the database is called."""
    real = path.resolve()
    return real.with_name(f"{real.name}{suffix}")


def identity(file: Path | int) -> tuple[int, int] | None:
    """Return what tells a file from another that is put in its place, or None when it cannot be found."""
    try:
        status = os.stat(file)  # noqa: PTH116 -- it takes descriptors as well
    except OSError:
        return None
    return status.st_dev, status.st_ino


_LEFT = struct.Struct("=?16sLQQ")
"""In the file: whether the database's file is as it was left, which run of the system that was in, a
checksum of the log's state, and when the file was changed last and its size."""

_LOG_HEADER, _BACKFILLED = slice(0, 48), slice(96, 100)
"""What of the -shm file changes with each commit and each checkpoint (sqlite.org/walformat.html, 2.1)."""

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_SECONDS_BETWEEN_TRIES = 0.02


class WriteLock:
    """Held by the one process that writes, from before BEGIN until after COMMIT.

    Its file holds how the database's file was left by who held the lock last, so that a copy that is laid
    over it is noticed.
    """

    def __init__(self, path: Path) -> None:
        self._path = beside(path, ".lock")
        self._database = path
        self._log_index = beside(path, "-shm")
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def in_place(self) -> bool:
        """Whether the file is still the one that other processes open."""
        return identity(self._path) == identity(self._file)

    def is_as_left(self) -> bool:
        """Whether the database's file has not been written over since `leave`; the caller holds the lock.

        Another program may have changed it as SQLite does, by a checkpoint: then the log says so. It is also
        true where nobody can tell: who held the lock died with it, or the system was started again.
        """
        found = os.pread(self._file, _LEFT.size, 0)
        if len(found) < _LEFT.size:
            return True
        is_left, boot, log, *file = _LEFT.unpack(found)
        _, boot_now, log_now, *file_now = self._state()
        return not is_left or boot != boot_now or log != log_now or file == file_now

    def enter(self) -> None:
        """Note that the database's file is about to be changed; the caller holds the lock."""
        os.pwrite(self._file, bytes(_LEFT.size), 0)

    def leave(self) -> None:
        """Note how the database's file is left; the caller holds the lock."""
        os.pwrite(self._file, _LEFT.pack(*self._state()), 0)

    def _state(self) -> tuple[bool, bytes, int, int, int]:
        status = self._database.stat()
        return True, _boot(), self._log_state(), status.st_mtime_ns, status.st_size

    def _log_state(self) -> int:
        try:
            with self._log_index.open("rb", buffering=0) as file:
                head = file.read(_BACKFILLED.stop)
        except OSError:
            return 0
        return zlib.crc32(head[_LOG_HEADER] + head[_BACKFILLED])

    def __enter__(self) -> None:
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        fcntl.flock(self._file, fcntl.LOCK_UN)

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Hold the lock; raises StartRefused when another process has kept it for so long."""
        end = time.monotonic() + seconds
        while not self.try_to_hold():
            if time.monotonic() > end:
                raise StartRefused(
                    f"Another process has kept {self._path} locked for {seconds:g} seconds: wait until it is"
                    f" done, or stop it (`fuser {self._path}` shows which one has it open)."
                )
            time.sleep(_SECONDS_BETWEEN_TRIES)
        try:
            yield
        finally:
            self.let_go()

    def let_go(self) -> None:
        """Give the lock to who waits for it."""
        fcntl.flock(self._file, fcntl.LOCK_UN)

    def try_to_hold(self) -> bool:
        """Take the lock if nobody has it; return whether that is so."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """Let go of the lock's file."""
        os.close(self._file)


@functools.cache
def _boot() -> bytes:
    """Tell this run of the system from others, or this process from others where the system does not."""
    try:
        return uuid.UUID(_BOOT_ID.read_text().strip()).bytes
    except (OSError, ValueError):
        return os.urandom(16)


class SharedUse:
    """Held by every process that has the database open; who replaces the file needs it alone."""

    def __init__(self, path: Path, *, alone: bool = False) -> None:
        self._file = os.open(beside(path, ".use"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
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
