"""Contract 8, "Which error wins": each stage hides those behind it.

Every request below is wrong in all stages at once; mending them one after the other shows each error.
"""

import pytest

from guildhall.model.groups import ManagedBy
from guildhall.model.resources import ResourceStatus
from guildhall.model.users import UserStatus
from tests.contract.answers import make_default, raw, refused
from tests.make import ADMIN, USER

UNKNOWN = "99999999-0000-4000-8000-000000000000"


@pytest.mark.parametrize("version", ["v1", "v2"])
async def test_request_then_key_then_scope_then_organization_then_body(world, version):
    """Path, method, key, scope, organization, size, media type, JSON, fields, and only then what is there."""
    v1 = version == "v1"
    path = (
        "/admin/v1/orgs/{org}/directory/groups"
        if v1
        else f"/admin/v2/orgs/{{org}}/directories/{UNKNOWN}/groups"
    )
    elsewhere, here = path.format(org=UNKNOWN), path.format(org=world.org_id)
    reader, wrong = (await world.key("read:groups:admin")).encode(), {"content_type": b"text/plain"}
    large = b"{" * (1 << 20) + b"{"
    stages = [
        ("PUT", elsewhere + "/x/y/z", b"Basic x", large, wrong, 404, "404-1", "404-1"),
        ("PUT", elsewhere, b"Basic x", large, wrong, 405, "405-1", "405-1"),
        ("POST", elsewhere, b"Basic x", large, wrong, 401, "401-1", "401-1"),
        ("POST", elsewhere, b"Bearer " + reader, large, wrong, 401 if v1 else 403, "401-2", "403-1"),
        ("POST", elsewhere, None, large, wrong, 404, "404-2", "404-2"),
        ("POST", here, None, large, wrong, 413, "413-1", "413-1"),
        ("POST", here, None, b"{", wrong, 415, "415-1", "415-1"),
        ("POST", here, None, b"{", {}, 400, "400-24", "400-1"),
        ("POST", here, None, b'{"name": 7}', {}, 400, "400-24", "400-1"),
    ]
    if not v1:
        stages.append(("POST", here, None, b'{"name": "New"}', {}, 404, "", "404-1"))
    for method, target, key, body, headers, status, in_v1, in_v2 in stages:
        sent = headers | ({"authorization": key} if key else {})
        code = f"ADMIN-{in_v1}" if v1 else f"ADMIN-UAM-{in_v2}"
        refused(await raw(world, method, target, body=body, **sent), status, code)


async def test_parameters_come_before_what_is_there(world):
    """Fields, then directory, then group."""
    nowhere = f"{world.v2(UNKNOWN)}/groups"
    role = {"roleIds": "atlassian/nobody"}
    for path, query, status, code in (
        (nowhere, {"limit": 0}, 400, "400-1"),
        (nowhere, {"cursor": "x"}, 400, "400-1"),
        (nowhere, role, 400, "400-1"),
        (nowhere, {}, 404, "404-1"),
        (f"{nowhere}/{UNKNOWN}/role-assignments", role, 400, "400-1"),
        (f"{nowhere}/{UNKNOWN}/role-assignments", {}, 404, "404-1"),
        (f"{world.v2()}/groups/{UNKNOWN}/role-assignments", {}, 404, "404-3"),
        (f"{nowhere}/{UNKNOWN}/memberships", {"limit": 0}, 400, "400-1"),
        (f"{nowhere}/{UNKNOWN}", {}, 404, "404-1"),
    ):
        refused(await world.http.get(path, params=query), status, f"ADMIN-UAM-{code}")


async def test_adding_a_member(world):
    """Fields, directory, group, user, what forbids it, the user's status, the limit."""
    synced = await world.group(synced=True, managed_by=ManagedBy.EXTERNAL)
    plain, full = await world.group(), await world.resource(user_limit=0)
    await world.role(plain, full)
    gone, good = await world.user(status=UserStatus.DEACTIVATED), await world.user()
    here, nowhere = f"{world.v2()}/groups", f"{world.v2(UNKNOWN)}/groups"
    for path, account_id, status, code in (
        (f"{nowhere}/{UNKNOWN}", "a b", 400, "400-1"),
        (f"{nowhere}/{UNKNOWN}", "nobody", 404, "404-1"),
        (f"{here}/{UNKNOWN}", "nobody", 404, "404-3"),
        (f"{here}/{synced.id}", "nobody", 404, "404-1"),
        (f"{here}/{synced.id}", gone.id, 403, "403-1"),
        (f"{here}/{plain.id}", gone.id, 400, "400-2"),
        (f"{here}/{plain.id}", good.id, 409, "409-3"),
    ):
        answer = await world.http.post(f"{path}/memberships", json={"accountId": account_id})
        refused(answer, status, f"ADMIN-UAM-{code}")


@pytest.mark.parametrize("verb", ["assign", "revoke"])
async def test_changing_a_role(world, verb):
    """Fields, directory, group, resource, what forbids it, role, licence, the limit."""
    team = await world.group(type=1, managed_by=ManagedBy.OPEN)
    plain = await world.group(members=1)
    offline = await world.resource(status=ResourceStatus.OFFLINE)
    full, missing = await world.resource(user_limit=0), "ari:cloud:jira::site/none"
    here, nowhere = f"{world.v2()}/groups", f"{world.v2(UNKNOWN)}/groups"
    stages = [
        (f"{nowhere}/{UNKNOWN}", "", None, 400, "400-1"),
        (f"{nowhere}/{UNKNOWN}", "", "nobody", 400, "400-5"),
        (f"{nowhere}/{UNKNOWN}", "jira", "nobody", 400, "400-1"),
        (f"{nowhere}/{UNKNOWN}", missing, "nobody", 404, "404-1"),
        (f"{here}/{UNKNOWN}", missing, "nobody", 404, "404-3"),
        (f"{here}/{team.id}", missing, "nobody", 404, "404-1"),
        (f"{here}/{team.id}", offline.id, "nobody", 403, "403-1"),
        (f"{here}/{plain.id}", offline.id, "nobody", 400, "400-3"),
    ]
    if verb == "assign":
        stages += [
            (f"{here}/{plain.id}", offline.id, "atlassian/contributor", 400, "400-3"),
            (f"{here}/{plain.id}", offline.id, USER, 400, "400-4"),
            (f"{here}/{plain.id}", full.id, USER, 409, "409-3"),
        ]
    for path, resource_id, role_id, status, code in stages:
        body = {"resourceId": resource_id, "roleId": role_id}
        answer = await world.http.post(f"{path}/role-assignments/{verb}", json=body)
        refused(answer, status, f"ADMIN-UAM-{code}")


async def test_renaming_a_group(world):
    """Fields, directory, group, what forbids it, the name."""
    synced = await world.group(synced=True, managed_by=ManagedBy.EXTERNAL)
    plain = await world.group("Taken")
    mine = await world.group("Mine")
    here, nowhere = f"{world.v2()}/groups", f"{world.v2(UNKNOWN)}/groups"
    for path, name, status, code in (
        (f"{nowhere}/{UNKNOWN}", " ", 400, "400-1"),
        (f"{nowhere}/{UNKNOWN}", plain.name, 404, "404-1"),
        (f"{here}/{UNKNOWN}", plain.name, 404, "404-3"),
        (f"{here}/{synced.id}", plain.name, 403, "403-1"),
        (f"{here}/{mine.id}", plain.name, 409, "409-2"),
    ):
        refused(await world.http.patch(path, json={"name": name}), status, f"ADMIN-UAM-{code}")


async def test_deleting_a_group_of_many_kinds(world):
    """Synced, then default, then admin-granting, then not empty."""
    resource = await world.resource()
    stages = [
        ("ADMIN-403-5", {"synced": True, "managed_by": ManagedBy.EXTERNAL}, USER, ADMIN),
        ("ADMIN-403-6", {}, USER, ADMIN),
        ("ADMIN-403-7", {}, None, ADMIN),
        ("ADMIN-409-5", {}, None, None),
    ]
    for code, given, default, administers in stages:
        group = await world.group(members=1, **given)
        for role in filter(None, (default, administers)):
            await world.role(group, resource, role)
        if default:
            await make_default(world, group, await _fresh(world, group), default)
        answer = await world.http.delete(f"{world.v1()}/directory/groups/{group.id}")
        refused(answer, int(code[6:9]), code)


async def _fresh(world, group):
    resource = await world.resource()
    await world.role(group, resource)
    return resource
