"""Create or migrate a SQLite file, or refuse it and say why."""

from pathlib import Path

import apsw

from guildhall.store.database import SCHEMA_VERSION, StartRefused
from guildhall.store.migrate import SELECT_VERSIONS, migrations, record_version, usable_version
from guildhall.store.sqlite_locks import WriteLock
from guildhall.store.sqlite_transaction import connect


def migrate_sqlite(path: Path, vfs: str | None = None) -> bool:
    """Create or migrate the file at `path`; return whether it was created.

    An older schema is first copied to a file beside it. Raises StartRefused.
    """
    created = not path.exists()
    try:
        lock = WriteLock(path)
        with lock:
            connection = connect(path, vfs)
            _migrate_connection(connection, path)
            connection.close()
        lock.close()
    except (apsw.Error, OSError) as error:
        raise StartRefused(
            f"{path} cannot be used as a database: {error}. Check that it is a Guildhall database"
            " and that it and its folder can be written."
        ) from error
    return created


def _migrate_connection(connection: apsw.Connection, path: Path) -> None:
    version = _sqlite_version(connection, path)
    if version == SCHEMA_VERSION:
        return
    if version:
        connection.execute("VACUUM INTO ?", (f"{path}.before-schema-{SCHEMA_VERSION}",))
    connection.execute("PRAGMA journal_mode = WAL")
    for number, text in migrations("sqlite", version):
        connection.execute(f"BEGIN IMMEDIATE;\n{text};\n{record_version(number)};\nCOMMIT")


def _sqlite_version(connection: apsw.Connection, path: Path) -> int:
    tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    if not tables:
        return 0
    if ("schema_info",) not in tables:
        raise StartRefused(f"{path} is a SQLite database of another program.")
    return usable_version(*connection.execute(SELECT_VERSIONS).fetchall()[0])
