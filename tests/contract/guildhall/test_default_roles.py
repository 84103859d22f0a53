"""Contract 6a, 2.11: the default access group of a resource for a role."""

import pytest

from guildhall.model.groups import GroupType
from guildhall.model.resources import ResourceStatus
from tests.contract.answers import data, done, events, refused
from tests.make import ADMIN, ORG_ADMIN, USER, VIEWER

UNKNOWN = "99999999-0000-4000-8000-000000000000"


@pytest.fixture
def at(world):
    def url(group, resource):
        ari = resource.id.replace("/", "%2F")
        return f"{world.ours()}/groups/{group.id}/default-roles/{ari}"

    return url


async def default_roles(world, group):
    rows = data(await world.http.get(f"{world.v2()}/groups/{group.id}/role-assignments"))
    return {row["resourceId"]: (row["defaultRole"], row["roles"]) for row in rows}


async def test_put_gives_the_role_and_makes_the_group_a_default(world, at):
    resource, group = await world.resource(user_limit=2), await world.group(members=2)
    created = await world.http.put(at(group, resource), json={"roleId": USER})
    assert created.status_code == 201
    assert created.json()["data"] == {"groupId": group.id, "resourceId": resource.id, "roleId": USER}
    assert await default_roles(world, group) == {resource.id: (USER, [USER])}
    assert await world.seats(resource) == 2
    refused(await world.http.delete(f"{world.v2()}/groups/{group.id}"), 403, "ADMIN-UAM-403-1", "default")
    assert (await world.http.put(at(group, resource), json={"roleId": USER})).status_code == 200
    assert [event["action"] for event in await events(world, "default_")] == ["default_group_set"]


async def test_put_respects_user_limits(world, at):
    resource, group = await world.resource(user_limit=1), await world.group(members=2)
    refused(await world.http.put(at(group, resource), json={"roleId": USER}), 409, "ADMIN-UAM-409-3")
    assert await default_roles(world, group) == {}


async def test_one_group_is_the_default_for_a_role(world, at):
    resource = await world.resource()
    first, second = await world.group(), await world.group()
    await world.http.put(at(first, resource), json={"roleId": USER})
    assert (await world.http.put(at(second, resource), json={"roleId": USER})).status_code == 201
    assert await default_roles(world, first) == {resource.id: (None, [USER])}
    assert await default_roles(world, second) == {resource.id: (USER, [USER])}
    done(await world.http.delete(f"{world.v2()}/groups/{first.id}"))
    subject = (await events(world, "default_"))[1]["context"][0]["attributes"]
    assert (subject["replaced"], subject["assigned"]) == (first.id, True)


async def test_a_group_has_one_default_role_on_a_resource(world, at):
    resource, group = await world.resource(), await world.group()
    await world.http.put(at(group, resource), json={"roleId": USER})
    assert (await world.http.put(at(group, resource), json={"roleId": VIEWER})).status_code == 200
    assert await default_roles(world, group) == {resource.id: (VIEWER, [USER, VIEWER])}


async def test_revoking_the_role_ends_the_default(world, at):
    resource, group = await world.resource(), await world.group()
    await world.http.put(at(group, resource), json={"roleId": USER})
    body = {"resourceId": resource.id, "roleId": USER}
    done(await world.http.post(f"{world.v2()}/groups/{group.id}/role-assignments/revoke", json=body))
    assert await default_roles(world, group) == {}
    done(await world.http.delete(f"{world.v2()}/groups/{group.id}"))


async def test_delete_ends_the_default_and_leaves_the_role(world, at):
    resource, group = await world.resource(), await world.group()
    await world.http.put(at(group, resource), json={"roleId": USER})
    done(await world.http.delete(at(group, resource)))
    done(await world.http.delete(at(group, resource)))
    assert await default_roles(world, group) == {resource.id: (None, [USER])}
    actions = [event["action"] for event in await events(world, "default_")]
    assert actions == ["default_group_set", "default_group_cleared"]


async def test_groups_that_take_no_members_cannot_be_defaults(world, at):
    resource = await world.resource()
    admins = await world.group()
    await world.role(admins, await world.own_resource(), ORG_ADMIN)
    system = await world.group(type=GroupType.USERBASE_GROUP)
    for group in (await world.group(synced=True), system, admins):
        refused(await world.http.put(at(group, resource), json={"roleId": USER}), 403, "ADMIN-UAM-403-1")


async def test_groups_that_grant_admin_access_can_be_defaults(world, at):
    resource, group = await world.resource(), await world.group()
    assert (await world.http.put(at(group, resource), json={"roleId": ADMIN})).status_code == 201


async def test_roles_must_fit(world, at):
    resource, group = await world.resource("confluence"), await world.group()
    for role in ("atlassian/nothing", "atlassian/customer", ORG_ADMIN):
        refused(
            await world.http.put(at(group, resource), json={"roleId": role}), 400, "ADMIN-UAM-400-3", role
        )
    offline = await world.resource(status=ResourceStatus.OFFLINE)
    refused(await world.http.put(at(group, offline), json={"roleId": USER}), 400, "ADMIN-UAM-400-4")
    await world.role(group, offline)
    assert (await world.http.put(at(group, offline), json={"roleId": USER})).status_code == 201


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_unknown_things_are_not_found(world, at, method):
    resource, group = await world.resource(), await world.group()
    nobody = group.__class__(**{**{f: getattr(group, f) for f in group.__struct_fields__}, "id": UNKNOWN})
    answer = await world.http.request(method, at(nobody, resource), json={"roleId": USER})
    refused(answer, 404, "ADMIN-UAM-404-3", UNKNOWN)
    url = at(group, resource)
    refused(await world.http.request(method, url + "9", json={"roleId": USER}), 404, "ADMIN-UAM-404-1")
    bad = url.rpartition("/")[0] + "/nonsense"
    refused(await world.http.request(method, bad, json={"roleId": USER}), 400, "ADMIN-UAM-400-1", "ARI")
