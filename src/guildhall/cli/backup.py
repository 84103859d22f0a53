"""`guildhall backup`: a copy of the database, also beside a running server."""

from pathlib import Path

import click

from guildhall.cli.database import database_option
from guildhall.cli.exit_codes import ExitCode, Failure
from guildhall.cli.output import progress, show_done
from guildhall.store.database_urls import sqlite_path, without_password
from guildhall.store.sqlite.backup import back_up_sqlite


@click.command(name="backup")
@click.argument("file", type=click.Path(path_type=Path))
@database_option
@click.option("--force", is_flag=True, help="Replace FILE when it is there already.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def command(database_url: str, file: Path, *, force: bool, as_json: bool) -> None:
    """Copy the database to FILE, as it is at one moment; servers go on meanwhile.

    The copy holds the hashes of the keys and what page cursors are signed with: keep it as you keep
    the database. PostgreSQL has commands of its own for this, which are shown.
    """
    path = sqlite_path(database_url)
    if path is None:
        raise Failure(
            "PostgreSQL is backed up by its own commands:"
            f" pg_dump --format=custom --file={file} --dbname='{without_password(database_url)}'."
            " `guildhall restore` says how to put it back.",
            ExitCode.REFUSED,
        )
    if not path.exists():
        raise Failure(f"There is no database at {path}.", ExitCode.NOT_FOUND)
    with progress("Copying"):
        size = back_up_sqlite(path.resolve(), file.resolve(), force=force)
    show_done(f"{file}  {size:,} bytes", {"file": str(file), "bytes": size}, as_json=as_json)
