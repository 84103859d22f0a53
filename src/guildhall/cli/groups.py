"""`guildhall groups`: groups on any server of the contract, the vendor's included.

Only documented operations are used: the members of a group come from the search for users, and the
id of a new group from the search for its name.
"""

from collections.abc import Callable
from functools import partial
from itertools import islice
from typing import Any

import click

from guildhall.cli.completion import complete_group
from guildhall.cli.connection import Connection, connected
from guildhall.cli.exit_codes import ExitCode, Failure
from guildhall.cli.memberships import add_members, remove_members
from guildhall.cli.names import (
    directory_id,
    find_account_id,
    find_all,
    find_group,
    find_resource_id,
    first_directory_id,
    role_id,
)
from guildhall.cli.output import Column, ask, show_done, show_one, show_rows
from guildhall.client.errors import MethodNotAllowed, NotFound, NotListedYet
from guildhall.client.v2.groups import GROUP_GONE, Group
from guildhall.client.v2.role_assignments import RoleAssignment
from guildhall.client.v2.users import User

PAGE = 100

# What a search may need until it shows what was just created, on servers that are not strictly consistent.

_LISTED: tuple[Column[Group], ...] = (
    Column("ID", lambda group: group.id, whole=True),
    Column("NAME", lambda group: group.name),
    Column("MANAGED BY", lambda group: group.managed_by),
    Column("DESCRIPTION", lambda group: group.description),
)
_COUNTED: tuple[Column[Group], ...] = (
    Column("USERS", lambda group: group.counts and group.counts.users),
    Column("RESOURCES", lambda group: group.counts and group.counts.resources),
)
_SHOWN: tuple[Column[Group], ...] = (
    *_LISTED,
    Column("DIRECTORY", lambda group: group.directory_id),
    Column("SYNCED", lambda group: group.external_synced),
    Column("MODIFIABLE", lambda group: group.management_access and group.management_access.modifiable),
    Column("DELETABLE", lambda group: group.management_access and group.management_access.deletable),
    *_COUNTED,
)
_MEMBERS: tuple[Column[User], ...] = (
    Column("ACCOUNT", lambda user: user.account_id, whole=True),
    Column("NAME", lambda user: user.name),
    Column("E-MAIL", lambda user: user.email),
    Column("STATUS", lambda user: user.status),
)
_ROLES: tuple[Column[RoleAssignment], ...] = (
    Column("RESOURCE", lambda row: row.resource_id, whole=True),
    Column("ROLES", lambda row: row.roles),
    Column("DEFAULT ROLE", lambda row: row.default_role),
)


@click.group()
def command() -> None:
    """Work with groups, their members and roles, on any server of the API.

    GROUP is an id or a whole name, USER an account id, an e-mail address or a whole name, RESOURCE an
    id (ari:cloud:…) or a whole name, and ROLE an id such as atlassian/user, or just user.
    """


@command.command("list")
@click.option("--search", "search_term", help="Only groups with this text in their name.")
@click.option("--member", "account_ids", multiple=True, help="Only groups with this user in them.")
@click.option("--resource", "resource_ids", multiple=True, help="Only groups with a role on this resource.")
@click.option("--owner", "resource_owners", multiple=True, help="Only groups with a role on such resources.")
@click.option("--role", "role_ids", multiple=True, help="Only groups with this role.")
@click.option("--counts", is_flag=True, help="Count users and resources as well.")
@click.option("--limit", type=click.IntRange(1), help="At most so many.")
@connected
def list_groups(connection: Connection, counts: bool, limit: int | None, **filters: Any) -> None:
    """List groups, by name. Repeated options mean any of the values."""
    roles = [role_id(said) for said in filters.pop("role_ids")]
    members = [partial(find_account_id, connection, one) for one in filters["account_ids"]]
    resources = [partial(find_resource_id, connection, one) for one in filters["resource_ids"]]
    found = find_all(*members, *resources)
    filters |= {"account_ids": found[: len(members)], "resource_ids": found[len(members) :]}
    given = {name: value for name, value in filters.items() if value} | ({"role_ids": roles} if roles else {})
    if counts:
        given["expand"] = ["counts.users", "counts.resources"]
    size = min(limit or PAGE, PAGE)
    groups = connection.client.groups.search_all(directory_id(connection), limit=size, **given)
    columns = (*_LISTED, *_COUNTED) if counts else _LISTED
    show_rows(islice(groups, limit), columns, as_json=connection.as_json)


@command.command("show")
@click.argument("group", shell_complete=complete_group)
@connected
def show_group(connection: Connection, group: str) -> None:
    """Show a group with its counts."""
    found = find_group(connection, group)
    details = connection.client.groups.get(found.id, directory_id=found.directory_id)
    show_one(details, _SHOWN, as_json=connection.as_json)


@command.command("create")
@click.argument("name")
@click.option("--description", help="What the group is for.")
@connected
def create_group(connection: Connection, name: str, description: str | None) -> None:
    """Create a group."""
    directory = directory_id(connection) or first_directory_id(connection)
    try:
        created = connection.client.groups.create(name, description, directory_id=directory)
    except NotListedYet:
        _done(connection, f"Created {name!r}; the server does not list it yet", id=None, name=name)
        return
    shown = created.group.name if created.group else name
    _done(connection, f"Created {name!r}: {created.group_id}", id=created.group_id, name=shown)


@command.command("rename")
@click.argument("group", shell_complete=complete_group)
@click.argument("name")
@connected
def rename_group(connection: Connection, group: str, name: str) -> None:
    """Give a group another name; its members, roles and id stay."""
    found = find_group(connection, group)
    _update(connection, found, {"name": name})
    _done(connection, f"Renamed {found.name!r} to {name!r}", id=found.id, name=name)


@command.command("update")
@click.argument("group", shell_complete=complete_group)
@click.option("--name", help="What the group is called from now on.")
@click.option("--description", help="What the group is for; an empty text clears it.")
@connected
def update_group(connection: Connection, group: str, **given: str | None) -> None:
    """Change the name or the description of a group; what is left out stays as it is."""
    changes = {name: value for name, value in given.items() if value is not None}
    if not changes:
        raise click.UsageError("Say what to change: --name or --description.")
    found = find_group(connection, group)
    _update(connection, found, changes)
    _done(connection, f"Updated {found.name!r}", id=found.id, **changes)


def _update(connection: Connection, group: Group, changes: dict[str, Any]) -> None:
    try:
        connection.client.groups.update(group.id, directory_id=group.directory_id, **changes)
    except (MethodNotAllowed, NotFound) as error:
        if error.code == GROUP_GONE:
            raise
        # The group was there a moment ago, so it is the operation that is not.
        sentence = (
            f"this server cannot rename groups: it answered {error.status} to PATCH; nothing was changed"
        )
        raise Failure(sentence, ExitCode.REFUSED) from error


@command.command("delete")
@click.argument("group", shell_complete=complete_group)
@click.option("--yes", is_flag=True, help="Do not ask.")
@connected
def delete_group(connection: Connection, group: str, yes: bool) -> None:
    """Delete a group with its memberships and role assignments."""
    found = find_group(connection, group)
    if not yes:
        ask(f"Delete {found.name!r} ({found.id})?")
    connection.client.groups.delete(found.id, directory_id=found.directory_id)
    _done(connection, f"Deleted {found.name!r}", id=found.id, name=found.name)


@command.command("members")
@click.argument("group", shell_complete=complete_group)
@click.option("--limit", type=click.IntRange(1), help="At most so many.")
@connected
def list_members(connection: Connection, group: str, limit: int | None) -> None:
    """List the members of a group."""
    found = find_group(connection, group)
    size = min(limit or PAGE, PAGE)
    users = connection.client.users.search_all(found.directory_id, group_ids=[found.id], limit=size)
    show_rows(islice(users, limit), _MEMBERS, as_json=connection.as_json)


@command.command("roles")
@click.argument("group", shell_complete=complete_group)
@connected
def list_roles(connection: Connection, group: str) -> None:
    """List the roles of a group, by resource."""
    found = find_group(connection, group)
    rows = connection.client.role_assignments.list_all(found.id, directory_id=found.directory_id, limit=PAGE)
    show_rows(rows, _ROLES, as_json=connection.as_json)


@command.command("assign")
@click.argument("group", shell_complete=complete_group)
@click.argument("resource")
@click.argument("role")
@connected
def assign_role(connection: Connection, group: str, resource: str, role: str) -> None:
    """Give a group a role on a resource."""
    found, resource_id = _find_both(connection, group, resource)
    had = _has_role(connection, found, resource_id, role_id(role))
    assign = connection.client.role_assignments.assign
    assign(found.id, resource_id, role_id(role), directory_id=found.directory_id)
    sentence = (
        "{group!r} has {role} on {resource} already" if had else "Assigned {role} on {resource} to {group!r}"
    )
    _role_done(connection, found, (resource_id, role_id(role)), sentence, changed=not had)


@command.command("revoke")
@click.argument("group", shell_complete=complete_group)
@click.argument("resource")
@click.argument("role")
@connected
def revoke_role(connection: Connection, group: str, resource: str, role: str) -> None:
    """Take a role on a resource from a group."""
    found, resource_id = _find_both(connection, group, resource)
    had = _has_role(connection, found, resource_id, role_id(role))
    revoke = connection.client.role_assignments.revoke
    revoke(found.id, resource_id, role_id(role), directory_id=found.directory_id)
    sentence = (
        "Revoked {role} on {resource} from {group!r}" if had else "{group!r} has no {role} on {resource}"
    )
    _role_done(connection, found, (resource_id, role_id(role)), sentence, changed=had)


def _find_both(connection: Connection, group: str, resource: str) -> tuple[Group, str]:
    lookups: tuple[Callable[[], Any], ...] = (
        partial(find_group, connection, group),
        partial(find_resource_id, connection, resource),
    )
    found, resource_id = find_all(*lookups)
    return found, resource_id


def _has_role(connection: Connection, group: Group, resource_id: str, role: str) -> bool:
    """Whether the group has the role now: a success does not tell whether it changed anything."""
    rows = connection.client.role_assignments.list_all(
        group.id, directory_id=group.directory_id, resource_ids=[resource_id], limit=PAGE
    )
    return any(row.resource_id == resource_id and role in row.roles for row in rows)


def _role_done(
    connection: Connection, group: Group, role: tuple[str, str], sentence: str, *, changed: bool
) -> None:
    resource_id, role_name = role
    text = sentence.format(group=group.name, role=role_name, resource=resource_id)
    _done(connection, text, id=group.id, resourceId=resource_id, roleId=role_name, changed=changed)


def _done(connection: Connection, sentence: str, **result: object) -> None:
    show_done(sentence, result, as_json=connection.as_json)


command.add_command(add_members)
command.add_command(remove_members)
