"""`guildhall users`: furnishing the users of a running Guildhall (contract 6a)."""

from itertools import islice
from typing import Any

import click

from guildhall.cli.connection import Connection, connected, said
from guildhall.cli.names import find_account_id, find_directory_id
from guildhall.cli.output import Column, show_one, show_rows
from guildhall.client.guildhall.users import FurnishedUser

_LISTED: tuple[Column[FurnishedUser], ...] = (
    Column("ACCOUNT", lambda user: user.account_id, whole=True),
    Column("NAME", lambda user: user.name),
    Column("E-MAIL", lambda user: user.email),
    Column("STATUS", lambda user: user.status),
)
_SHOWN: tuple[Column[FurnishedUser], ...] = (
    *_LISTED,
    Column("DIRECTORIES", lambda user: user.directories),
    Column("JOB TITLE", lambda user: user.job_title),
    Column("DEPARTMENT", lambda user: user.department),
    Column("LOCATION", lambda user: user.location),
)


@click.group()
def command() -> None:
    """Work with the users of an organization, on a running Guildhall.

    USER is an account id, an e-mail address or a whole name. The key needs full access.
    """


@command.command("list")
@click.option("--limit", type=click.IntRange(1), help="At most so many.")
@connected
def list_users(connection: Connection, limit: int | None) -> None:
    """List the users of the organization, by account id."""
    users = connection.client.furnishing.users.list_all(limit=min(limit or 100, 100))
    show_rows(islice(users, limit), _LISTED, as_json=connection.as_json)


@command.command("show")
@click.argument("user")
@connected
def show_user(connection: Connection, user: str) -> None:
    """Show a user."""
    account_id = find_account_id(connection, user)
    found = connection.client.furnishing.users.get(account_id)
    show_one(found, _SHOWN, as_json=connection.as_json)


@command.command("put")
@click.argument("email")
@click.option("--name", required=True, help="What the user is called.")
@click.option("--id", "account_id", help="The account id; by default the server chooses one.")
@click.option("--in", "directories", multiple=True, help="A directory's id or name; may be repeated.")
@click.option("--status", help="active, suspended, not_invited, deactivated or for_deletion.")
@click.option("--nickname", help="What others call the user.")
@click.option("--job-title", help="What the user does.")
@click.option("--department", help="Where in the organization.")
@click.option("--location", help="Where in the world.")
@click.option("--time-zone", help="Such as Europe/Berlin.")
@connected
def put_user(connection: Connection, email: str, name: str, account_id: str | None, **fields: Any) -> None:
    """Create the user with this e-mail address, or change them; what is left out stays as it is."""
    directories = [find_directory_id(connection, one) for one in fields.pop("directories")]
    given = said(fields) | ({"directories": directories} if directories else {})
    users = connection.client.furnishing.users
    found = (
        users.put(account_id, name, email, **given)
        if account_id
        else users.put_by_email(name, email, **given)
    )
    show_one(found, _SHOWN, as_json=connection.as_json)
