"""Create or migrate a SQLite file, or refuse it and say why."""

import contextlib
import itertools
from pathlib import Path

import apsw
import msgspec

from guildhall.store.clock import random_id, wall_clock
from guildhall.store.database import SCHEMA_VERSION, StartRefused
from guildhall.store.migrate import (
    EMPTY,
    SELECT_VERSIONS,
    Refold,
    Upgrade,
    Versions,
    migrations,
    record_version,
    refold_and_record,
    require_foldable,
    require_known_schema,
    require_same_folds,
)
from guildhall.store.sqlite.errors import refusing, require_no_folder
from guildhall.store.sqlite.files import alone_with, copy_into, interruptible
from guildhall.store.sqlite.locks import SharedUse, WriteLock
from guildhall.store.sqlite.transaction import SQLiteTransaction, complete, connect
from guildhall.store.temporary_files import remove_leftovers, temporary_beside

_OLDEST_SQLITE = (3, 51, 3)
"""Before it, a checkpoint beside a commit could lose pages (sqlite.org/wal.html, "The WAL-Reset Bug")."""

_SECONDS_TO_START = 30.0
"""How long a start waits for another process that writes, where something has to be migrated."""


def migrate_sqlite(path: Path, vfs: str | None = None) -> bool:
    """Create or migrate the file at `path`; return whether it was created.

    An older schema is first copied to a file beside it. After a crash the next call goes on where this
    one ended. Raises StartRefused.
    """
    with refusing(path):
        _require_sound_library()
        remove_leftovers(path)
        if _is_current(path, vfs):
            return False
        with (
            contextlib.closing(SharedUse(path)),
            contextlib.closing(WriteLock(path)) as lock,
            lock.within(_SECONDS_TO_START),
            contextlib.closing(connect(path, vfs)) as connection,
        ):
            lock.enter()
            return migrate_connection(connection, path)


def _require_sound_library() -> None:
    version = apsw.sqlite_lib_version()
    if tuple(int(number) for number in version.split(".")) < _OLDEST_SQLITE:
        raise StartRefused(
            f"SQLite {version} can lose confirmed changes when several processes write: install apsw 3.53 or"
            " newer, which brings a SQLite of its own."
        )


def _is_current(path: Path, vfs: str | None) -> bool:
    """Whether there is nothing to do, for which the write lock would be needed.

    Raises StartRefused for what is there and is no database of ours, before any file is made beside it.
    """
    require_no_folder(path)
    if not path.exists():
        return False
    with contextlib.closing(connect(path, vfs)) as connection:
        versions = read_versions(connection, path)
        return (
            versions.version >= SCHEMA_VERSION >= versions.compatibility
            and not versions.must_refold
            and connection.pragma("journal_mode") == "wal"
            and not connection.readonly("main")
        )


def migrate_connection(connection: apsw.Connection, path: Path) -> bool:
    """Create or migrate what an open connection leads to; return whether it was empty.

    The caller holds the write lock.
    """
    if connection.readonly("main"):
        raise apsw.ReadOnlyError("the file is read-only")
    versions = read_versions(connection, path)
    require_known_schema(versions)
    require_same_folds(versions)
    if 0 < versions.version < SCHEMA_VERSION:
        _back_up(connection, path)
    # Always: a file that another tool has copied may have come without its log.
    connection.pragma("journal_mode", "wal")
    apply_migrations(connection, versions)
    return versions.version == 0


def apply_migrations(connection: apsw.Connection, versions: Versions) -> None:
    """Bring the schema to that of this program, each migration in a transaction of its own.

    An empty database gets all of them in one: it is never found with an older schema.
    """
    steps = [f"{text};\n{record_version(number)}" for number, text in migrations("sqlite", versions.version)]
    for step in steps if versions.version else ["\n;".join(steps)]:
        connection.execute(f"BEGIN IMMEDIATE;\n{step};\nCOMMIT")


def read_versions(connection: apsw.Connection, path: Path) -> Versions:
    """Return what the database says of itself; raises StartRefused when it is not Guildhall's."""
    tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    if not tables:
        return EMPTY
    try:
        rows = connection.execute(SELECT_VERSIONS).fetchall()
        return msgspec.convert(rows[0], Versions)
    except (apsw.SQLError, IndexError, msgspec.ValidationError):
        raise StartRefused(
            f"{path} is a SQLite database of another program: name another file with --database."
        ) from None


def _back_up(connection: apsw.Connection, path: Path) -> Path:
    """Copy the database to a name beside it that nothing has yet."""
    numbers = itertools.chain([""], (f".{number}" for number in itertools.count(2)))
    names = (Path(f"{path}.before-schema-{SCHEMA_VERSION}{number}") for number in numbers)
    target = next(name for name in names if not name.exists())
    with temporary_beside(target) as temporary:
        copy_into(connection, temporary)
        temporary.rename(target)
    return target


def upgrade_sqlite(path: Path, refold: Refold) -> Upgrade:
    """Migrate the file, and fold again where this program folds otherwise, all or nothing.

    It is first copied to a file beside it. Raises StartRefused, and what `refold` raises.
    """
    with alone_with(path):
        connection = interruptible(connect(path))
        try:
            return _upgrade(connection, path, refold)
        finally:
            connection.close()


def _upgrade(connection: apsw.Connection, path: Path, refold: Refold) -> Upgrade:
    before = read_versions(connection, path)
    require_known_schema(before)
    require_foldable(before)
    if before.is_current:
        return Upgrade(before, before, 0)
    backup = _back_up(connection, path) if before.version else None
    try:
        refolded = _change(connection, before, refold)
    except Exception:
        if backup:
            backup.unlink()
        raise
    return Upgrade(before, read_versions(connection, path), refolded, str(backup) if backup else None)


def _change(connection: apsw.Connection, before: Versions, refold: Refold) -> int:
    connection.execute("BEGIN IMMEDIATE")
    try:
        for number, text in migrations("sqlite", before.version):
            connection.execute(f"{text};\n{record_version(number)}")
        refolded = 0
        if before.must_refold:
            transaction = SQLiteTransaction(connection, wall_clock(), random_id)
            refolded = complete(refold_and_record(transaction, refold))
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    return refolded
