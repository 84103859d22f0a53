"""`guildhall resources`: furnishing the resources of a running Guildhall (contract 6a)."""

from typing import Any

import click

from guildhall.cli.connection import Connection, connected_to_org, said
from guildhall.cli.names import find_resource_id
from guildhall.cli.output import Column, ask, show_done, show_one, show_rows
from guildhall.client.guildhall.resources import Resource

_COLUMNS: tuple[Column[Resource], ...] = (
    Column("ID", lambda resource: resource.resource_id, whole=True),
    Column("NAME", lambda resource: resource.name),
    Column("STATUS", lambda resource: resource.status),
    Column("SEATS", lambda resource: resource.seats_used),
    Column("USER LIMIT", lambda resource: resource.user_limit),
)
_SHOWN: tuple[Column[Resource], ...] = (
    *_COLUMNS,
    Column("TYPE", lambda resource: resource.type),
    Column("HOST", lambda resource: resource.host_url),
    Column("UPDATED", lambda resource: resource.updated_at),
)


@click.group()
def command() -> None:
    """Work with the resources of an organization, on a running Guildhall.

    RESOURCE is an id (ari:cloud:…) or a whole name. The key needs full access.
    """


@command.command("list")
@connected_to_org
def list_resources(connection: Connection) -> None:
    """List resources with their seats and user limits."""
    rows = connection.client.furnishing.resources.list_all(limit=100)
    show_rows(rows, _COLUMNS, as_json=connection.as_json)


@command.command("show")
@click.argument("resource")
@connected_to_org
def show_resource(connection: Connection, resource: str) -> None:
    """Show a resource."""
    found = connection.client.furnishing.resources.get(find_resource_id(connection, resource))
    show_one(found, _SHOWN, as_json=connection.as_json)


@command.command("put")
@click.argument("resource_id")
@click.option("--name", required=True, help="What the resource is called.")
@click.option(
    "--status", type=click.Choice(["online", "offline", "deprecated"]), help="Only online takes roles."
)
@click.option("--user-limit", type=click.IntRange(0), help="How many seats there are.")
@click.option("--no-user-limit", is_flag=True, help="Any number of seats, as for a new one.")
@click.option("--type", help="What it is, e.g. jira-software.")
@click.option("--host-url", help="Where it is.")
@connected_to_org
def put_resource(
    connection: Connection, resource_id: str, name: str, no_user_limit: bool, **fields: Any
) -> None:
    """Create the resource with this id, an ARI, or change it; what is left out stays as it is."""
    unlimited: dict[str, Any] = {"user_limit": None} if no_user_limit else {}
    given = {**said(fields), **unlimited}
    found = connection.client.furnishing.resources.put(resource_id, name, **given)
    show_one(found, _SHOWN, as_json=connection.as_json)


@command.command("delete")
@click.argument("resource")
@click.option("--yes", is_flag=True, help="Do not ask.")
@connected_to_org
def delete_resource(connection: Connection, resource: str, yes: bool) -> None:
    """Delete a resource that nobody holds a role on."""
    found = find_resource_id(connection, resource)
    if not yes:
        ask(f"Delete {resource!r} ({found})?")
    connection.client.furnishing.resources.delete(found)
    show_done(f"Deleted {resource!r}", {"resourceId": found}, as_json=connection.as_json)
