"""Commands that work on a database itself, beside a running server or without one."""

import asyncio
import difflib
import functools
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import click

from guildhall.app import open_database
from guildhall.cli.exit_codes import ExitCode, Failure
from guildhall.model.names import fold
from guildhall.model.orgs import Org
from guildhall.operations.orgs import find_orgs, listed
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


async def choose_org(tx: Transaction, said: str | None) -> Org:
    """Return the organization of that id or name, or the only one; raises Failure that lists them."""
    known = await tx.all(SELECT_ORGS)
    if not known:
        raise Failure("The database has no organization yet: run `guildhall init`.", ExitCode.NOT_FOUND)
    if said is not None:
        return _find(known, said)
    if len(known) > 1:
        raise Failure(
            f"The database has several organizations; choose one by --org: {listed(known)}.", ExitCode.USAGE
        )
    return known[0]


def _find(known: Sequence[Org], said: str) -> Org:
    found = find_orgs(known, said)
    if not found:
        names = {fold(org.name): org.name for org in known}
        near = difflib.get_close_matches(fold(said), names, n=1)
        hint = f"; did you mean {names[near[0]]!r}?" if near else "."
        raise Failure(
            f"There is no organization {said!r}{hint} There is: {listed(known)}.", ExitCode.NOT_FOUND
        )
    if len(found) > 1:
        raise Failure(
            f"{len(found)} organizations have the name {said!r}: say which by its id: {listed(found)}.",
            ExitCode.USAGE,
        )
    return found[0]
