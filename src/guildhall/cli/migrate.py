"""`guildhall migrate`: a database brought to the schema and the Unicode version of this program."""

import asyncio
import importlib
from typing import Any

import click

from guildhall.cli.database import database_option
from guildhall.cli.exit_codes import ExitCode, Failure
from guildhall.cli.output import Column, progress, show_done, show_rows
from guildhall.operations.maintenance.folds import Collision, NamesCollide, refold
from guildhall.store.database_urls import sqlite_path
from guildhall.store.migrate import Upgrade
from guildhall.store.sqlite.migrate import upgrade_sqlite

_COLUMNS = (
    Column[Collision]("ORGANIZATION", lambda collision: collision.org_id, whole=True),
    Column[Collision]("OF", lambda collision: collision.kind),
    Column[Collision]("ID", lambda collision: collision.id, whole=True),
    Column[Collision]("NAME", lambda collision: collision.name),
    Column[Collision]("EQUALS", lambda collision: collision.equals),
)


@click.command(name="migrate")
@database_option
@click.option(
    "--distribute",
    is_flag=True,
    help="Spread the tables over the nodes of Citus; without that extension only show the statements.",
)
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def command(database_url: str, *, distribute: bool, as_json: bool) -> None:
    """Bring a database to the schema of this program, and fold its names by its Unicode version.

    A SQLite file is copied to one beside it first, and no other process may have it open. Names that
    were different and would now be equal are listed, and nothing is changed until they are renamed,
    by the Guildhall and the Python that the database comes from.
    """
    if distribute and sqlite_path(database_url) is not None:
        raise Failure("A SQLite file stays on one machine: --distribute is for PostgreSQL.", ExitCode.USAGE)
    try:
        with progress("Migrating"):
            upgrade = _upgrade(database_url)
    except NamesCollide as error:
        show_rows(error.collisions, _COLUMNS, as_json=as_json)
        raise Failure(
            f"{error} Rename all but one of each with the Python that the database comes from; nothing was"
            " changed.",
            ExitCode.CONFLICT,
        ) from error
    if distribute:
        _distribute(database_url, upgrade, as_json=as_json)
    else:
        show_done(_sentence(upgrade), _result(upgrade), as_json=as_json)


def _distribute(database_url: str, upgrade: Upgrade, *, as_json: bool) -> None:
    # Imported only when it is used, as in app.open_database.
    distribution = importlib.import_module("guildhall.store.postgres.citus")
    done = asyncio.run(distribution.distribute_postgres(database_url))
    lines = [f"{statement};" for statement in done.statements]
    told = {"ran": done.ran, "statements": done.statements}
    show_done(_sentence(upgrade), {**_result(upgrade), "distribution": told}, *lines, as_json=as_json)
    if not done.ran:
        raise Failure(
            "The tables were not distributed: the database has no Citus. Where it is installed, a superuser"
            " runs CREATE EXTENSION citus; then run this again, which runs the statements shown.",
            ExitCode.REFUSED,
        )


def _upgrade(database_url: str) -> Upgrade:
    path = sqlite_path(database_url)
    if path is None:
        # Imported only when it is used, as in app.open_database.
        postgres = importlib.import_module("guildhall.store.postgres.upgrade")
        upgrade: Upgrade = postgres.upgrade_postgres(database_url, refold)
        return upgrade
    if not path.exists():
        raise Failure(f"There is no database at {path}: `guildhall init` makes one.", ExitCode.NOT_FOUND)
    return upgrade_sqlite(path.resolve(), refold)


def _sentence(upgrade: Upgrade) -> str:
    before, after = upgrade.before, upgrade.after
    if before == after:
        return f"Nothing to do: schema {after.version}, Unicode {after.unicode_version}."
    text = (
        f"Schema {before.version} -> {after.version}, Unicode {before.unicode_version} ->"
        f" {after.unicode_version}, {upgrade.refolded} names folded anew."
    )
    return f"{text} The database as it was: {upgrade.backup}" if upgrade.backup else text


def _result(upgrade: Upgrade) -> dict[str, Any]:
    return {
        "schema": [upgrade.before.version, upgrade.after.version],
        "unicode": [upgrade.before.unicode_version, upgrade.after.unicode_version],
        "refolded": upgrade.refolded,
        "backup": upgrade.backup,
    }
