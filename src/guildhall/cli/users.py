"""`guildhall users`: users on any server of the API, and furnishing those of a running Guildhall."""

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Any

import click

from guildhall.cli.connection import Connection, connected, connected_to_org, said
from guildhall.cli.exit_codes import ExitCode, Failure
from guildhall.cli.names import (
    directory_id,
    find_account_id,
    find_all,
    find_directory_id,
    find_user,
    first_directory_id,
)
from guildhall.cli.output import Column, ask, show_done, show_one, show_rows
from guildhall.cli.user_roles import HeldRole, UserWithRoles, with_roles
from guildhall.client.errors import ErrorAnswer, NotFound
from guildhall.client.guildhall.users import FurnishedUser
from guildhall.client.v2.users import User
from guildhall.model.ids import is_account_id

_PAGE = 100

_LISTED: tuple[Column[User], ...] = (
    Column("ACCOUNT", lambda user: user.account_id, whole=True),
    Column("NAME", lambda user: user.name),
    Column("E-MAIL", lambda user: user.email),
    Column("STATUS", lambda user: user.status),
)
_PUT: tuple[Column[FurnishedUser], ...] = (
    Column("ACCOUNT", lambda user: user.account_id),
    Column("NAME", lambda user: user.name),
    Column("E-MAIL", lambda user: user.email),
    Column("STATUS", lambda user: user.status),
    Column("DIRECTORIES", lambda user: user.directories),
    Column("JOB TITLE", lambda user: user.job_title),
    Column("DEPARTMENT", lambda user: user.department),
    Column("LOCATION", lambda user: user.location),
)
_SHOWN: tuple[Column[UserWithRoles], ...] = (
    Column("ACCOUNT", lambda row: row.user.account_id),
    Column("NAME", lambda row: row.user.name),
    Column("E-MAIL", lambda row: row.user.email),
    Column("STATUS", lambda row: row.user.status),
    Column("JOB TITLE", lambda row: row.user.job_title),
    Column("DEPARTMENT", lambda row: row.user.department),
    Column("LOCATION", lambda row: row.user.location),
    Column("DIRECTORIES", lambda row: row.directories),
    Column("GROUPS", lambda row: [group.name or group.id for group in row.groups]),
    Column("ROLES", lambda row: [_sentence(role) for role in row.roles]),
)


def _sentence(role: HeldRole) -> str:
    ways = ["directly"] if role.direct else []
    ways += [f"by {way.group!r}{' (its default role)' if way.default else ''}" for way in role.groups]
    return f"{role.role_id} on {role.resource_id} {' and '.join(ways)}".rstrip()


@click.group()
def command() -> None:
    """Work with the users of an organization.

    USER is an account id, an e-mail address or a whole name. `put` needs a running Guildhall and a key
    with full access; the others work on any server of the API.
    """


@command.command("list")
@click.option("--search", "search_term", help="Only users with this text in their name or e-mail address.")
@click.option("--limit", type=click.IntRange(1), help="At most so many.")
@connected
def list_users(connection: Connection, search_term: str | None, limit: int | None) -> None:
    """List users, by name."""
    users = connection.client.users.search_all(
        directory_id(connection), search_term=search_term, sort_by="name", limit=min(limit or _PAGE, _PAGE)
    )
    show_rows(islice(_each_once(users), limit), _LISTED, as_json=connection.as_json)


def _each_once(users: Iterable[User]) -> Iterator[User]:
    """Leave out the further rows of a user who is in several directories."""
    seen = set[str]()
    for user in users:
        if user.account_id not in seen:
            seen.add(user.account_id)
            yield user


@command.command("show")
@click.argument("user")
@connected
def show_user(connection: Connection, user: str) -> None:
    """Show a user with groups and roles, and how each role came: directly, or by which group."""
    found = with_roles(connection, _anywhere(connection, user))
    if connection.as_json:
        show_done((), found.as_one(), as_json=True)
    else:
        show_one(found, _SHOWN, as_json=False)


def _anywhere(connection: Connection, said: str) -> User:
    """Find a user, who may be in no directory any more: then a running Guildhall knows the account id."""
    try:
        return find_user(connection, directory_id(connection), said)
    except Failure as failure:
        if failure.exit_code is not ExitCode.NOT_FOUND or not is_account_id(said):
            raise
        try:
            return connection.client.furnishing.users.get(said)
        except ErrorAnswer:
            raise failure from None


@command.command("suspend")
@click.argument("user")
@connected
def suspend_user(connection: Connection, user: str) -> None:
    """Suspend a user in a directory: memberships stay, seats are freed."""
    account_id, directory = _in_directory(connection, user)
    had = _status(connection, account_id, directory)
    connection.client.users.suspend(account_id, directory_id=directory)
    _changed(connection, ("Suspended {}", "{} was suspended already"), account_id, changed=had != "suspended")


@command.command("restore")
@click.argument("user")
@connected
def restore_user(connection: Connection, user: str) -> None:
    """Let a suspended user in again."""
    account_id, directory = _in_directory(connection, user)
    had = _status(connection, account_id, directory)
    connection.client.users.restore(account_id, directory_id=directory)
    _changed(connection, ("Restored {}", "{} was not suspended"), account_id, changed=had == "suspended")


@command.command("remove")
@click.argument("user")
@click.option("--yes", is_flag=True, help="Do not ask.")
@connected
def remove_user(connection: Connection, user: str, yes: bool) -> None:
    """Take a user out of a directory, with memberships and roles there."""
    account_id, directory = _in_directory(connection, user)
    if not yes:
        ask(f"Remove {user!r} ({account_id}) from the directory {directory}?")
    connection.client.users.remove(account_id, directory_id=directory)
    _changed(connection, ("Removed {}", ""), account_id, changed=True)


def _in_directory(connection: Connection, user: str) -> tuple[str, str]:
    directory = directory_id(connection) or first_directory_id(connection)
    return find_user(connection, directory, user).account_id, directory


def _status(connection: Connection, account_id: str, directory: str) -> str | None:
    user = connection.client.users.get(account_id, directory_id=directory)
    return user.membership_status or user.status


def _changed(connection: Connection, sentences: tuple[str, str], account_id: str, *, changed: bool) -> None:
    sentence = sentences[0 if changed else 1].format(account_id)
    show_done(sentence, {"accountId": account_id, "changed": changed}, as_json=connection.as_json)


@command.command("put")
@click.argument("email")
@click.option("--name", help="What the user is called; a new one needs it.")
@click.option("--id", "account_id", help="The account id; by default the server chooses one.")
@click.option("--in", "directories", multiple=True, help="A directory's id or name; may be repeated.")
@click.option("--status", help="active, suspended, not_invited, deactivated or for_deletion.")
@click.option("--nickname", help="What others call the user.")
@click.option("--job-title", help="What the user does.")
@click.option("--department", help="Where in the organization.")
@click.option("--location", help="Where in the world.")
@click.option("--time-zone", help="Such as Europe/Berlin.")
@connected_to_org
def put_user(
    connection: Connection, email: str, name: str | None, account_id: str | None, **fields: Any
) -> None:
    """Create the user with this e-mail address, or change them; what is left out stays as it is."""
    directories = find_all(
        *(partial(find_directory_id, connection, one) for one in fields.pop("directories"))
    )
    given = said(fields) | ({"directories": directories} if directories else {})
    users, called = connection.client.furnishing.users, name or _name_there(connection, email, account_id)
    found = (
        users.put(account_id, called, email, **given)
        if account_id
        else users.put_by_email(called, email, **given)
    )
    show_one(found, _PUT, as_json=connection.as_json)


def _name_there(connection: Connection, email: str, account_id: str | None) -> str:
    try:
        there = connection.client.furnishing.users.get(account_id or find_account_id(connection, email))
    except (Failure, NotFound) as error:
        raise click.UsageError(f"There is no user {email!r} yet: a new one needs --name.") from error
    return there.name or email
