"""Synthetic organizations of several sizes, each built once and kept outside the repository."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import apsw
import msgspec

ROOT = Path(__file__).resolve().parent.parent
LARGEST = 250_000
"""Groups of the largest organization, the vendor's published maximum."""

_SHAPE = {
    "users": 1_000_000,
    "memberships": 8_000_000,
    "largest-group": 290_000,
    "resources": 1_000,
    "role-assignments": 500_000,
}
"""What the largest organization holds beside groups; smaller ones hold it in proportion."""

_FILLED_BY = (
    "store/migrations/*.*",
    "synthetic/*.py",
    *(f"store/{name}.py" for name in ("bulk", "derivations", "sqlite_bulk", "postgres_bulk")),
)
"""Files that decide what a dataset holds."""


class Dataset(msgspec.Struct, frozen=True, rename="camel"):
    """A database, and what its organization is called with."""

    path: str
    """The SQLite file, from which questions are drawn."""
    org_id: str
    directory_id: str
    key: str
    groups: int
    url: str = ""
    """The PostgreSQL database that holds the same."""

    @property
    def database(self) -> str:
        """What a server is told to open."""
        return self.url or self.path


def home() -> Path:
    """Return the directory that datasets are kept in: GUILDHALL_BENCH_DATA, or a cache directory."""
    cache = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
    chosen = Path(os.environ.get("GUILDHALL_BENCH_DATA", f"{cache}/guildhall-bench"))
    chosen.mkdir(parents=True, exist_ok=True)
    return chosen


def dataset(groups: int, root: Path = ROOT) -> Dataset:
    """Return the dataset of so many groups, built by the checkout at `root` unless that was done before."""
    folder = home() / f"{groups}-{_fingerprint(root)}"
    described = folder / "dataset.json"
    if not described.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        say(f"Building the dataset of {groups:,} groups in {folder}")
        made = msgspec.json.decode(fill(groups, str(folder / "guildhall.db"), root))
        made |= {"path": str(folder / "guildhall.db"), "groups": groups}
        described.write_bytes(msgspec.json.encode(made))
    return msgspec.json.decode(described.read_bytes(), type=Dataset)


def copy_of(original: Dataset, folder: Path) -> Dataset:
    """Return a copy that may be written to, already in the file cache of the system."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "guildhall.db"
    for old in folder.glob("guildhall.db*"):
        old.unlink()
    shutil.copyfile(original.path, path)
    return msgspec.structs.replace(original, path=str(path))


def select(made: Dataset, sql: str, *values: object) -> list[tuple[object, ...]]:
    """Return the rows of a query; the file may be in use by a server."""
    connection = apsw.Connection(made.path, flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return connection.execute(sql, values).fetchall()
    finally:
        connection.close()


def _fingerprint(root: Path) -> str:
    """Tell apart what different revisions would build: the schema, and whatever fills it."""
    digest = hashlib.blake2b(digest_size=6)
    for pattern in _FILLED_BY:
        for file in sorted((root / "src" / "guildhall").glob(pattern)):
            digest.update(file.read_bytes())
    return digest.hexdigest()


def fill(groups: int, database: str, root: Path) -> bytes:
    """Fill a database with the organization of so many groups; return what it is called with, as JSON."""
    sizes = [f"--{name}={max(1, number * groups // LARGEST)}" for name, number in _SHAPE.items()]
    given = ("generate", f"--groups={groups}", *sizes, f"--database={database}", "--json")
    environment = {**os.environ, "PYTHONPATH": str(root / "src")}
    command: Sequence[str] = (sys.executable, "-m", "guildhall", *given)
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environment).stdout.strip()


def say(what: str) -> None:
    """Tell whoever waits what is done now."""
    print(what, file=sys.stderr, flush=True)
