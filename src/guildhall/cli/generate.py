"""`guildhall generate`: a synthetic organization, for trying things out at any size."""

import importlib
from typing import Any

import click
import msgspec

from guildhall.cli.database import database_option
from guildhall.cli.output import show_done
from guildhall.cli.steps import steps
from guildhall.store.database_urls import sqlite_path
from guildhall.store.maintenance.bulk import Step
from guildhall.store.sqlite.bulk import fill_sqlite
from guildhall.synthetic.organizations import Generated, generate
from guildhall.synthetic.shape import MOST_DIRECTORIES, Shape, Wishes, shape_of

_COUNT = click.IntRange(0)
_PROPORTIONAL = "[default: in proportion to the groups]"


@click.command(name="generate")
@database_option
@click.option("--groups", type=click.IntRange(1), default=1_000, show_default=True, help="Groups.")
@click.option("--users", type=click.IntRange(1), help=f"Users.  {_PROPORTIONAL}")
@click.option("--memberships", type=_COUNT, help=f"Memberships of groups.  {_PROPORTIONAL}")
@click.option("--resources", type=click.IntRange(1), help=f"Apps and sites.  {_PROPORTIONAL}")
@click.option("--role-assignments", type=_COUNT, help=f"Roles that groups hold.  {_PROPORTIONAL}")
@click.option("--largest-group", type=_COUNT, help=f"Members of the largest group.  {_PROPORTIONAL}")
@click.option("--directories", type=click.IntRange(1, MOST_DIRECTORIES), help="Directories.  [default: 3]")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same again.")
@click.option(
    "--org-name", default="Synthetic organization", show_default=True, help="Name of the organization."
)
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def command(database_url: str, groups: int, *, as_json: bool, **wishes: Any) -> None:
    """Fill a database with a synthetic organization: realistic names, few large groups, many small.

    It becomes one more organization of the database, with a key that may do everything. An empty
    SQLite database is filled fastest: 250 000 groups take minutes. No other process may have it open.
    """
    shape = shape_of(groups, Wishes(**wishes))
    with steps() as step:
        generated = _fill(database_url, shape, step)
    show_done(
        f"organization  {generated.org_id}",
        msgspec.to_builtins(generated),
        f"directory     {generated.directory_id}",
        f"key           {generated.key}",
        "",
        "Keep the key: it is not shown again. Now: guildhall serve",
        as_json=as_json,
    )


def _fill(database_url: str, shape: Shape, step: Step) -> Generated:
    path = sqlite_path(database_url)
    if path is not None:
        return fill_sqlite(path.resolve(), lambda load: generate(load, shape, step), step)
    # Imported only when it is used, as in app.open_database.
    postgres = importlib.import_module("guildhall.store.postgres.bulk")
    generated: Generated = postgres.fill_postgres(
        database_url, lambda load: generate(load, shape, step), step
    )
    return generated
