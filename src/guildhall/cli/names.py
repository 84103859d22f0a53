"""What people name: directories, groups, users and resources, by name or by id.

Everything is looked up through documented searches, so that it works on the vendor's servers too.
A name always means the whole name, compared as the contract compares names: what is found is
compared once more here, because the next step may be to delete it.
"""

from collections.abc import Iterable
from typing import TypeVar

from guildhall.cli.connection import Connection
from guildhall.cli.exit_codes import ExitCode, Failure
from guildhall.client.v2.groups import Group
from guildhall.client.v2.users import User
from guildhall.client.v2.workspaces import field
from guildhall.model.ids import ANY_DIRECTORY, is_account_id, parse_resource_id, parse_uuid
from guildhall.model.names import fold, trim

T = TypeVar("T")


def directory_id(connection: Connection) -> str | None:
    """Return the id of the directory that `--directory` names, None without one."""
    said = connection.directory
    return None if said is None or said == ANY_DIRECTORY else find_directory_id(connection, said)


def first_directory_id(connection: Connection) -> str:
    """Return the id of the organization's first directory, which is its default one."""
    for directory in connection.client.directories.list(limit=1).data:
        return directory.directory_id
    raise Failure("the organization has no directory", ExitCode.NOT_FOUND)


def find_directory_id(connection: Connection, said: str) -> str:
    """Return the id of the directory with that id or name."""
    if known := parse_uuid(said):
        return known
    found = (item for item in connection.client.directories.list_all(limit=100) if _same(item.name, said))
    return _only((item.directory_id for item in found), f"directory named {said!r}")


def find_group(connection: Connection, said: str) -> Group:
    """Return the group with that id or name, within the directory that was named."""
    groups, directory = connection.client.groups, directory_id(connection)
    if known := parse_uuid(said):
        for group in groups.search(directory, group_ids=[known]).data:
            if group.id == known:
                return group
    found = [group for group in groups.search_all(directory, group_names=[said]) if _same(group.name, said)]
    if len(found) > 1:
        places = ", ".join(sorted(group.directory_id for group in found))
        raise Failure(
            f"{len(found)} groups are named {said!r}: say which with --directory, one of {places}",
            ExitCode.USAGE,
        )
    return _only(found, f"group {said!r}")


def find_user(connection: Connection, directory: str | None, said: str) -> User:
    """Return the user with that account id, e-mail address or name, in a directory."""
    place = f" in directory {directory}" if directory else ""
    return _only(_users(connection, directory, said), f"user {said!r}{place}")


def _users(connection: Connection, directory: str | None, said: str) -> list[User]:
    users = connection.client.users
    if "@" in said:
        return [user for user in users.search_all(directory, emails=[said]) if _same(user.email, said)]
    by_id = users.search(directory, account_ids=[said]).data if is_account_id(said) else []
    if any(user.account_id == said for user in by_id):
        return [user for user in by_id if user.account_id == said]
    return [user for user in users.search_all(directory, search_term=said) if _same(user.name, said)]


def find_account_id(connection: Connection, said: str) -> str:
    """Return the account id of a user in any directory, who has one row for each of them."""
    found = dict.fromkeys(user.account_id for user in _users(connection, None, said))
    # An account that is in no directory is not found, but has an id like all.
    return said if not found and is_account_id(said) else _only(found, f"user {said!r}")


def find_resource_id(connection: Connection, said: str) -> str:
    """Return the id of the resource with that id or name."""
    if parse_resource_id(said):
        return said
    found = connection.client.workspaces.search_all(field("attributes.name", said))
    return _only((item.id for item in found if _same(item.attributes.name, said)), f"resource named {said!r}")


def role_id(said: str) -> str:
    """Return the id of a role; `user` is short for `atlassian/user`."""
    return said if "/" in said else f"atlassian/{said}"


def _same(name: str | None, said: str) -> bool:
    return name is not None and fold(trim(name)) == fold(trim(said))


def _only(found: Iterable[T], what: str) -> T:
    """Return the one thing that was found; a Failure where there is none or more than one."""
    items = list(found)
    if not items:
        raise Failure(f"there is no {what}", ExitCode.NOT_FOUND)
    if len(items) > 1:
        raise Failure(f"there are {len(items)} of {what}: name the id", ExitCode.USAGE)
    return items[0]
