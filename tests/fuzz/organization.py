"""The organization that is fuzzed: something of every kind that an error of the contract speaks of."""

import random
import uuid
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx

from guildhall.model.groups import GroupType, ManagedBy
from guildhall.model.permissions import Permission
from guildhall.model.resources import Resource, ResourceStatus
from guildhall.model.users import UserStatus
from tests.contract.answers import make_default
from tests.make import ADMIN, ORG_ADMIN, USER, World, open_world

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
        pools, known = await _fill(world)
        keys = {
            "full": world.secret,
            "scoped": await world.key(Permission.READ_GROUPS, Permission.WRITE_GROUPS, name="scoped"),
            "events": await world.key(Permission.READ_EVENTS, name="events"),
            "limited": await world.key(name="limited", rate_limit=1),
        }
        return Furnished(world.org_id, pools, keys, known)


async def _fill(world: World) -> tuple[dict[str, list[str]], list[Known]]:
    other = await world.directory("Other")
    users = [await world.user() for _ in range(4)]
    by_status = {status: await world.user(status=status) for status in UserStatus}
    users += by_status.values()
    users.append(await world.user(other))
    open_resource = await world.resource("jira")
    full = await world.resource("confluence", user_limit=1)
    desk = await world.resource("jira-servicedesk")
    offline = await world.resource("jira", status=ResourceStatus.OFFLINE)
    plain = await world.group(members=users[:2])
    filled = await world.group(members=users[:1])
    await world.role(filled, full, USER)
    synced = await world.group(synced=True, managed_by=ManagedBy.EXTERNAL)
    team = await world.group(type=GroupType.TEAM, managed_by=ManagedBy.OPEN)
    admins = await world.group(members=1)
    await world.role(admins, open_resource, ADMIN)
    organization_admins = await world.group(members=1)
    await world.role(organization_admins, await world.own_resource(), ORG_ADMIN)
    default = await world.group()
    await world.role(default, open_resource, USER)
    await make_default(world, default, open_resource)
    groups = [plain, plain, filled, filled, synced, team, admins, organization_admins, default]
    accounts = [user.id for user in users]
    group_ids = [group.id for group in groups]
    resources = [resource.id for resource in (open_resource, full, full, desk, offline)]
    roles = [USER, USER, "atlassian/viewer", ADMIN, ORG_ADMIN, "atlassian/customer", "atlassian/nobody"]
    directories = [world.default.id, world.default.id, other.id, "-"]
    pools = {
        "orgId": [world.org_id],
        "directoryId": [*directories, ELSEWHERE],
        "directoryIds": directories[:3],
        "groupId": [*group_ids, ELSEWHERE],
        "groupIds": [*group_ids, ELSEWHERE],
        "accountId": [*accounts, "nobody"],
        "account_id": [*accounts, "nobody"],
        "accountIds": accounts,
        "resourceId": [*resources, "ari:cloud:jira::site/none", "not an ari"],
        "resource": [*resources, "ari:cloud:jira::site/none", "not an ari"],
        "resourceIds": resources,
        "roleId": roles,
        "role": roles,
        "roleIds": roles[:-1],
        "groupNames": [group.name for group in groups],
        "name": [plain.name, "a new name", "another one"],
    }
    v2, v1 = f"{world.v2()}/groups", f"{world.v1()}/directory/groups"
    gone = by_status[UserStatus.DEACTIVATED].id
    own = f"{world.ours()}/groups/{plain.id}/default-roles/{quote(open_resource.id, safe='')}"

    by_email = f"{world.ours()}/users/by-email"
    new_resource = f"{world.ours()}/resources/{quote('ari:cloud:jira::site/new', safe='')}"
    new_directory = f"{world.ours()}/directories/{uuid.uuid4()}"

    def grant(resource: Resource, role_id: str) -> dict[str, str]:
        return {"resourceId": resource.id, "roleId": role_id}

    def grants(resource: Resource, role_id: str) -> dict[str, Any]:
        return {"roleAssociations": [{"resource": resource.id, "role": role_id}]}

    assign, revoke = f"{v2}/{plain.id}/role-assignments/assign", f"{v2}/{plain.id}/role-assignments/revoke"
    known = [
        Known("assignRoleToGroup", 409, "POST", assign, grant(full, USER)),
        Known("assignRoleToGroup", 400, "POST", assign, grant(open_resource, "atlassian/customer")),
        Known("assignRoleToGroup", 400, "POST", assign, grant(offline, USER)),
        Known("assignRoleToGroup", 200, "POST", assign, grant(desk, "atlassian/customer")),
        Known("revokeRoleFromGroup", 204, "POST", revoke, grant(desk, "atlassian/customer")),
        Known("assignRolesV1", 409, "POST", f"{v1}/{plain.id}/roles/assign", grants(full, USER)),
        Known("assignRolesV1", 202, "POST", f"{v1}/{plain.id}/roles/assign", grants(open_resource, USER)),
        Known("revokeRolesV1", 202, "POST", f"{v1}/{plain.id}/roles/revoke", grants(open_resource, USER)),
        Known("addUserToGroup", 400, "POST", f"{v2}/{plain.id}/memberships", {"accountId": gone}),
        Known("removeUserFromGroup", 204, "DELETE", f"{v2}/{plain.id}/memberships/{users[0].id}"),
        Known("removeUserFromGroupV1", 200, "DELETE", f"{v1}/{plain.id}/memberships/{users[1].id}"),
        Known("createGroup", 201, "POST", v2, {"name": "A known group"}),
        Known("deleteGroupV1", 403, "DELETE", f"{v1}/{default.id}"),
        Known("deleteGroupV1", 403, "DELETE", f"{v1}/{team.id}"),
        Known("deleteGroupV1", 409, "DELETE", f"{v1}/{filled.id}"),
        Known("addUserToGroup", 204, "POST", f"{v2}/{plain.id}/memberships", {"accountId": users[2].id}),
        Known(
            "furnishUser", 201, "PUT", f"{world.ours()}/users/new", {"name": "N", "email": "n@example.com"}
        ),
        Known("furnishUserByEmail", 200, "PUT", by_email, {"name": "N", "email": "n@example.com"}),
        Known("furnishResource", 201, "PUT", new_resource, {"name": "New"}),
        Known("getResource", 200, "GET", new_resource),
        Known("deleteResource", 204, "DELETE", new_resource),
        Known("furnishDirectory", 201, "PUT", new_directory, {"name": "New"}),
        Known("deleteDirectory", 204, "DELETE", new_directory),
        Known("deleteDirectory", 409, "DELETE", f"{world.ours()}/directories/{other.id}"),
        Known("putDefaultRole", 201, "PUT", own, {"roleId": USER}),
        Known("deleteDefaultRole", 204, "DELETE", own),
    ]
    return pools, known


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
