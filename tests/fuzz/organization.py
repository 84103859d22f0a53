"""The organization that is fuzzed: something of every kind that an error of the contract speaks of."""

import random
import uuid
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx

from guildhall.model.directories import Directory
from guildhall.model.groups import Group, GroupType, ManagedBy
from guildhall.model.permissions import Permission
from guildhall.model.resources import Resource, ResourceStatus
from guildhall.model.users import UserStatus
from tests.contract.answers import make_default
from tests.make import ADMIN, ORG_ADMIN, USER, MadeUser, World, open_world

ELSEWHERE = "99999999-9999-4999-8999-999999999999"
"""A UUID under which nothing is."""


class Furnished(NamedTuple):
    """Real ids by the names that parameters and fields have on the wire, and keys of several rights."""

    org_id: str
    pools: dict[str, list[str]]
    keys: dict[str, str]
    known: list["Known"]


class Known(NamedTuple):
    """A request whose answer is known: what chance alone would take too long to find."""

    operation: str
    status: int
    method: str
    path: str
    body: Any = None


async def furnish(path: Path) -> Furnished:
    """Make the database at `path`."""
    async with open_world(f"sqlite:///{path}") as world:
        cast = await _cast(world)
        known = [known for part in _KNOWN for known in part(world, cast)]
        keys = {
            "full": world.secret,
            "scoped": await world.key(Permission.READ_GROUPS, Permission.WRITE_GROUPS, name="scoped"),
            "events": await world.key(Permission.READ_EVENTS, name="events"),
            "limited": await world.key(name="limited", rate_limit=1),
        }
        return Furnished(world.org_id, _pools(world, cast), keys, known)


class Cast(NamedTuple):
    """Everything of the organization that requests are about."""

    other: Directory
    users: list[MadeUser]
    gone: MadeUser
    resources: dict[str, Resource]
    groups: dict[str, Group]


async def _cast(world: World) -> Cast:
    other = await world.directory("Other")
    by_status = {status: await world.user(status=status) for status in UserStatus}
    users = [*[await world.user() for _ in range(4)], *by_status.values(), await world.user(other)]
    resources = {
        "open": await world.resource("jira"),
        "full": await world.resource("confluence", user_limit=1),
        "desk": await world.resource("jira-servicedesk"),
        "offline": await world.resource("jira", status=ResourceStatus.OFFLINE),
    }
    groups = {
        "plain": await world.group(members=users[:2]),
        "filled": await world.group(members=users[:1]),
        "synced": await world.group(synced=True, managed_by=ManagedBy.EXTERNAL),
        "team": await world.group(type=GroupType.TEAM, managed_by=ManagedBy.OPEN),
        "admins": await world.group(members=1),
        "organization admins": await world.group(members=1),
        "default": await world.group(),
    }
    await world.role(groups["filled"], resources["full"], USER)
    await world.role(groups["admins"], resources["open"], ADMIN)
    await world.role(groups["organization admins"], await world.own_resource(), ORG_ADMIN)
    await world.role(groups["default"], resources["open"], USER)
    await make_default(world, groups["default"], resources["open"])
    return Cast(other, users, by_status[UserStatus.DEACTIVATED], resources, groups)


def _pools(world: World, cast: Cast) -> dict[str, list[str]]:
    group_ids = [*(group.id for group in cast.groups.values()), cast.groups["plain"].id]
    accounts = [user.id for user in cast.users]
    resources = [resource.id for resource in cast.resources.values()]
    strange = [*resources, "ari:cloud:jira::site/none", "not an ari"]
    roles = [USER, USER, "atlassian/viewer", ADMIN, ORG_ADMIN, "atlassian/customer", "atlassian/nobody"]
    directories = [world.default.id, world.default.id, cast.other.id]
    return {
        "orgId": [world.org_id],
        "directoryId": [*directories, "-", ELSEWHERE],
        "directoryIds": directories,
        "groupId": [*group_ids, ELSEWHERE],
        "groupIds": [*group_ids, ELSEWHERE],
        "accountId": [*accounts, "nobody"],
        "account_id": [*accounts, "nobody"],
        "accountIds": accounts,
        "resourceId": strange,
        "resource": strange,
        "resourceIds": resources,
        "roleId": roles,
        "role": roles,
        "roleIds": roles[:-1],
        "groupNames": [group.name for group in cast.groups.values()],
        "name": [cast.groups["plain"].name, "a new name", "another one"],
    }


def _known_of_roles(world: World, cast: Cast) -> list[Known]:
    group = cast.groups["plain"].id
    v2, v1 = f"{world.v2()}/groups/{group}/role-assignments", f"{world.v1()}/directory/groups/{group}/roles"
    own = f"{world.ours()}/groups/{group}/default-roles/{quote(cast.resources['open'].id, safe='')}"

    def grant(resource: str, role_id: str) -> dict[str, str]:
        return {"resourceId": cast.resources[resource].id, "roleId": role_id}

    def grants(resource: str, role_id: str) -> dict[str, Any]:
        return {"roleAssociations": [{"resource": cast.resources[resource].id, "role": role_id}]}

    return [
        Known("assignRoleToGroup", 409, "POST", f"{v2}/assign", grant("full", USER)),
        Known("assignRoleToGroup", 400, "POST", f"{v2}/assign", grant("open", "atlassian/customer")),
        Known("assignRoleToGroup", 400, "POST", f"{v2}/assign", grant("offline", USER)),
        Known("assignRoleToGroup", 400, "POST", f"{v2}/assign", {"resourceId": "", "roleId": USER}),
        Known("assignRoleToGroup", 200, "POST", f"{v2}/assign", grant("desk", "atlassian/customer")),
        Known("revokeRoleFromGroup", 204, "POST", f"{v2}/revoke", grant("desk", "atlassian/customer")),
        Known("assignRolesV1", 409, "POST", f"{v1}/assign", grants("full", USER)),
        Known("assignRolesV1", 202, "POST", f"{v1}/assign", grants("open", USER)),
        Known("revokeRolesV1", 202, "POST", f"{v1}/revoke", grants("open", USER)),
        Known("putDefaultRole", 201, "PUT", own, {"roleId": USER}),
        Known("deleteDefaultRole", 204, "DELETE", own),
    ]


def _known_of_groups(world: World, cast: Cast) -> list[Known]:
    v2, v1 = f"{world.v2()}/groups", f"{world.v1()}/directory/groups"
    members, members_v1 = (f"{base}/{cast.groups['plain'].id}/memberships" for base in (v2, v1))
    return [
        Known("addUserToGroup", 400, "POST", members, {"accountId": cast.gone.id}),
        Known("addUserToGroup", 204, "POST", members, {"accountId": cast.users[2].id}),
        Known("removeUserFromGroup", 204, "DELETE", f"{members}/{cast.users[0].id}"),
        Known("removeUserFromGroupV1", 200, "DELETE", f"{members_v1}/{cast.users[1].id}"),
        Known("createGroup", 201, "POST", v2, {"name": "A known group"}),
        Known("deleteGroupV1", 403, "DELETE", f"{v1}/{cast.groups['default'].id}"),
        Known("deleteGroupV1", 403, "DELETE", f"{v1}/{cast.groups['team'].id}"),
        Known("deleteGroupV1", 403, "DELETE", f"{v1}/{cast.groups['synced'].id}"),
        Known("deleteGroupV1", 409, "DELETE", f"{v1}/{cast.groups['filled'].id}"),
    ]


def _known_of_users(world: World, cast: Cast) -> list[Known]:
    users = f"{world.v2()}/users"
    roles = f"{users}/{cast.users[0].id}/role-assignments"
    return [
        Known("getUserRoleAssignments", 200, "GET", roles),
        Known("suspendUser", 204, "POST", f"{users}/{cast.users[3].id}/suspend"),
        Known("restoreUser", 204, "POST", f"{users}/{cast.users[3].id}/restore"),
        Known("removeUser", 204, "DELETE", f"{users}/{cast.users[3].id}"),
    ]


def _known_of_furnishing(world: World, cast: Cast) -> list[Known]:
    ours = world.ours()
    resource = f"{ours}/resources/{quote('ari:cloud:jira::site/new', safe='')}"
    directory = f"{ours}/directories/{uuid.uuid4()}"
    person = {"name": "N", "email": "n@example.com"}
    return [
        Known("furnishUser", 201, "PUT", f"{ours}/users/new", person),
        Known("furnishUserByEmail", 200, "PUT", f"{ours}/users/by-email", person),
        Known("furnishResource", 201, "PUT", resource, {"name": "New"}),
        Known("getResource", 200, "GET", resource),
        Known("deleteResource", 204, "DELETE", resource),
        Known("furnishDirectory", 201, "PUT", directory, {"name": "New"}),
        Known("deleteDirectory", 204, "DELETE", directory),
        Known("deleteDirectory", 409, "DELETE", f"{ours}/directories/{cast.other.id}"),
        Known("putSeed", 200, "PUT", f"{ours}/seed", {"directories": [{"name": "Seeded"}]}),
    ]


_KNOWN = (_known_of_groups, _known_of_roles, _known_of_users, _known_of_furnishing)


class Substitution:
    """Puts real ids in the place of most generated values."""

    def __init__(self, furnished: Furnished, draw: random.Random) -> None:
        self._pools = furnished.pools
        self.draw = draw

    def value(self, name: str, value: Any) -> Any:
        """Return `value`, or a real one for a field of that name, in lists and objects too."""
        if isinstance(value, dict):
            return {key: self.value(key, part) for key, part in value.items()}
        if isinstance(value, list):
            return [self.value(name, part) for part in value]
        pool = self._pools.get(name)
        return (
            self.draw.choice(pool) if pool and isinstance(value, str) and self.draw.random() < 0.9 else value
        )


def fresh_group(http: httpx.Client, furnished: Furnished) -> str:
    """Create a group that a case may delete; return its id."""
    directory_id = furnished.pools["directoryId"][0]
    # Not from `random`, which the fuzzer seeds again for every case.
    name = f"fresh {uuid.uuid4()}"
    answer = http.post(
        f"/admin/v2/orgs/{furnished.org_id}/directories/{directory_id}/groups", json={"name": name}
    )
    return answer.headers["location"].rpartition("/")[2]
