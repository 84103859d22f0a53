"""The roles of a user, version 2 (contract 4, 8)."""

from typing import Any

from guildhall.model.users import UserStatus
from tests.contract.answers import data, refused
from tests.make import ORG_ADMIN, USER, VIEWER, MadeUser, World


async def rows(world: World, user: MadeUser, directory_id: str = "-", **query: Any) -> list[dict[str, Any]]:
    """The first page of a user's roles."""
    path = f"{world.v2(directory_id)}/users/{user.id}/role-assignments"
    found: list[dict[str, Any]] = data(await world.http.get(path, params=query))
    return found


async def test_get_user_role_assignments_shows_how_roles_are_held(world: World) -> None:
    """Contract 4: one row for each resource, by id; directly, through groups, or both."""
    user = await world.user()
    wiki, jira = await world.resource("confluence"), await world.resource("jira")
    one, two = await world.group(members=[user]), await world.group(members=[user])
    await world.role(user, jira)
    await world.role(one, jira)
    await world.role(two, jira)
    await world.role(two, jira, VIEWER)
    await world.role(user, wiki, VIEWER)
    await world.role(one, await world.own_resource(), ORG_ADMIN)
    found = await rows(world, user, world.default.id)
    assert [(row["resourceId"], row["resourceOwner"], row["roles"]) for row in found] == [
        (wiki.id, "confluence", [VIEWER]),
        (jira.id, "jira", [USER, VIEWER]),
        ((await world.own_resource()).id, "platform", [ORG_ADMIN]),
    ]
    assert found[1] == {
        "resourceId": jira.id,
        "resourceOwner": "jira",
        "directoryId": world.default.id,
        "userDirectoryStatus": "active",
        "roleAssignments": [
            {"role": USER, "roleAssignmentMethods": ["direct", "group_direct"]},
            {"role": VIEWER, "roleAssignmentMethods": ["group_direct"]},
        ],
        "roles": [USER, VIEWER],
    }
    assert (found[2]["directoryId"], found[2]["userDirectoryStatus"]) == (None, None)
    assert await rows(world, user) == found
    assert await rows(world, await world.user()) == []


async def test_get_user_role_assignments_by_filters(world: World) -> None:
    """Contract 8: the filters describe one assignment; a selected row still shows all its roles."""
    user = await world.user()
    wiki, jira = await world.resource("confluence"), await world.resource("jira")
    group = await world.group(members=[user])
    for resource, role in ((jira, USER), (jira, VIEWER), (wiki, VIEWER)):
        await world.role(group, resource, role)

    async def chosen(**query: Any) -> list[tuple[str, list[str]]]:
        return [(row["resourceOwner"], row["roles"]) for row in await rows(world, user, **query)]

    both = [("confluence", [VIEWER]), ("jira", [USER, VIEWER])]
    assert await chosen() == await chosen(roleIds=VIEWER) == await chosen(roleIds=[USER, VIEWER]) == both
    assert await chosen(roleIds=USER) == both[1:]
    assert await chosen(resourceOwners="confluence,jira-core") == both[:1]
    assert await chosen(resourceIds=wiki.id, roleIds=USER) == []
    assert await chosen(resourceIds=[wiki.id, jira.id], resourceOwners="jira") == both[1:]
    assert await chosen(resourceIds="ari:cloud:jira::site/none") == []
    for query in ({"roleIds": "atlassian/none"}, {"resourceIds": "jira"}, {"limit": 0}, {"cursor": "x"}):
        path = f"{world.v2()}/users/{user.id}/role-assignments"
        refused(await world.http.get(path, params=query), 400, "ADMIN-UAM-400-1")


async def test_get_user_role_assignments_walks_in_pages(world: World) -> None:
    """Contract 1.4: forward and back, filters carried by the cursor."""
    user, other = await world.user(), await world.user()
    expected = [await world.resource("jira") for _ in range(7)]
    for resource in expected:
        await world.role(user, resource)
        await world.role(user, await world.resource("confluence"))
    path = f"{world.v2()}/users/{user.id}/role-assignments"
    query: dict[str, Any] = {"resourceOwners": "jira", "limit": 3}
    pages = []
    while query:
        page = (await world.http.get(path, params=query)).json()
        pages.append(page)
        query = {"cursor": page["links"]["next"]} if page["links"]["next"] else {}
    assert [len(page["data"]) for page in pages] == [3, 3, 1]
    found = [row["resourceId"] for page in pages for row in page["data"]]
    assert found == sorted(resource.id for resource in expected)
    back = (await world.http.get(path, params={"cursor": pages[2]["links"]["prev"]})).json()
    assert back["data"] == pages[1]["data"]
    again = (await world.http.get(path, params={"cursor": back["links"]["self"]})).json()
    assert again["data"] == back["data"]
    first = (await world.http.get(path, params={"cursor": back["links"]["prev"]})).json()
    assert (first["data"], first["links"]["prev"]) == (pages[0]["data"], None)
    elsewhere = f"{world.v2()}/users/{other.id}/role-assignments"
    wrong = await world.http.get(elsewhere, params={"cursor": pages[0]["links"]["next"]})
    refused(wrong, 400, "ADMIN-UAM-400-1", "cursor")


async def test_get_user_role_assignments_of_another_directory(world: World) -> None:
    """Contract 8: roles belong to the account, the status to its place in the directory."""
    east = await world.directory("East")
    user = await world.user(east, status=UserStatus.SUSPENDED)
    await world.role(await world.group(members=[user], directory=east), await world.resource())
    for directory_id in (east.id, "-"):
        (row,) = await rows(world, user, directory_id)
        assert (row["directoryId"], row["userDirectoryStatus"]) == (east.id, "suspended")
    path = f"{world.v2()}/users/{user.id}/role-assignments"
    refused(await world.http.get(path), 404, "ADMIN-UAM-404-1")


async def test_get_user_role_assignments_by_directories(world: World) -> None:
    """Contract 4: a row is in the directory that it names; the organization's own resource is in none."""
    east, west = await world.directory("East"), await world.directory("West")
    user = await world.user(east)
    jira = await world.resource("jira")
    await world.role(user, jira)
    await world.role(await world.group(members=[user], directory=east), await world.own_resource(), ORG_ADMIN)
    assert len(await rows(world, user)) == 2
    for directory_id in ("-", east.id):
        for wanted in (east.id, [west.id, east.id.upper()]):
            found = await rows(world, user, directory_id, directoryIds=wanted)
            assert [(row["resourceId"], row["directoryId"]) for row in found] == [(jira.id, east.id)]
        assert await rows(world, user, directory_id, directoryIds=west.id) == []


async def test_get_user_role_assignments_shows_the_directory_that_is_asked_for(world: World) -> None:
    """Contract 8: an account in several directories is shown as it is in the one of the filter."""
    east = await world.directory("East")
    user = await world.user(world.default, east)
    await world.role(user, await world.resource())
    for query, shown in (({"directoryIds": east.id}, east), ({}, world.default)):
        (row,) = await rows(world, user, **query)
        assert row["directoryId"] == shown.id
