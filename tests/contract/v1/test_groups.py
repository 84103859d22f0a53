"""Contract 3: the search for groups, creating and deleting them, version 1."""

import pytest

from guildhall.model.groups import GroupType, ManagedBy
from tests.contract.answers import actions, data, done, events, make_default, names, refused
from tests.make import ADMIN, USER, VIEWER

UNKNOWN = "99999999-0000-4000-8000-000000000000"
SUNSET = "Wed, 01 Jul 2026 00:00:00 GMT"
DEPRECATION = "@1751328000"


async def search(world, **body):
    return await world.http.post(f"{world.v1()}/groups/search", json=body)


def groups_of(world):
    return f"{world.v1()}/directory/groups"


async def test_search_groups_without_a_body(world):
    """Contract 3: id, name and description; links are tokens, self and next."""
    group = await world.group("One", description="Why")
    for sent in ({}, {"json": {}}, {"content": b""}):
        answer = await world.http.post(f"{world.v1()}/groups/search", **sent)
        assert data(answer) == [{"id": group.id, "name": "One", "description": "Why"}]
        links = answer.json()["links"]
        assert list(links) == ["self", "next"]
        assert links["next"] is None
        again = await search(world, cursor=links["self"])
        assert again.json() == answer.json()


async def test_search_groups_of_all_directories_by_name(world):
    """Contract 3, 8: v1 has no directory in its paths; by name is by fold."""
    other = await world.directory()
    for name, directory in (("b", None), ("A", other), ("é", None), ("C", other), ("a", None)):
        await world.group(name, directory=directory)
    assert names(await search(world)) == ["A", "a", "b", "C", "é"]


async def test_search_groups_by_ids(world):
    """Contract 3, 8: an unknown id matches nothing; upper case is accepted."""
    groups = [await world.group() for _ in range(3)]
    found = await search(world, groupIds=[groups[0].id.upper(), groups[2].id, UNKNOWN])
    assert names(found) == [groups[0].name, groups[2].name]
    assert names(await search(world, groupIds=[UNKNOWN])) == []


async def test_search_groups_by_whole_names(world):
    """Contract 8: `eq` is case-insensitive equality, in every directory."""
    await world.group("Straße")
    await world.group("STRASSE", directory=await world.directory())
    await world.group("Strassen")
    assert names(await search(world, groupNames={"eq": [" strasse ", "x"]})) == ["Straße", "STRASSE"]
    assert names(await search(world, groupNames={"eq": ["x"]})) == []


async def test_search_groups_by_part_of_the_name(world):
    """Contract 8: `contains` is a case-insensitive substring; no character is special."""
    for name in ("Jira users", "100% users", "A_B", "wiki"):
        await world.group(name)
    for part, expected in (
        ("USERS", ["100% users", "Jira users"]),
        ("%", ["100% users"]),
        ("_", ["A_B"]),
        ("*", []),
        ("i", ["Jira users", "wiki"]),
    ):
        assert names(await search(world, groupNames={"contains": part})) == expected


async def test_search_groups_joins_its_filters_by_and(world):
    """Contract 8: `eq`, `contains` and `groupIds` given together."""
    one, two, three = [await world.group(name) for name in ("Jira one", "Jira two", "Wiki")]
    eq = ["jira one", "jira two", "wiki"]
    for body, expected in (
        ({"groupNames": {"eq": eq, "contains": "jira"}}, [one, two]),
        ({"groupNames": {"eq": eq, "contains": "jira"}, "groupIds": [two.id, three.id]}, [two]),
        ({"groupNames": {"eq": eq[:1]}, "groupIds": [two.id]}, []),
        ({"groupNames": {"contains": "w"}, "groupIds": [one.id, two.id, three.id]}, [two, three]),
    ):
        assert names(await search(world, **body)) == [group.name for group in expected]


async def test_search_groups_empty_filters_are_absent(world):
    """Contract 8: null and empty texts count as absent."""
    group = await world.group()
    for body in (
        {"groupNames": {"eq": None, "contains": ""}},
        {"groupNames": {"contains": None}},
        {"groupNames": {}},
        {"groupNames": None, "groupIds": None, "expand": None, "limit": None, "cursor": None},
        {"cursor": ""},
    ):
        assert names(await search(world, **body)) == [group.name]


async def test_search_groups_refuses_fields(world):
    """Contract 1.5, 1.6, 3: bounds, types and unknown values; ADMIN-400-24 that names the field."""
    for body, word in (
        ({"limit": 0}, "1 to 1000"),
        ({"limit": 1_001}, "1 to 1000"),
        ({"limit": "ten"}, "limit"),
        ({"groupIds": []}, "groupIds"),
        ({"groupIds": [UNKNOWN] * 101}, "groupIds"),
        ({"groupIds": ["x"]}, "groupIds[0]"),
        ({"groupNames": {"eq": []}}, "eq"),
        ({"groupNames": {"eq": ["x"] * 101}}, "eq"),
        ({"groupNames": {"eq": ["x" * 101]}}, "eq[0]"),
        ({"groupNames": {"contains": "x" * 101}}, "contains"),
        ({"groupNames": ["x"]}, "groupNames"),
        ({"expand": ["users"]}, "expand[0]"),
        ({"expand": "USERS"}, "expand"),
    ):
        refused(await search(world, **body), 400, "ADMIN-400-24", word)


async def test_search_groups_takes_a_hundred_of_each(world):
    """Contract 1.5: 1 to 100; a token of at most 8 KiB carries them."""
    groups = [await world.group("x" * 90 + f"{number:03}") for number in range(101)]
    chosen = groups[:100]
    body = {
        "groupIds": [group.id for group in chosen],
        "groupNames": {"eq": [group.name for group in chosen]},
    }
    answer = await search(world, **body, limit=99)
    assert len(data(answer)) == 99
    token = answer.json()["links"]["next"]
    assert len(token) <= 8_192
    assert names(await search(world, cursor=token)) == [chosen[99].name]


async def test_search_groups_pages(world):
    """Contract 1.4: a cursor carries the whole query; everything beside it is ignored."""
    groups = [await world.group(f"G{number}", members=1) for number in range(5)]
    page = await search(world, limit=2, expand=["USERS"], groupNames={"contains": "g"})
    seen = data(page)
    while token := page.json()["links"]["next"]:
        page = await search(world, cursor=token, limit=5_000, groupIds=["x"])
        seen += data(page)
    assert [item["name"] for item in seen] == [group.name for group in groups]
    assert all(item["usersTotal"] == 1 for item in seen)


async def test_search_groups_bad_cursor(world):
    """Contract 1.6: ADMIN-400-1."""
    for _ in range(2):
        await world.group()
    token = (await search(world, limit=1)).json()["links"]["next"]
    item = data(await world.http.get(f"{world.v2()}/groups"))[0]["links"]["self"]
    for cursor in ("x", token[:-1], token + "A", item, "A" * 9_000):
        refused(await search(world, cursor=cursor), 400, "ADMIN-400-1", "cursor")


async def test_search_groups_expands_users(world):
    """Contract 3: the first 100 members and how many there are."""
    user = await world.user(name="Ada", email="ada@example.com")
    await world.group("A", members=[user])
    await world.group("B", members=101)
    await world.group("C")
    one, many, none = data(await search(world, expand=["USERS"]))
    assert one["users"] == [{"accountId": user.id, "name": "Ada", "email": "ada@example.com"}]
    assert (one["usersTotal"], len(many["users"]), many["usersTotal"]) == (1, 100, 101)
    assert (none["users"], none["usersTotal"]) == ([], 0)
    assert set(one) == {"id", "name", "description", "users", "usersTotal"}


async def test_search_groups_expands_roles_access_and_meta(world):
    """Contract 3: ROLE_ASSIGNMENTS, MANAGEMENT_ACCESS, META."""
    group, resource = await world.group(synced=True, managed_by=ManagedBy.EXTERNAL), await world.resource()
    for role in (VIEWER, ADMIN, USER):
        await world.role(group, resource, role)
    plain = await world.group()
    first, second = data(await search(world, expand=["ROLE_ASSIGNMENTS", "MANAGEMENT_ACCESS", "META"]))
    assert first["roleAssignments"] == [
        {"resourceId": resource.id, "principalId": group.id, "roleId": role} for role in (ADMIN, USER, VIEWER)
    ]
    assert first["managementAccess"] == {"deletable": False, "modifiable": False, "readable": True}
    assert first["meta"] == {
        "directoryId": world.default.id,
        "externalSynced": True,
        "managedBy": "external",
    }
    assert (second["id"], second["roleAssignments"]) == (plain.id, [])
    assert "users" not in first


async def test_create_group_says_so(world):
    """Contract 3: in the organization's default directory."""
    await world.directory("Another")
    answer = await world.http.post(groups_of(world), json={"name": " test-group ", "description": ""})
    group_id = answer.json()["groupId"]
    assert (answer.status_code, answer.json()) == (
        200,
        {"message": "Group test-group was created", "groupId": group_id},
    )
    shown = data(await world.http.get(f"{world.v2()}/groups/{group_id}"))
    assert (shown["name"], shown["description"], shown["managedBy"]) == ("test-group", "", "admins")
    assert await actions(world) == ["group_created"]


async def test_create_group_refused(world):
    """Contract 1.6: ADMIN-400-24 and ADMIN-409-28."""
    await world.group("Taken")
    refused(await world.http.post(groups_of(world), json={"name": "taken"}), 409, "ADMIN-409-28")
    for body in ({}, {"name": " "}, {"name": 1}, {"name": "x" * 256}):
        refused(await world.http.post(groups_of(world), json=body), 400, "ADMIN-400-24", "name")
    assert await actions(world) == []


async def test_delete_group_says_so(world):
    """Contract 3, 6: by an id that is unique in the organization."""
    group = await world.group(directory=await world.directory())
    answer = await world.http.delete(f"{groups_of(world)}/{group.id.upper()}")
    assert (answer.status_code, answer.json()) == (200, {"message": f"Group {group.id} was removed"})
    for gone in (group.id, UNKNOWN, "x"):
        refused(await world.http.delete(f"{groups_of(world)}/{gone}"), 404, "ADMIN-404-10")
    (event,) = await events(world)
    assert event["action"] == "group_deleted"


async def test_delete_group_not_empty_is_409_without_force(world):
    """Contract 3: forceIfNotEmpty is false by default; a boolean in any case."""
    for force in ("true", "True", "TRUE"):
        group = await world.group(members=1)
        path = f"{groups_of(world)}/{group.id}"
        refused(await world.http.delete(path), 409, "ADMIN-409-5")
        refused(await world.http.delete(path, params={"forceIfNotEmpty": "False"}), 409, "ADMIN-409-5")
        refused(await world.http.delete(path, params={"forceIfNotEmpty": "yes"}), 400, "ADMIN-400-24")
        answer = await world.http.delete(path, params={"forceIfNotEmpty": force})
        assert answer.status_code == 200


async def test_delete_group_forbidden(world):
    """Contract 1.6: synced 403-5, default 403-6, admin-granting 403-7; these win over not empty."""
    synced = await world.group(members=1, synced=True, managed_by=ManagedBy.EXTERNAL)
    default, granting = await world.group(members=1), await world.group(members=1)
    resource = await world.resource()
    await world.role(default, resource)
    await make_default(world, default, resource)
    await world.role(granting, resource, ADMIN)
    team = await world.group(type=GroupType.TEAM, managed_by=ManagedBy.OPEN)
    for group, code in (
        (synced, "ADMIN-403-5"),
        (default, "ADMIN-403-6"),
        (granting, "ADMIN-403-7"),
        (team, "ADMIN-403-1"),
    ):
        refused(await world.http.delete(f"{groups_of(world)}/{group.id}"), 403, code)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/groups/search"),
        ("POST", "/directory/groups"),
        ("DELETE", "/directory/groups/{group}"),
        ("POST", "/directory/groups/{group}/roles/assign"),
        ("POST", "/directory/groups/{group}/roles/revoke"),
        ("POST", "/directory/groups/{group}/memberships"),
        ("DELETE", "/directory/groups/{group}/memberships/{user}"),
    ],
)
async def test_deprecated_operations_say_so(world, method, path):
    """Contract 3, 8: Sunset and Deprecation on every answer, errors included."""
    user = await world.user()
    group, resource = await world.group(members=[user]), await world.resource()
    target = world.v1() + path.format(group=group.id, user=user.id)
    body = {
        "name": "New",
        "account_id": (await world.user()).id,
        "roleAssociations": [{"resource": resource.id, "role": USER}],
    }
    answers = [await world.http.request(method, target + "?forceIfNotEmpty=true", json=body)]
    assert answers[0].status_code in (200, 202)
    async with world.client("wrong") as stranger:
        answers.append(await stranger.request(method, target, json=body))
    answers.append(await world.http.request(method, target.replace(world.org_id, UNKNOWN), json=body))
    answers.append(await world.http.request(method, target, content=b"{"))
    assert [answer.status_code for answer in answers[1:3]] == [401, 404]
    for answer in answers:
        assert (answer.headers["sunset"], answer.headers["deprecation"]) == (SUNSET, DEPRECATION)


async def test_group_made_in_one_version_shows_in_the_other(world):
    """Contract 1.8: strictly consistent."""
    created = await world.http.post(groups_of(world), json={"name": "Both"})
    group_id = created.json()["groupId"]
    assert names(await world.http.get(f"{world.v2()}/groups")) == ["Both"]
    done(await world.http.delete(f"{world.v2()}/groups/{group_id}"))
    assert names(await search(world)) == []
