"""`guildhall directories`: furnishing the directories of a running Guildhall (contract 6a)."""

import uuid
from typing import Any

import click

from guildhall.cli.connection import Connection, connected_to_org, said
from guildhall.cli.exit_codes import ExitCode, Failure
from guildhall.cli.names import find_directory_id
from guildhall.cli.output import Column, ask, show_done, show_one, show_rows
from guildhall.client.guildhall.directories import FurnishedDirectory
from guildhall.model.ids import parse_uuid
from guildhall.model.names import fold, trim

_COLUMNS: tuple[Column[FurnishedDirectory], ...] = (
    Column("ID", lambda directory: directory.directory_id, whole=True),
    Column("NAME", lambda directory: directory.name),
    Column("DEFAULT", lambda directory: directory.default),
    Column("ICON", lambda directory: directory.icon),
)


@click.group()
def command() -> None:
    """Work with the directories of an organization, on a running Guildhall.

    DIRECTORY is an id or a whole name. The key needs full access.
    """


@command.command("list")
@connected_to_org
def list_directories(connection: Connection) -> None:
    """List directories, the default one first."""
    rows = connection.client.furnishing.directories.list_all(limit=100)
    show_rows(rows, _COLUMNS, as_json=connection.as_json)


@command.command("show")
@click.argument("directory_name", metavar="DIRECTORY")
@connected_to_org
def show_directory(connection: Connection, directory_name: str) -> None:
    """Show a directory."""
    found = find_directory_id(connection, directory_name)
    show_one(connection.client.furnishing.directories.get(found), _COLUMNS, as_json=connection.as_json)


@command.command("put")
@click.argument("directory_name", metavar="DIRECTORY")
@click.option("--name", help="What the directory is called; for a new one, DIRECTORY itself.")
@click.option("--icon", help="The address of an icon.")
@click.option("--default", is_flag=True, help="Make it the default directory.")
@connected_to_org
def put_directory(connection: Connection, directory_name: str, name: str | None, **fields: Any) -> None:
    """Create the directory with this id (a UUID) or name, or change it; what is left out stays."""
    known = parse_uuid(directory_name)
    found = []
    if not (known and name):  # Who says both need not be asked what is there.
        there = connection.client.furnishing.directories.list_all(limit=100)
        found = [one for one in there if _is_meant(one, known, directory_name)]
    if len(found) > 1:
        ids = ", ".join(one.directory_id for one in found)
        raise Failure(
            f"{len(found)} are named {directory_name!r}: say which by its id: {ids}", ExitCode.USAGE
        )
    if not found and known and not name:
        raise click.UsageError("A new directory needs --name.")
    target = found[0].directory_id if found else known or str(uuid.uuid4())
    called = name or (found[0].name if found else None) or directory_name
    put = connection.client.furnishing.directories.put(target, called, **said(fields))
    show_one(put, _COLUMNS, as_json=connection.as_json)


def _is_meant(directory: FurnishedDirectory, known: str | None, name: str) -> bool:
    return directory.directory_id == known if known else fold(directory.name or "") == fold(trim(name))


@command.command("delete")
@click.argument("directory_name", metavar="DIRECTORY")
@click.option("--yes", is_flag=True, help="Do not ask.")
@connected_to_org
def delete_directory(connection: Connection, directory_name: str, yes: bool) -> None:
    """Delete a directory without users and groups."""
    found = find_directory_id(connection, directory_name)
    if not yes:
        ask(f"Delete the directory {directory_name!r} ({found})?")
    connection.client.furnishing.directories.delete(found)
    show_done(f"Deleted {directory_name!r}", {"directoryId": found}, as_json=connection.as_json)
