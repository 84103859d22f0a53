"""A disk that loses power, fills up and breaks: what the store promises about durability is tested on it.

`FaultyDisk` is an apsw virtual file system over SQLite's own "unix" one: files, locks and the shared memory
of WAL are the real ones. Beside them it remembers what a drive would hold without power: each file as of its
last sync, the changes since, and the same for the directory. A sync is only recorded, not done.

    disk = FaultyDisk(seed=7)          # then disk.fail(Failure.FULL, after=3), disk.repair()
    connection = apsw.Connection(str(directory / "test.db"), vfs=disk.name)
    disk.cut_power()                   # or, before the work: disk.cut_power_after(12)
    disk.materialize(elsewhere)        # elsewhere / "test.db" is what the next start finds

Three things are not as on a real disk. Temporary files and the shared memory file are left alone. A read that
needs no file operation succeeds after the cut. And apsw raises every error of a Python file system, where
SQLite ignores some: if the checkpoint that follows a COMMIT fails, COMMIT raises, yet the transaction stands.
"""

import enum
import itertools
import random
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import apsw

SECTOR = 512  # Bytes that a drive writes whole or not at all: the smallest in use, so pages do tear.
SURVIVAL_CHANCES = (0.0, 0.5, 0.95, 1.0)  # Drawn for each file: one may be lost while another came through.
# Files with whose first sync "unix" syncs the directory too; the main database is not among them.
SYNCS_DIRECTORY = apsw.SQLITE_OPEN_MAIN_JOURNAL | apsw.SQLITE_OPEN_SUPER_JOURNAL | apsw.SQLITE_OPEN_WAL


class Failure(enum.IntEnum):
    """Ways to fail."""

    FULL = 0
    BROKEN = 1


class Operation(enum.Enum):
    """What is counted and can fail, with its error on a full disk (None: it succeeds) and on a broken one."""

    CREATE = (apsw.SQLITE_CANTOPEN, apsw.SQLITE_CANTOPEN)
    WRITE = (apsw.SQLITE_FULL, apsw.SQLITE_IOERR_WRITE)
    TRUNCATE = (None, apsw.SQLITE_IOERR_TRUNCATE)
    SYNC = (None, apsw.SQLITE_IOERR_FSYNC)
    DELETE = (None, apsw.SQLITE_IOERR_DELETE)


class Change(NamedTuple):
    """A write of `data` at `offset` or, without data, a truncation to `offset` bytes."""

    offset: int
    data: bytes | None

    def apply(self, content: bytearray) -> None:
        """Change the content; a gap before the offset reads as zeros."""
        content.extend(bytes(max(0, self.offset - len(content))))
        end = len(content) if self.data is None else self.offset + len(self.data)
        content[self.offset : end] = self.data or b""

    def pieces(self) -> list["Change"]:
        """The parts that reach the drive one by one: a write is cut at the sectors, a truncation is whole."""
        if self.data is None:
            return [self]
        end = self.offset + len(self.data)
        cuts = [self.offset, *range(self.offset - self.offset % SECTOR + SECTOR, end, SECTOR), end]
        return [Change(a, self.data[a - self.offset : b - self.offset]) for a, b in itertools.pairwise(cuts)]


class StoredFile(NamedTuple):
    """A file as the drive holds it, under whatever name, and the changes that the drive may still lose."""

    durable: bytearray
    unsynced: list[Change]

    def settle(self, survives: Callable[[], bool]) -> None:
        """Make the pieces that survive durable; no later sync brings back the others."""
        for piece in itertools.chain.from_iterable(change.pieces() for change in self.unsynced):
            if survives():
                piece.apply(self.durable)
        self.unsynced.clear()


class FaultyDisk(apsw.VFS):
    """A file system, registered under `name` while it is referenced; any thread may use and command it.

    `operations` counts what it did and refused, `failures` the latter; `survivors` are contents by path.
    """

    def __init__(self, seed: int = 0) -> None:
        self.name = f"faulty-{id(self)}"
        self.powered = True
        self.operations = self.failures = 0
        self.survivors: dict[str, bytes] = {}
        self.lock, self.random = threading.RLock(), random.Random(seed)
        self._failure, self._fail_from, self._fail_times, self._fail_suffix = Failure.FULL, 0, 0.0, ""
        self._cut_at = float("inf")
        self._durable_names: dict[str, StoredFile | None] = {}
        self._unsynced_names: list[tuple[str, StoredFile | None]] = []
        super().__init__(self.name, "unix", maxpathname=0)

    def fail(self, failure: Failure, after: int = 0, times: float = 1, suffix: str = "") -> None:
        """Let `after` operations pass; fail the next `times` (or infinite) that can, on such paths."""
        with self.lock:
            self._failure, self._fail_from, self._fail_suffix = failure, self.operations + after, suffix
            self._fail_times = times

    def repair(self) -> None:
        """End what `fail` began."""
        self.fail(self._failure, times=0)

    def cut_power_after(self, operations: int) -> None:
        """Let so many operations pass and cut the power at the next one, which then does not happen."""
        with self.lock:
            self._cut_at = self.operations + operations

    def cut_power(self, survival: float | None = None) -> None:
        """Decide what survives; from now on every operation fails. A second cut changes nothing.

        `survival` is the chance of each unsynced sector, truncation, creation and deletion: 0 loses them all,
        1 is the end of the process and not of the power. Without it the disk draws one for each file.
        """
        with self.lock:
            if self.powered:
                self.powered = False
                self.settle_names(self.chooser(survival))
                for path, stored in self._durable_names.items():
                    if stored:
                        stored.settle(self.chooser(survival))
                        self.survivors[path] = bytes(stored.durable)

    def materialize(self, directory: Path) -> None:
        """Cut the power if it is still on; write the survivors into a directory, under their file names."""
        self.cut_power()
        for path, content in self.survivors.items():
            (directory / Path(path).name).write_bytes(content)

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        if name is None:
            return apsw.VFSFile("unix", None, flags)
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        with self.lock:
            self.require_power()
            stored = self._find(path)
            if not stored and flags[0] & apsw.SQLITE_OPEN_CREATE:
                self.begin(Operation.CREATE, path)
            file = FaultyFile(self, path, name, flags)
            file.stored = stored or file.stored
            if not stored:
                self._unsynced_names.append((path, file.stored))
            return file

    def xDelete(self, filename: str, syncdir: bool) -> None:
        with self.lock:
            self.begin(Operation.DELETE, filename)
            self._find(filename)
            super().xDelete(filename, syncdir)
            self._unsynced_names.append((filename, None))
            if syncdir:
                self.settle_names(lambda: True)

    def require_power(self) -> None:
        """Raise the error that every operation gives after the cut."""
        if not self.powered:
            raise apsw.exception_for(apsw.SQLITE_IOERR)

    def begin(self, operation: Operation, path: str) -> None:
        """Count an operation; raise if it is its turn to fail, or the turn of the power."""
        if self.operations >= self._cut_at:
            self.cut_power()
        self.require_power()
        self.operations += 1
        due = self.operations > self._fail_from and self._fail_times > 0 and path.endswith(self._fail_suffix)
        code = operation.value[self._failure]
        if due and code is not None:
            self._fail_times -= 1
            self.failures += 1
            raise apsw.exception_for(code)

    def chooser(self, survival: float | None = None) -> Callable[[], bool]:
        """A function that says, piece by piece, what survives."""
        chance = self.random.choice(SURVIVAL_CHANCES) if survival is None else survival
        return lambda: self.random.random() < chance

    def settle_names(self, survives: Callable[[], bool]) -> None:
        """Make the creations and deletions that survive durable; a test has one directory."""
        self._durable_names.update(change for change in self._unsynced_names if survives())
        self._unsynced_names.clear()

    def _find(self, path: str) -> StoredFile | None:
        if not Path(path).exists():
            return None
        stored = (self._durable_names | dict(self._unsynced_names)).get(path)
        if not stored:  # It is older than this disk, so it is durable.
            stored = self._durable_names[path] = StoredFile(bytearray(Path(path).read_bytes()), [])
        return stored


class FaultyFile(apsw.VFSFile):
    """An open file of a `FaultyDisk`."""

    def __init__(self, disk: FaultyDisk, path: str, name: str | apsw.URIFilename, flags: list[int]) -> None:
        self._disk = disk
        self._path = path
        self.stored = StoredFile(bytearray(), [])
        self._syncs_directory = bool(flags[0] & apsw.SQLITE_OPEN_CREATE and flags[0] & SYNCS_DIRECTORY)
        super().__init__("unix", name, flags)

    def xLock(self, level: int) -> None:
        """After the cut no lock is free: so closing gives up its checkpoint, and does not raise."""
        if not self._disk.powered:
            raise apsw.exception_for(apsw.SQLITE_BUSY)
        super().xLock(level)

    def xRead(self, amount: int, offset: int) -> bytes:
        self._disk.require_power()
        return super().xRead(amount, offset)

    def xWrite(self, data: bytes, offset: int) -> None:
        """Write; if it fails, a part of the data is there all the same."""
        with self._disk.lock:
            try:
                self._disk.begin(Operation.WRITE, self._path)
            except apsw.Error:
                self._change(data[: self._disk.random.randint(1, len(data))], offset)
                raise
            self._change(data, offset)

    def xTruncate(self, newsize: int) -> None:
        with self._disk.lock:
            self._disk.begin(Operation.TRUNCATE, self._path)
            super().xTruncate(newsize)
            self.stored.unsynced.append(Change(newsize, None))

    def xSync(self, flags: int) -> None:
        """Make the changes durable; if it fails, some are lost for good: Linux drops what it cannot write."""
        with self._disk.lock:
            try:
                self._disk.begin(Operation.SYNC, self._path)
            except apsw.Error:
                self.stored.settle(self._disk.chooser())
                raise
            self.stored.settle(lambda: True)
            if self._syncs_directory:
                self._disk.settle_names(lambda: True)

    def _change(self, data: bytes, offset: int) -> None:
        super().xWrite(data, offset)
        self.stored.unsynced.append(Change(offset, bytes(data)))
