"""What both engines share in bringing a database to the schema of this program (design 2.1).

Migrations are numbered; each is two full files, because what STRICT tables want PostgreSQL refuses.
`compatibility` is the oldest program schema that can still read and write the database.
"""

import re
from importlib import resources

from guildhall.model.names import UNICODE_VERSION
from guildhall.store.database import SCHEMA_VERSION, StartRefused

SELECT_VERSIONS = "SELECT version, compatibility, unicode_version FROM schema_info"

_NUMBERED = re.compile(r"(\d{4})_\w+\.(sqlite|postgres)\.sql")


def migrations(engine: str, after: int = 0) -> list[tuple[int, str]]:
    """Return the numbers and SQL texts of the migrations above `after`, in order."""
    folder = resources.files("guildhall.store").joinpath("migrations")
    found = [(match, entry) for entry in folder.iterdir() if (match := _NUMBERED.fullmatch(entry.name))]
    chosen = sorted((int(m[1]), entry.read_text()) for m, entry in found if m[2] == engine)
    return [(number, text) for number, text in chosen if number > after]


def record_version(number: int) -> str:
    """Return the SQL that records in the database that it has schema `number`."""
    if number > 1:
        return f"UPDATE schema_info SET version = {number}"
    return (
        "INSERT INTO schema_info (one_row, version, compatibility, unicode_version, scrubs)"
        f" VALUES (1, 1, 1, '{UNICODE_VERSION}', 0)"
    )


def usable_version(version: int, compatibility: int, unicode_version: str) -> int:
    """Return the version, or raise StartRefused when this program cannot work with it."""
    if compatibility > SCHEMA_VERSION:
        raise StartRefused(
            f"The database has schema {version}, this program knows schema {SCHEMA_VERSION}:"
            " install a newer Guildhall, or restore a backup made by this one."
        )
    if unicode_version != UNICODE_VERSION:
        raise StartRefused(
            f"The names in the database were folded by Unicode {unicode_version}, this program folds by"
            f" Unicode {UNICODE_VERSION}: run `guildhall migrate`, which folds them again."
        )
    return version
