"""A small world for a test: a server in this process, with an organization to furnish.

    async def test_add_member_answers_204(world):
        group = await world.group(members=3)
        user = await world.user()
        await world.role(group, await world.resource(user_limit=10), "atlassian/user")
        answer = await world.http.post(
            f"{world.v2(group.directory_id)}/groups/{group.id}/memberships", json={"accountId": user.id}
        )
        assert answer.status_code == 204

What is made here goes through the rules, as the system, so that every counter is right. Time stands
still until a test moves `world.clock.now`; ids count up.
"""

import contextlib
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, NamedTuple

import httpx

from guildhall.app import Server
from guildhall.model.directories import Directory
from guildhall.model.groups import Group
from guildhall.model.ids import organization_resource_id
from guildhall.model.permissions import Caller
from guildhall.model.resources import Resource, ResourceStatus
from guildhall.model.users import UserStatus
from guildhall.operations.accounts import GivenStanding, UserChanges, put_user
from guildhall.operations.directories import DirectoryChanges, put_directory
from guildhall.operations.effects.counts import Counts
from guildhall.operations.effects.grants import insert_role_assignments
from guildhall.operations.groups import (
    NewGroup,
    create_group,
    get_group,
    get_group_to_change,
)
from guildhall.operations.keys import NewKey, create_key
from guildhall.operations.memberships import get_both_to_join, insert_member
from guildhall.operations.orgs import create_org
from guildhall.operations.resources import ResourceChanges, get_resource, put_resource
from guildhall.operations.role_assignments import Grant, find_resource, find_role
from guildhall.operations.user_roles import assign_user_role
from guildhall.settings import Settings
from guildhall.store.database import Transaction

NOW = 1_782_864_000_000
"""2026-07-01T00:00:00.000Z, in epoch milliseconds."""

USER = "atlassian/user"
ADMIN = "atlassian/admin"
USER_ACCESS_ADMIN = "atlassian/user-access-admin"
VIEWER = "atlassian/viewer"
ORG_ADMIN = "atlassian/org-admin"


class Clock:
    """The time of a world, in epoch milliseconds."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


class MadeUser(NamedTuple):
    id: str
    name: str
    email: str


class World:
    """A server and its organization; `http` speaks with a key without scopes."""

    def __init__(self, server: Server, clock: Clock, caller: Caller) -> None:
        self.server = server
        self.database = server.database
        self.clock = clock
        self.caller = caller
        """The system, for calling operations: `await world.write(operation, world.caller, …)`."""
        self.org_id = caller.org_id
        self.default: Directory
        """The default directory."""
        self.secret: str
        """The key that `http` carries."""
        self.http: httpx.AsyncClient
        self._numbers = itertools.count(1)

    async def furnish(self) -> "World":
        """Make the default directory and the key that everything else needs."""
        self.default = await self.directory("Default directory")
        self.secret = await self.key()
        self.http = self.client(self.secret)
        return self

    async def organization(self, name: str = "Another") -> "World":
        """A second organization on the same server."""
        return await World(self.server, self.clock, await self.write(create_org, name)).furnish()

    # What a request is made of.

    def v1(self) -> str:
        return f"/admin/v1/orgs/{self.org_id}"

    def v2(self, directory_id: str | None = None) -> str:
        return f"/admin/v2/orgs/{self.org_id}/directories/{directory_id or self.default.id}"

    def ours(self) -> str:
        return f"/guildhall/v1/orgs/{self.org_id}"

    def client(self, secret: str | None) -> httpx.AsyncClient:
        """A client with another key, or with none."""
        headers = {"authorization": f"Bearer {secret}"} if secret else {}
        transport = httpx.ASGITransport(self.server, raise_app_exceptions=True)
        return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080", headers=headers)

    async def key(self, *scopes: str, name: str = "test", **given: Any) -> str:
        """A new key with these scopes, without any for full access; its secret."""
        new = NewKey(name=name, scopes=scopes or None, expires_at=given.pop("expires_at", None), **given)
        created = await self.write(create_key, self.caller, new)
        return created.secret

    # What the store holds.

    async def read(self, function: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        return await self.database.read(function, *args, **kwargs)

    async def write(self, function: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        return await self.database.write(function, *args, **kwargs)

    # What the organization is furnished with.

    async def directory(self, name: str | None = None, **given: Any) -> Directory:
        changes = DirectoryChanges(name=name or f"Directory {next(self._numbers)}", **given)
        directory_id = self.server._new_id()
        made, _ = await self.write(put_directory, self.caller, directory_id, changes)
        return made

    async def user(
        self,
        *directories: Directory,
        status: UserStatus = UserStatus.ACTIVE,
        name: str | None = None,
        email: str | None = None,
        account_id: str | None = None,
        **given: Any,
    ) -> MadeUser:
        """A user of the directories, or of the default one."""
        number = next(self._numbers)
        standings = tuple(GivenStanding(directory.id) for directory in directories)
        changes = UserChanges(
            name=name or f"User {number:04}",
            email=email or f"user{number:04}@example.com",
            directories=standings or None,
            status=status,
            **given,
        )
        chosen = account_id or f"{number:024x}"
        account, _ = await self.write(put_user, self.caller, chosen, changes)
        return MadeUser(account.user.account_id, account.user.name, account.user.email)

    async def group(
        self,
        name: str | None = None,
        *,
        members: int | Sequence[MadeUser] = (),
        directory: Directory | None = None,
        **given: Any,
    ) -> Group:
        """A group with so many new users, or with these; `given` are fields of NewGroup."""
        place = directory or self.default
        new = NewGroup(name or f"Group {next(self._numbers):04}", **given)
        group = await self.write(create_group, self.caller, place.id, new)
        users = [await self.user(place) for _ in range(members)] if isinstance(members, int) else members
        for user in users:
            await self.add(group, user)
        return await self.again(group)

    async def again(self, group: Group) -> Group:
        """The group as it is now."""
        found: Group = await self.read(get_group, self.caller, group.directory_id, group.id)
        return found

    async def resource(
        self,
        owner: str = "jira",
        *,
        user_limit: int | None = None,
        name: str | None = None,
        status: ResourceStatus = ResourceStatus.ONLINE,
        **given: Any,
    ) -> Resource:
        number = next(self._numbers)
        changes = ResourceChanges(
            name=name or f"{owner.title()} {number}", user_limit=user_limit, status=status, **given
        )
        resource_id = f"ari:cloud:{owner}::site/{number}"
        made, _ = await self.write(put_resource, self.caller, resource_id, changes)
        return made

    async def seats(self, resource: Resource) -> int:
        """The seats in use."""
        return (await self.read(get_resource, self.caller, resource.id)).seats_used

    async def role(self, holder: Group | MadeUser, resource: Resource, role_id: str = USER) -> None:
        """Give a group, or a user directly, a role on a resource; a group takes any, as from a seed file."""
        grant = Grant(resource.id, role_id)
        if isinstance(holder, Group):
            await self.write(_grant, self.caller, holder, grant)
        else:
            await self.write(assign_user_role, self.caller, holder.id, grant)

    async def own_resource(self) -> Resource:
        """The organization's own resource."""
        return await self.read(get_resource, self.caller, organization_resource_id(self.org_id))

    async def add(self, group: Group, user: MadeUser) -> None:
        """Add a user to a group, also to one that takes no members through the API."""
        await self.write(join, self.caller, group, user)


async def _grant(tx: Transaction, caller: Caller, group: Group, grant: Grant) -> None:
    group = await get_group_to_change(tx, caller, None, group.id)
    resource = await find_resource(tx, caller, grant.resource_id)
    role = await find_role(tx, caller, grant.role_id)
    counts = Counts()
    await insert_role_assignments(tx, caller, group, [(resource, role)], counts)
    await counts.store(tx, caller)


async def join(tx: Transaction, caller: Caller, group: Group, user: MadeUser) -> None:
    """Add a user to a group as the rules do, whatever the group is."""
    await insert_member(tx, caller, *await get_both_to_join(tx, caller, None, group.id, user.id))


def counting_ids() -> Callable[[], str]:
    """UUIDs that count up: 00000001-0000-4000-8000-000000000001, …"""
    numbers = itertools.count(1)

    def new_id() -> str:
        number = next(numbers)
        return f"{number:08x}-0000-4000-8000-{number:012x}"

    return new_id


@contextlib.asynccontextmanager
async def open_world(database_url: str, **settings: Any) -> AsyncIterator[World]:
    """Start a server on an empty database, with an organization, its default directory and a key."""
    clock = Clock()
    server = Server(Settings(database=database_url, **settings), clock=clock, new_id=counting_ids())
    await server.start()
    try:
        world = World(server, clock, await server.database.write(create_org, "Example"))
        async with (await world.furnish()).http:
            yield world
    finally:
        await server.stop()
