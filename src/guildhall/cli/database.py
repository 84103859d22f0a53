"""Commands that work on a database itself, beside a running server or without one."""

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import click

from guildhall.app import open_database
from guildhall.cli.exit_codes import ExitCode, Failure
from guildhall.model.orgs import Org
from guildhall.settings import read_settings
from guildhall.store.database import Database, Transaction
from guildhall.store.orgs import SELECT_ORGS

Result = TypeVar("Result")


def database_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the option that names the database, as `database_url`."""

    @functools.wraps(command)
    def with_url(database: str | None, **options: Any) -> Any:
        return command(database_url=read_settings(database=database).database, **options)

    return click.option(
        "--database",
        help="sqlite:///path, a path, or postgresql://…; also GUILDHALL_DATABASE."
        "  [default: sqlite:///guildhall.db]",
    )(with_url)


def in_database(url: str, work: Callable[[Database], Awaitable[Result]], *, create: bool = False) -> Result:
    """Open the database, do the work and close it; raises StartRefused for what cannot be run with.

    Without `create` a database that is not there is refused: a mistyped path must not make an empty one.
    """

    async def open_and_work() -> Result:
        database = await open_database(url, create=create)
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(open_and_work())


async def choose_org(tx: Transaction, org_id: str | None) -> Org:
    """Return the organization of that id, or the only one; raises Failure that lists them."""
    orgs = await tx.all(SELECT_ORGS)
    chosen = [org for org in orgs if org_id is None or org.id == org_id.lower()]
    if len(chosen) == 1:
        return chosen[0]
    if not orgs:
        raise Failure("The database has no organization yet: run `guildhall init`.", ExitCode.NOT_FOUND)
    listed = ", ".join(f"{org.id} ({org.name})" for org in orgs)
    if org_id is not None:
        raise Failure(f"There is no organization {org_id}; there are: {listed}.", ExitCode.NOT_FOUND)
    raise Failure(f"The database has several organizations; choose one by --org: {listed}.", ExitCode.USAGE)
