"""`guildhall orgs`: the organizations of a database, also beside a running server."""

import asyncio

import click
import msgspec

from guildhall.cli.database import choose_org, database_option, in_database
from guildhall.cli.exit_codes import ExitCode, Failure
from guildhall.cli.output import Column, ask, is_asked, show_done, show_rows
from guildhall.cli.steps import steps
from guildhall.http.access.authentication import FRESH_SECONDS
from guildhall.model.orgs import Org, OrgRows, OrgSize
from guildhall.operations.org_deletions import delete_all_keys, delete_org_rows
from guildhall.operations.orgs import rename_org, system_caller
from guildhall.store.database import Database, Transaction
from guildhall.store.maintenance.bulk import Step
from guildhall.store.orgs import SELECT_ORG_ROWS, SELECT_ORG_SIZE, SELECT_ORGS

_JSON = click.option("--json", "as_json", is_flag=True, help="Write JSON.")


class OrgRow(msgspec.Struct, frozen=True, rename="camel"):
    """An organization as it is listed, with how many of each kind it has."""

    id: str
    name: str
    created_at: str
    directories: int
    users: int
    groups: int
    resources: int
    keys: int


_COLUMNS = (
    Column[OrgRow]("ID", lambda org: org.id, whole=True),
    Column[OrgRow]("NAME", lambda org: org.name),
    Column[OrgRow]("CREATED", lambda org: org.created_at, whole=True),
    Column[OrgRow]("DIRECTORIES", lambda org: org.directories),
    Column[OrgRow]("USERS", lambda org: org.users),
    Column[OrgRow]("GROUPS", lambda org: org.groups),
    Column[OrgRow]("RESOURCES", lambda org: org.resources),
    Column[OrgRow]("KEYS", lambda org: org.keys),
)


@click.group(name="orgs")
def command() -> None:
    """List, rename and delete the organizations of a database, also while a server runs on it.

    ORG is an id or a whole name.
    """


@command.command("list")
@database_option
@_JSON
def list_(database_url: str, *, as_json: bool) -> None:
    """List the organizations by id, with how much each of them has."""
    rows = in_database(database_url, lambda database: database.read(_select_all))
    show_rows(rows, _COLUMNS, as_json=as_json)


async def _select_all(tx: Transaction) -> list[OrgRow]:
    rows = []
    for org in await tx.all(SELECT_ORGS):
        size = await tx.one(SELECT_ORG_SIZE, org_key=org.org_key)
        rows.append(OrgRow(org.id, org.name, org.created_at, **_counts(size)))
    return rows


@command.command("rename")
@click.argument("org")
@click.argument("new_name")
@database_option
@_JSON
def rename(database_url: str, org: str, new_name: str, *, as_json: bool) -> None:
    """Give an organization another name; its id, its keys and all that is in it stay."""
    before, after = in_database(database_url, lambda database: database.write(_rename, org, new_name))
    text = f"Renamed {before.name!r} to {after!r}" if before.name != after else f"It is called {after!r}"
    show_done(text, {"id": before.id, "name": after}, as_json=as_json)


async def _rename(tx: Transaction, said: str, new_name: str) -> tuple[Org, str]:
    caller = system_caller(await choose_org(tx, said))
    before, after = await rename_org(tx, caller, new_name)
    return before, after.name


@command.command("delete")
@click.argument("org")
@database_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@_JSON
def delete(database_url: str, org: str, *, yes: bool, as_json: bool) -> None:
    """Delete an organization with everything in it: users, groups, keys, events and all else.

    Its keys go first and the rest a little at a time, so that servers go on for the others. If it is
    interrupted, the same command finishes it. Nothing brings an organization back but a backup.
    """
    found, counted = in_database(database_url, lambda database: database.read(_size_up, org))
    text = ", ".join(f"{kind}: {count}" for kind, count in counted.items())
    if not yes:
        _require_answer(found, text)
    with steps() as step:
        in_database(database_url, lambda database: _delete(database, found.org_key, step))
    result = {"id": found.id, "name": found.name, "deleted": counted}
    show_done(f"Deleted {found.name!r} ({found.id}): {text}", result, as_json=as_json)


async def _size_up(tx: Transaction, said: str) -> tuple[Org, dict[str, int]]:
    """Return the organization that is meant, and how much of each kind it has."""
    org = await choose_org(tx, said)
    size = await tx.one(SELECT_ORG_SIZE, org_key=org.org_key)
    rows = await tx.one(SELECT_ORG_ROWS, org_key=org.org_key)
    return org, {**_counts(size), **_counts(rows)}


def _counts(counted: OrgSize | OrgRows | None) -> dict[str, int]:
    return {} if counted is None else msgspec.structs.asdict(counted)


def _require_answer(org: Org, counted: str) -> None:
    """Ask on a terminal; elsewhere raise Failure."""
    has = f"The organization {org.name!r} ({org.id}) has {counted}."
    if not is_asked():
        raise Failure(
            f"{has} Nothing was deleted; to delete it with all of this, say --yes.", ExitCode.CONFLICT
        )
    ask(f"{has} Delete it with all of this?")


async def _delete(database: Database, org_key: int, step: Step) -> None:
    await database.write(delete_all_keys, org_key)
    # So long a server may go by what it knows of a key: nobody is to see an organization that lacks half.
    await asyncio.sleep(FRESH_SECONDS)
    await delete_org_rows(database, org_key, step)
