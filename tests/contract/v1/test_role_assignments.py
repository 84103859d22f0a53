"""Contract 3: roles of groups, version 1."""

import pytest

from guildhall.model.groups import ManagedBy
from guildhall.model.resources import ResourceStatus
from tests.contract.answers import actions, data, events, refused
from tests.make import ADMIN, ORG_ADMIN, USER, VIEWER

LATER = "is in progress. Changes may take up to 30 seconds to reflect."
UNKNOWN = "ari:cloud:jira::site/unknown"


async def change(world, verb, group, *pairs):
    body = {"roleAssociations": [{"resource": resource, "role": role} for resource, role in pairs]}
    return await world.http.post(f"{world.v1()}/directory/groups/{group.id}/roles/{verb}", json=body)


async def held(world, group):
    rows = data(await world.http.get(f"{world.v2('-')}/groups/{group.id}/role-assignments"))
    return {(row["resourceId"], role) for row in rows for role in row["roles"]}


async def test_assign_roles_says_so(world):
    """Contract 3: 202 with back-ticks; one event for all."""
    group, one, two = await world.group(), await world.resource(), await world.resource()
    answer = await change(world, "assign", group, (one.id, USER), (two.id, "atlassian/user-access-admin"))
    assert (answer.status_code, answer.json()) == (
        202,
        {
            "message": f"Group {group.id} added Roles. ROLE `user` for RESOURCE `{one.id}` and"
            f" ROLE `user-access-admin` for RESOURCE `{two.id}` {LATER}"
        },
    )
    assert await held(world, group) == {(one.id, USER), (two.id, "atlassian/user-access-admin")}
    assert await actions(world) == ["group_role_assigned"]


async def test_revoke_roles_says_so(world):
    """Contract 3: 202 without back-ticks."""
    group, one, two = await world.group(), await world.resource(), await world.resource()
    await change(world, "assign", group, (one.id, USER), (two.id, VIEWER))
    answer = await change(world, "revoke", group, (one.id, USER), (two.id, VIEWER))
    assert (answer.status_code, answer.json()) == (
        202,
        {"message": f"Group {group.id} revoked Roles. user for {one.id} and viewer for {two.id} {LATER}"},
    )
    assert await held(world, group) == set()
    assert await actions(world) == ["group_role_assigned", "group_role_revoked"]


async def test_assign_roles_takes_one_to_a_hundred(world):
    """Contract 3."""
    group = await world.group(members=1)
    resources = [await world.resource() for _ in range(51)]
    pairs = [(resource.id, role) for resource in resources for role in (USER, VIEWER)]
    assert (await change(world, "assign", group, *pairs[:100])).status_code == 202
    assert (await world.again(group)).resources == 50
    for wrong in ([], pairs[:101]):
        refused(await change(world, "assign", group, *wrong), 400, "ADMIN-400-24", "1 to 100")
    assert (await change(world, "revoke", group, *pairs[:100])).status_code == 202
    assert (await world.again(group)).resources == 0


@pytest.mark.parametrize("verb", ["assign", "revoke"])
async def test_change_roles_again_records_nothing(world, verb):
    """Contract 2.11, 3: what is so already is left alone; a pair that comes twice counts once."""
    group, resource = await world.group(members=2), await world.resource(user_limit=2)
    await world.role(group, resource)
    if verb == "assign":
        assert (await change(world, "revoke", group, (resource.id, USER))).status_code == 202
    for _ in range(2):
        answer = await change(world, verb, group, (resource.id, USER), (resource.id, USER))
        assert answer.status_code == 202
    recorded = await events(world)
    assert [event["action"] for event in recorded].count(
        f"group_role_{verb}{'d' if verb == 'revoke' else 'ed'}"
    ) == 1
    assert await world.seats(resource) == (2 if verb == "assign" else 0)


async def test_change_roles_all_or_nothing(world):
    """Contract 3: the last of them fails, so none is there."""
    group, good = await world.group(members=2), await world.resource()
    full = await world.resource(user_limit=1)
    offline = await world.resource(status=ResourceStatus.OFFLINE)
    for bad, status, code in (
        ((UNKNOWN, USER), 404, "ADMIN-404-1"),
        (("jira", USER), 400, "ADMIN-400-4"),
        (("", USER), 400, "ADMIN-400-4"),
        ((good.id, "atlassian/nobody"), 400, "ADMIN-400-4"),
        ((good.id, ORG_ADMIN), 400, "ADMIN-400-4"),
        ((good.id, "atlassian/contributor"), 400, "ADMIN-400-4"),
        ((offline.id, USER), 400, "ADMIN-400-4"),
        ((full.id, USER), 409, "ADMIN-409-3"),
        ((good.id, ""), 400, "ADMIN-400-24"),
        ((good.id, None), 400, "ADMIN-400-24"),
        ((7, USER), 400, "ADMIN-400-24"),
    ):
        refused(await change(world, "assign", group, (good.id, VIEWER), (good.id, USER), bad), status, code)
    assert await held(world, group) == set()
    assert await world.seats(good) == await world.seats(full) == 0
    assert await actions(world) == []


async def test_change_roles_names_each_malformed_resource(world):
    """Contract 1.6: several field errors are several elements."""
    group = await world.group()
    answer = await change(world, "assign", group, ("a", USER), (UNKNOWN, USER), ("b", USER))
    errors = refused(
        answer, 400, "ADMIN-400-4", "roleAssociations[0].resource", "roleAssociations[2].resource"
    )
    assert len(errors) == 2


async def test_roles_of_synced_group_may_change(world):
    """Contract 2.11."""
    group, resource = await world.group(synced=True, managed_by=ManagedBy.EXTERNAL), await world.resource()
    for verb in ("assign", "revoke"):
        assert (await change(world, verb, group, (resource.id, USER))).status_code == 202


async def test_change_roles_forbidden(world):
    """Contract 1.2, 8: seeded org-admin stays; administration needs a key without scopes."""
    group, resource, own = await world.group(), await world.resource(), await world.own_resource()
    await world.role(group, own, ORG_ADMIN)
    refused(await change(world, "revoke", group, (own.id, ORG_ADMIN)), 403, "ADMIN-403-7")
    path = f"{world.v1()}/directory/groups/{group.id}/roles/assign"
    async with world.client(await world.key("write:groups:admin")) as scoped:
        body = {"roleAssociations": [{"resource": resource.id, "role": ADMIN}]}
        refused(await scoped.post(path, json=body), 403, "ADMIN-403-1", "without scopes")
    missing = await world.user()
    refused(await change(world, "assign", missing, (resource.id, USER)), 404, "ADMIN-404-10")


async def test_mass_changes_are_capped(world, monkeypatch):
    """Design 2.2: members times roles; what changes nothing does not count."""
    monkeypatch.setattr("guildhall.operations.groups.MASS_CHANGES", 5)
    group, one, two = await world.group(members=2), await world.resource(), await world.resource()
    pairs = [(one.id, USER), (one.id, VIEWER), (two.id, USER)]
    refused(await change(world, "assign", group, *pairs), 409, "ADMIN-409-1", "at most 5")
    assert (await change(world, "assign", group, *pairs[:2])).status_code == 202
    assert (await change(world, "assign", group, *pairs)).status_code == 202
    refused(await change(world, "revoke", group, *pairs), 409, "ADMIN-409-1")
    path = f"{world.v2()}/groups/{group.id}"
    refused(await world.http.delete(path), 409, "ADMIN-UAM-409-1", "2 members, 3 roles")
    assert (await change(world, "revoke", group, pairs[0])).status_code == 202
    assert (await world.http.delete(path)).status_code == 204
