"""`guildhall copy`: a SQLite database becomes a PostgreSQL database."""

import importlib

import click

from guildhall.cli.database import database_option
from guildhall.cli.exit_codes import ExitCode, Failure
from guildhall.cli.output import show_done
from guildhall.cli.steps import steps
from guildhall.store.database_urls import sqlite_path


@click.command(name="copy")
@database_option
@click.option("--to", "target", required=True, help="The empty database, postgresql://…")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def command(database_url: str, target: str, *, as_json: bool) -> None:
    """Copy a SQLite database into an empty PostgreSQL database: ids, keys, events, everything.

    The copy is of one moment, also beside a running server; what is written there afterwards is not in it.
    Clients go on with the same keys and cursors. docs/scaling.md has the whole way.
    """
    path = sqlite_path(database_url)
    if path is None or sqlite_path(target) is not None:
        raise Failure(
            "A copy leads from SQLite to PostgreSQL. `guildhall backup` copies a SQLite file, pg_dump and"
            " pg_restore a PostgreSQL database; `guildhall export` and `seed` lead anywhere.",
            ExitCode.REFUSED,
        )
    if not path.exists():
        raise Failure(f"There is no database at {path}.", ExitCode.NOT_FOUND)
    # Imported only when it is used, as in app.open_database.
    postgres = importlib.import_module("guildhall.store.postgres.copy")
    with steps() as step:
        rows: int = postgres.copy_to_postgres(path.resolve(), target, step)
    show_done(f"{rows:,} rows copied. Now: guildhall check", {"rows": rows}, as_json=as_json)
