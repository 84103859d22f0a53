"""Contract 2.10, 2.11 and 5: roles of a group on resources."""

import asyncio

import pytest

from guildhall.model.groups import GroupType, ManagedBy
from guildhall.model.resources import ResourceStatus
from tests.contract.answers import actions, data, done, events, make_default, raw, refused
from tests.make import ADMIN, ORG_ADMIN, USER, VIEWER

UNKNOWN = "ari:cloud:jira::site/unknown"


def roles_of(world, group):
    return f"{world.v2(group.directory_id)}/groups/{group.id}/role-assignments"


async def change(world, verb, group, resource_id, role_id=USER):
    body = {"resourceId": resource_id, "roleId": role_id}
    return await world.http.post(f"{roles_of(world, group)}/{verb}", json=body)


async def rows(world, group, **query):
    return data(await world.http.get(roles_of(world, group), params=query))


async def test_list_role_assignments_shows_one_row_per_resource(world):
    """Contract 2.10: ordered by resourceId, roles sorted, defaultRole or null."""
    group = await world.group()
    wiki, jira = await world.resource("confluence"), await world.resource("jira-core")
    for resource, role in ((jira, VIEWER), (jira, USER), (jira, "atlassian/basic"), (wiki, USER)):
        await world.role(group, resource, role)
    await make_default(world, group, jira, USER)
    answer = await world.http.get(roles_of(world, group))
    assert data(answer) == [
        {"resourceId": wiki.id, "resourceOwner": "confluence", "defaultRole": None, "roles": [USER]},
        {
            "resourceId": jira.id,
            "resourceOwner": "jira-core",
            "defaultRole": USER,
            "roles": ["atlassian/basic", USER, VIEWER],
        },
    ]
    assert answer.json()["links"]["prev"] is answer.json()["links"]["next"] is None


async def test_list_role_assignments_filters(world):
    """Contract 2.10, 8: all describe one assignment; a selected row still shows all its roles."""
    group = await world.group()
    jira, wiki, bare = await world.resource(), await world.resource("confluence"), await world.resource()
    for resource, role in ((jira, USER), (jira, VIEWER), (wiki, VIEWER)):
        await world.role(group, resource, role)

    async def found(**query):
        return [(row["resourceId"], row["roles"]) for row in await rows(world, group, **query)]

    both, one = (jira.id, [USER, VIEWER]), (wiki.id, [VIEWER])
    for query, expected in [
        ({"roleIds": USER}, [both]),
        ({"roleIds": [USER, VIEWER]}, [one, both]),
        ({"roleIds": f"{USER},{VIEWER}"}, [one, both]),
        ({"roleIds": ADMIN}, []),
        ({"resourceOwners": "confluence"}, [one]),
        ({"resourceOwners": "nothing"}, []),
        ({"resourceIds": [jira.id, bare.id, UNKNOWN]}, [both]),
        ({"resourceIds": UNKNOWN}, []),
        ({"resourceOwners": "confluence", "roleIds": USER}, []),
        ({"resourceIds": jira.id, "resourceOwners": "jira", "roleIds": VIEWER}, [both]),
        ({"directoryIds": group.directory_id.upper()}, [one, both]),
        ({"directoryIds": group.id}, []),
    ]:
        assert await found(**query) == expected, query


async def test_list_role_assignments_pages_both_ways(world):
    """Contract 1.4, 2.10: default limit 20, keyset by resourceId, filters travel in the token."""
    group = await world.group()
    resources = [await world.resource() for _ in range(23)]
    for resource in resources:
        await world.role(group, resource, VIEWER)
    expected = sorted(resource.id for resource in resources)
    assert [row["resourceId"] for row in await rows(world, group)] == expected[:20]
    page = await world.http.get(roles_of(world, group), params={"limit": 9, "roleIds": VIEWER})
    seen, turns = [row["resourceId"] for row in data(page)], []
    while token := page.json()["links"]["next"]:
        page = await world.http.get(roles_of(world, group), params={"cursor": token})
        seen += [row["resourceId"] for row in data(page)]
        turns.append(page)
    assert seen == expected
    back = await world.http.get(roles_of(world, group), params={"cursor": page.json()["links"]["prev"]})
    assert data(back) == data(turns[-2])


async def test_list_role_assignments_of_what_is_not_there(world):
    """Contract 1.3, 1.6, 8: an unknown role in a filter is 400, an unknown group 404."""
    group = await world.group(directory=await world.directory())
    answer = await world.http.get(roles_of(world, group), params={"roleIds": "atlassian/nobody"})
    refused(answer, 400, "ADMIN-UAM-400-1", "roleIds", USER)
    refused(await world.http.get(f"{world.v2()}/groups/{group.id}/role-assignments"), 404, "ADMIN-UAM-404-3")
    assert data(await world.http.get(f"{world.v2('-')}/groups/{group.id}/role-assignments")) == []


async def test_assign_role_is_200_empty_with_one_event(world):
    """Contract 1.9, 2.11."""
    group, resource = await world.group(members=2), await world.resource(user_limit=2)
    done(await change(world, "assign", group, resource.id), 200)
    assert (await rows(world, group))[0]["roles"] == [USER]
    assert await world.seats(resource) == 2
    (event,) = await events(world)
    assert event["action"] == "group_role_assigned"
    assert {subject["id"] for subject in event["context"]} == {group.id, resource.id, USER}


async def test_assign_role_again_is_200_without_event(world):
    """Contract 2.11: assigning what is assigned succeeds and records nothing."""
    group, resource = await world.group(), await world.resource()
    for _ in range(2):
        done(await change(world, "assign", group, resource.id), 200)
    assert await actions(world) == ["group_role_assigned"]


async def test_revoke_role_is_204_with_one_event(world):
    """Contract 1.9, 2.11: revoking what is not assigned succeeds and records nothing."""
    group, resource = await world.group(members=2), await world.resource()
    await world.role(group, resource)
    for _ in range(2):
        done(await change(world, "revoke", group, resource.id))
    assert await rows(world, group) == []
    assert await world.seats(resource) == 0
    assert await actions(world) == ["group_role_revoked"]
    for role in (ORG_ADMIN, "atlassian/contributor", ADMIN):
        done(await change(world, "revoke", group, resource.id, role))


async def test_revoke_role_clears_default(world):
    """Contract 2.11: and the group is no default group any more."""
    group, resource = await world.group(), await world.resource()
    for role in (USER, VIEWER):
        await world.role(group, resource, role)
    await make_default(world, group, resource, USER)
    done(await change(world, "revoke", group, resource.id, VIEWER))
    assert (await rows(world, group))[0]["defaultRole"] == USER
    done(await change(world, "revoke", group, resource.id, USER))
    done(await change(world, "assign", group, resource.id, USER), 200)
    assert (await rows(world, group))[0]["defaultRole"] is None
    done(await world.http.delete(f"{world.v2()}/groups/{group.id}"))


async def test_two_roles_with_seats_use_one_seat(world):
    """Contract 5: at least one seat-using role; a user counts once."""
    group, resource = await world.group(members=1), await world.resource(user_limit=1)
    for role in (USER, ADMIN):
        done(await change(world, "assign", group, resource.id, role), 200)
    done(await change(world, "revoke", group, resource.id, ADMIN))
    assert await world.seats(resource) == 1
    done(await change(world, "revoke", group, resource.id, USER))
    assert await world.seats(resource) == 0


async def test_assign_role_over_user_limit_is_409(world):
    """Contract 2.11: nothing changed."""
    group, resource = await world.group(members=3), await world.resource(user_limit=2)
    refused(await change(world, "assign", group, resource.id), 409, "ADMIN-UAM-409-3", resource.id)
    assert await rows(world, group) == []
    assert await world.seats(resource) == 0
    done(await change(world, "assign", group, resource.id, VIEWER), 200)
    assert await actions(world) == ["group_role_assigned"]


async def test_assign_roles_at_once_never_exceeds_the_limit(world):
    """Contract 2.11, 5: two groups of two ask for three seats."""
    resource = await world.resource(user_limit=3)
    groups = [await world.group(members=2) for _ in range(2)]
    answers = await asyncio.gather(*(change(world, "assign", group, resource.id) for group in groups))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert await world.seats(resource) == 2


@pytest.mark.parametrize("verb", ["assign", "revoke"])
async def test_change_role_resource_id(world, verb):
    """Contract 1.6: missing or empty 400-5, no ARI 400-1, unknown 404."""
    group = await world.group()
    path = f"{roles_of(world, group)}/{verb}"
    for body in ({}, {"resourceId": ""}, {"resourceId": None}):
        answer = await world.http.post(path, json={"roleId": USER, **body})
        refused(answer, 400, "ADMIN-UAM-400-5", "resourceId")
    for wrong in (
        "jira",
        "ari:cloud:jira::site/",
        "ari:cloud:JIRA::site/1",
        "ari:cloud:jira::page/1",
        UNKNOWN + "\n",
        7,
    ):
        answer = await world.http.post(path, json={"resourceId": wrong, "roleId": USER})
        refused(answer, 400, "ADMIN-UAM-400-1", "resourceId")
    refused(await change(world, verb, group, UNKNOWN), 404, "ADMIN-UAM-404-1", UNKNOWN)


@pytest.mark.parametrize("verb", ["assign", "revoke"])
async def test_change_role_unknown_role_is_400(world, verb):
    """Contract 1.6, 8: an unknown role is 400-3; one that is missing is a field error."""
    group, resource = await world.group(), await world.resource()
    for role in ("atlassian/nobody", "user", "x" * 500):
        refused(await change(world, verb, group, resource.id, role), 400, "ADMIN-UAM-400-3", USER)
    for body in ({}, {"roleId": ""}, {"roleId": None}, {"roleId": 1}):
        answer = await world.http.post(
            f"{roles_of(world, group)}/{verb}", json={"resourceId": resource.id, **body}
        )
        refused(answer, 400, "ADMIN-UAM-400-1", "roleId")


EVERY_PRODUCT = {"user", "admin", "user-access-admin", "viewer", "basic"}
FAMILY = EVERY_PRODUCT | {"guest"}
FITS = {
    "confluence": FAMILY,
    "jira": FAMILY,
    "jira-software": FAMILY,
    "jira-core": FAMILY,
    "jira-product-discovery": EVERY_PRODUCT | {"contributor"},
    "jira-servicedesk": EVERY_PRODUCT | {"customer", "stakeholder"},
    "bitbucket": EVERY_PRODUCT,
}
SEATS = {"user", "admin"}
ALL = EVERY_PRODUCT | {
    "guest",
    "contributor",
    "customer",
    "stakeholder",
    "site-admin",
    "org-admin",
    "ai-access",
}


@pytest.mark.parametrize("owner", FITS)
async def test_assign_role_fits_the_resource(world, owner):
    """Contract 5: every row of its table."""
    group = await world.group(members=1)
    for role in sorted(ALL):
        resource = await world.resource(owner)
        answer = await change(world, "assign", group, resource.id, f"atlassian/{role}")
        if role in FITS[owner]:
            done(answer, 200)
            assert await world.seats(resource) == (role in SEATS)
        else:
            refused(answer, 400, "ADMIN-UAM-400-3", "roleId")


async def test_assign_role_fits_the_organization(world):
    """Contract 5: what fits the platform is not for groups."""
    group, resource = await world.group(), await world.own_resource()
    for role in sorted(ALL):
        answer = await change(world, "assign", group, resource.id, f"atlassian/{role}")
        refused(answer, 400, "ADMIN-UAM-400-3")


@pytest.mark.parametrize("status", [ResourceStatus.OFFLINE, ResourceStatus.DEPRECATED])
async def test_offline_resource_blocks_assigning_not_revoking(world, status):
    """Contract 1.6, 8."""
    group, resource = await world.group(), await world.resource(status=status)
    refused(await change(world, "assign", group, resource.id), 400, "ADMIN-UAM-400-4", resource.id)
    await world.role(group, resource)
    done(await change(world, "revoke", group, resource.id))


async def test_roles_of_synced_group_may_change(world):
    """Contract 2.11: only its membership belongs to the identity provider."""
    group, resource = await world.group(synced=True, managed_by=ManagedBy.EXTERNAL), await world.resource()
    done(await change(world, "assign", group, resource.id), 200)
    done(await change(world, "revoke", group, resource.id))


@pytest.mark.parametrize("kind", [GroupType.TEAM, GroupType.USERBASE_GROUP])
async def test_roles_of_system_group_are_403(world, kind):
    """Contract 2.1: neither modifiable nor deletable."""
    group, resource = await world.group(type=kind), await world.resource()
    for verb in ("assign", "revoke"):
        refused(await change(world, verb, group, resource.id), 403, "ADMIN-UAM-403-1")


async def test_seeded_role_that_is_not_for_groups_stays(world):
    """Contract 8: revoking it from a group that holds it is 403."""
    group, resource = await world.group(), await world.own_resource()
    await world.role(group, resource, ORG_ADMIN)
    refused(await change(world, "revoke", group, resource.id, ORG_ADMIN), 403, "ADMIN-UAM-403-1", ORG_ADMIN)
    assert (await rows(world, group))[0]["roles"] == [ORG_ADMIN]


@pytest.mark.parametrize("role", [ADMIN, "atlassian/user-access-admin"])
async def test_giving_and_taking_administration_needs_full_access(world, role):
    """Contract 1.2: beyond any scope."""
    group, resource = await world.group(), await world.resource()
    async with world.client(await world.key("write:groups:admin")) as scoped:
        for verb in ("assign", "revoke"):
            body = {"resourceId": resource.id, "roleId": role}
            answer = await scoped.post(f"{roles_of(world, group)}/{verb}", json=body)
            refused(answer, 403, "ADMIN-UAM-403-1", "without scopes")
    done(await change(world, "assign", group, resource.id, role), 200)


async def test_revoking_administration_makes_a_group_ordinary_again(world):
    """Contract 8: a group grants admin access while it holds such a role on anything."""
    group, one, other = await world.group(), await world.resource(), await world.resource()
    for resource in (one, other):
        await world.role(group, resource, ADMIN)
    path = f"{world.v2()}/groups/{group.id}"
    done(await change(world, "revoke", group, one.id, ADMIN))
    refused(await world.http.delete(path), 403, "ADMIN-UAM-403-1")
    done(await change(world, "revoke", group, other.id, ADMIN))
    done(await world.http.delete(path))


@pytest.mark.parametrize("stray", ["'", "%27"])
async def test_revoke_role_with_stray_quote(world, stray):
    """Contract 1.1: as the documentation prints the path."""
    group, resource = await world.group(), await world.resource()
    await world.role(group, resource)
    body = f'{{"resourceId": "{resource.id}", "roleId": "{USER}"}}'.encode()
    done(await raw(world, "POST", f"{roles_of(world, group)}/revoke{stray}", body=body))
    assert await rows(world, group) == []
