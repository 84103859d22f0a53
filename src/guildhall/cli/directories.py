"""`guildhall directories`: furnishing the directories of a running Guildhall (contract 6a)."""

from typing import Any

import click

from guildhall.cli.connection import Connection, connected, said
from guildhall.cli.names import find_directory_id
from guildhall.cli.output import Column, ask, show_done, show_one, show_rows
from guildhall.client.guildhall.directories import FurnishedDirectory

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
@connected
def list_directories(connection: Connection) -> None:
    """List directories, the default one first."""
    rows = connection.client.furnishing.directories.list_all(limit=100)
    show_rows(rows, _COLUMNS, as_json=connection.as_json)


@command.command("show")
@click.argument("directory_name", metavar="DIRECTORY")
@connected
def show_directory(connection: Connection, directory_name: str) -> None:
    """Show a directory."""
    found = find_directory_id(connection, directory_name)
    show_one(connection.client.furnishing.directories.get(found), _COLUMNS, as_json=connection.as_json)


@command.command("put")
@click.argument("directory_id")
@click.option("--name", required=True, help="What the directory is called.")
@click.option("--icon", help="The address of an icon.")
@click.option("--default", is_flag=True, help="Make it the default directory.")
@connected
def put_directory(connection: Connection, directory_id: str, name: str, **fields: Any) -> None:
    """Create the directory with this id, a UUID, or change it."""
    found = connection.client.furnishing.directories.put(directory_id, name, **said(fields))
    show_one(found, _COLUMNS, as_json=connection.as_json)


@command.command("delete")
@click.argument("directory_name", metavar="DIRECTORY")
@click.option("--yes", is_flag=True, help="Do not ask.")
@connected
def delete_directory(connection: Connection, directory_name: str, yes: bool) -> None:
    """Delete a directory without users and groups."""
    found = find_directory_id(connection, directory_name)
    if not yes:
        ask(f"Delete the directory {directory_name!r} ({found})?")
    connection.client.furnishing.directories.delete(found)
    show_done(f"Deleted {directory_name!r}", {"directoryId": found}, as_json=connection.as_json)
