"""`guildhall restore`: a backup in the place of a database."""

from pathlib import Path

import click

from guildhall.cli.database import database_option
from guildhall.cli.exit_codes import ExitCode, Failure
from guildhall.cli.output import progress, show_done
from guildhall.store.database_urls import sqlite_path, without_password
from guildhall.store.sqlite.backup import restore_sqlite


@click.command(name="restore")
@click.argument("file", type=click.Path(path_type=Path))
@database_option
@click.option("--force", is_flag=True, help="Replace the database when there is one already.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def command(database_url: str, file: Path, *, force: bool, as_json: bool) -> None:
    """Put the backup FILE in the place of the database, which no process may have open.

    The backup is tested first, and stays. Keys work again, and so do page cursors where the database that
    the backup is of is replaced; elsewhere they are refused, and who polls events begins anew.
    """
    path = sqlite_path(database_url)
    if path is None:
        raise Failure(
            "PostgreSQL is restored by its own commands, while no server runs:"
            f" pg_restore --clean --if-exists --dbname='{without_password(database_url)}' {file}",
            ExitCode.REFUSED,
        )
    if not file.exists():
        raise Failure(f"There is no file {file}.", ExitCode.NOT_FOUND)
    with progress("Copying and testing"):
        size = restore_sqlite(file.resolve(), path.resolve(), force=force)
    show_done(f"{path}  {size:,} bytes", {"database": str(path), "bytes": size}, as_json=as_json)
