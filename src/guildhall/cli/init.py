"""`guildhall init`: the first organization, its directory and a key."""

import click

from guildhall.cli.database import database_option, in_database
from guildhall.cli.exit_codes import ExitCode, Failure
from guildhall.cli.output import show_done
from guildhall.operations.directories import DirectoryChanges, put_directory
from guildhall.operations.keys import NEVER, NewKey, create_key
from guildhall.operations.orgs import create_org
from guildhall.store.database import Transaction
from guildhall.store.orgs import SELECT_ORGS


@click.command(name="init")
@database_option
@click.option("--name", default="My organization", show_default=True, help="Name of the organization.")
@click.option("--directory", default="Directory", show_default=True, help="Name of its default directory.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def command(database_url: str, name: str, directory: str, *, as_json: bool) -> None:
    """Make an organization with a default directory, and a key that may do everything.

    The key is shown once and does not expire; only its hash is kept.
    """
    made = in_database(
        database_url, lambda database: database.write(_initialize, name, directory), create=True
    )
    show_done(
        f"organization  {made['orgId']}",
        made,
        f"directory     {made['directoryId']}",
        f"key           {made['key']}",
        "Keep the key: it is not shown again. Now: guildhall serve",
        as_json=as_json,
    )


async def _initialize(tx: Transaction, name: str, directory_name: str) -> dict[str, str]:
    if await tx.all(SELECT_ORGS):
        raise Failure("The database has an organization already; nothing was changed.", ExitCode.CONFLICT)
    caller = await create_org(tx, name)
    directory_id = tx.new_id()
    await put_directory(tx, caller, directory_id, DirectoryChanges(name=directory_name))
    created = await create_key(tx, caller, NewKey(name="first key", expires_at=NEVER))
    return {"orgId": caller.org_id, "directoryId": directory_id, "key": created.secret or ""}
