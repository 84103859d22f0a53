"""What both engines share in bringing a database to the schema of this program (design 2.1).

Migrations are numbered; each is two full files, because what STRICT tables want PostgreSQL refuses.
`compatibility` is the oldest program schema that can still read and write the database.
"""

import re
from collections.abc import Awaitable, Callable
from importlib import resources

import msgspec

from guildhall.model.names import UNICODE_VERSION
from guildhall.store.database import SCHEMA_VERSION, StartRefused, Transaction
from guildhall.store.statement import register

SELECT_VERSIONS = "SELECT version, compatibility, unicode_version FROM schema_info"

UPDATE_UNICODE_VERSION = register("UPDATE schema_info SET unicode_version = :unicode_version")

_REFOLDED_SCHEMA = 2
"""The last schema whose columns hold what the program, not SQL, makes of the rows that are there."""

_NUMBERED = re.compile(r"(\d{4})_\w+\.(sqlite|postgres)\.sql")
_TABLE = re.compile(r"^CREATE TABLE (?:IF NOT EXISTS )?(\w+)", re.MULTILINE)

Refold = Callable[[Transaction], Awaitable[int]]
"""Makes every fold again in a transaction and returns how many changed."""


class Versions(msgspec.Struct, frozen=True, array_like=True):
    """What a database says of itself; version 0 is an empty one."""

    version: int
    compatibility: int
    unicode_version: str

    @property
    def must_refold(self) -> bool:
        """Whether the keys of names and addresses have to be made again."""
        return 0 < self.version < _REFOLDED_SCHEMA or self.unicode_version != UNICODE_VERSION

    @property
    def is_current(self) -> bool:
        """Whether there is nothing to migrate and nothing to fold again."""
        return self.version >= SCHEMA_VERSION and not self.must_refold


EMPTY = Versions(0, 0, UNICODE_VERSION)


class Upgrade(msgspec.Struct, frozen=True):
    """What `guildhall migrate` did."""

    before: Versions
    after: Versions
    refolded: int
    backup: str | None = None


def migrations(engine: str, after: int = 0) -> list[tuple[int, str]]:
    """Return the numbers and SQL texts of the migrations above `after`, in order.

    On PostgreSQL number 0 makes what every migration, the first too, is locked and recorded by.
    """
    folder = resources.files("guildhall.store").joinpath("migrations")
    found = [(match, entry) for entry in folder.iterdir() if (match := _NUMBERED.fullmatch(entry.name))]
    chosen = sorted((int(m[1]), entry.read_text()) for m, entry in found if m[2] == engine)
    return [(number, text) for number, text in chosen if number > after]


def postgres_tables() -> list[str]:
    """Return the tables that the migrations make on PostgreSQL, each behind those that it refers to."""
    return [name for _, text in migrations("postgres", after=-1) for name in _TABLE.findall(text)]


def record_version(number: int) -> str:
    """Return the SQL that records in the database that it has schema `number`."""
    if number > 1:
        return f"UPDATE schema_info SET version = {number}"
    return (
        "INSERT INTO schema_info (one_row, version, compatibility, unicode_version, scrubs)"
        f" VALUES (1, 1, 1, '{UNICODE_VERSION}', 0) ON CONFLICT (one_row) DO UPDATE"
        " SET version = 1, compatibility = 1, unicode_version = excluded.unicode_version"
    )


def require_known_schema(versions: Versions) -> None:
    """Raise StartRefused for a schema that a newer program has made."""
    if versions.compatibility > SCHEMA_VERSION:
        raise StartRefused(
            f"The database has schema {versions.version}, this program knows schema {SCHEMA_VERSION}:"
            " install a newer Guildhall, or restore a backup made by this one."
        )


def require_same_folds(versions: Versions) -> None:
    """Raise StartRefused for names that were folded otherwise than this program does."""
    require_foldable(versions)
    if 0 < versions.version < _REFOLDED_SCHEMA:
        raise StartRefused(
            f"The database has schema {versions.version}, in which e-mail addresses are compared as names"
            " are: copy a PostgreSQL database (of a SQLite file the next command keeps a copy), stop every"
            " server and run `guildhall migrate`."
        )
    if versions.unicode_version != UNICODE_VERSION:
        raise StartRefused(
            f"The names in the database were folded by Unicode {versions.unicode_version}, this program folds"
            f" by Unicode {UNICODE_VERSION}: stop every server and run `guildhall migrate`, which folds"
            " them again."
        )


def require_foldable(versions: Versions) -> None:
    """Raise StartRefused for names that were folded by a newer Unicode version than this Python has."""
    if _numbers(versions.unicode_version) > _numbers(UNICODE_VERSION):
        raise StartRefused(
            f"The names in the database were folded by Unicode {versions.unicode_version}, this Python knows"
            f" Unicode {UNICODE_VERSION} only: run Guildhall with a newer Python."
        )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split("."))


async def refold_and_record(tx: Transaction, refold: Refold) -> int:
    """Fold everything again and record by which Unicode version; return how many folds changed."""
    changed = await refold(tx)
    await tx.run(UPDATE_UNICODE_VERSION, unicode_version=UNICODE_VERSION)
    return changed
