"""What a user is in and may do, and where each role comes from."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from guildhall.cli.connection import Connection
from guildhall.client.v2.groups import Group
from guildhall.client.v2.users import User, UserGroup

_PAGE = 100


class GroupRole(msgspec.Struct, frozen=True, rename="camel"):
    """A group that gives a role; `default` says that new users of the resource get it by this group."""

    group_id: str
    group: str
    default: bool


class HeldRole(msgspec.Struct, frozen=True, rename="camel"):
    """A role on a resource, with all that gives it."""

    resource_id: str
    role_id: str
    direct: bool
    groups: tuple[GroupRole, ...]


class UserWithRoles(msgspec.Struct, frozen=True):
    """A user, the ids of their directories, their groups and their roles."""

    user: User
    directories: tuple[str, ...]
    groups: tuple[UserGroup, ...]
    roles: tuple[HeldRole, ...]

    def as_one(self) -> dict[str, Any]:
        """Return the members of the user with the others beside them."""
        others = {"directories": self.directories, "groups": self.groups, "roles": self.roles}
        user: dict[str, Any] = msgspec.to_builtins(self.user)
        return user | others


def with_roles(connection: Connection, user: User) -> UserWithRoles:
    """Look up the groups and roles of a user, and which group gives which role."""
    search = connection.client.groups.search_all
    groups = sorted(search(account_ids=[user.account_id], limit=_PAGE), key=lambda group: group.name)
    named = tuple(UserGroup(group.id, group.name, group.description) for group in groups)
    there = connection.client.directories.list_all(account_id=user.account_id, limit=_PAGE)
    directories = tuple(directory.directory_id for directory in there)
    return UserWithRoles(user, directories, named, tuple(_roles(connection, user.account_id, groups)))


def _roles(connection: Connection, account_id: str, groups: Sequence[Group]) -> Iterator[HeldRole]:
    given = dict[tuple[str, str], list[GroupRole]]()
    for group in groups:
        rows = connection.client.role_assignments.list_all(
            group.id, directory_id=group.directory_id, limit=_PAGE
        )
        for row in rows:
            for role in row.roles:
                way = GroupRole(group.id, group.name, default=row.default_role == role)
                given.setdefault((row.resource_id, role), []).append(way)
    for held in connection.client.users.all_role_assignments(account_id, limit=_PAGE):
        for one in held.role_assignments:
            ways = tuple(given.get((held.resource_id, one.role), ()))
            yield HeldRole(held.resource_id, one.role, "direct" in one.role_assignment_methods, ways)
