"""Contract 2.2, 2.3 and 2.7: lists, searches and counts of groups, and every filter of them."""

import pytest

from tests.contract.answers import data, group_id, names, refused
from tests.make import ADMIN, USER, VIEWER

UNKNOWN = "99999999-0000-4000-8000-000000000000"
COMING_AGAIN = "77777777-0000-4000-8000-000000000000"
NO_RESOURCE = "ari:cloud:jira::site/none"


async def listed(world, directory="-", **filters):
    """The names that a filter finds: the same by list, by search and by count."""
    place = f"{world.v2(directory)}/groups"
    found = names(await world.http.get(place, params={**filters, "limit": 100}))
    assert names(await world.http.post(f"{place}/search", json={**filters, "limit": 100})) == found
    count = await world.http.get(f"{place}/count", params=filters)
    assert count.json() == {"count": len(found)}
    return found


async def test_list_groups_shows_every_field(world):
    """Contract 2.1, 2.2: no counts unless they are asked for."""
    group = await world.group("Staff", members=1, description="All of them")
    await world.role(group, await world.resource())
    (item,) = data(await world.http.get(f"{world.v2()}/groups"))
    one = data(await world.http.get(f"{world.v2()}/groups/{group.id}"))
    assert one.pop("counts") == {"users": 1, "resources": 1}
    assert item == one
    assert data(await world.http.post(f"{world.v2()}/groups/search")) == [item]


async def test_list_groups_by_name_then_by_id(world):
    """Contract 1.5, 8: by fold in code point order, then by id; `sortBy` turns it round."""
    other = await world.directory()
    for name, directory in (
        ("b", None),
        ("B", other),
        ("Zoë", None),
        ("ä", None),
        ("STRASSE", None),
        ("straße", other),
    ):
        await world.group(name, directory=directory)
    expected = ["b", "B", "STRASSE", "straße", "Zoë", "ä"]
    place = f"{world.v2('-')}/groups"
    assert names(await world.http.get(place)) == expected
    assert names(await world.http.get(place, params={"sortBy": "-name"})) == expected[::-1]
    body = {"sortBy": [{"field": "name", "direction": "desc"}]}
    assert names(await world.http.post(f"{place}/search", json=body)) == expected[::-1]
    body = {"sortBy": {"field": "name", "direction": "asc"}}
    assert names(await world.http.post(f"{place}/search", json=body)) == expected


async def test_list_groups_of_nothing_is_an_empty_page(world):
    """Contract 1.4: 200 with `[]`."""
    answer = await world.http.get(f"{world.v2()}/groups")
    assert data(answer) == []
    assert answer.json()["links"]["prev"] is answer.json()["links"]["next"] is None
    assert answer.json()["links"]["self"]


async def test_list_groups_is_deprecated_and_search_is_not(world):
    """Contract 3, 8: since 1 July 2025, until 1 July 2027, on errors as well."""
    answers = [
        await world.http.get(f"{world.v2()}/groups", params=query)
        for query in ({}, {"limit": 0}, {"cursor": "x"})
    ]
    answers.append(await world.http.get(f"{world.v2(UNKNOWN)}/groups"))
    assert [answer.status_code for answer in answers] == [200, 400, 400, 404]
    for answer in answers:
        assert answer.headers["sunset"] == "Thu, 01 Jul 2027 00:00:00 GMT"
        assert answer.headers["deprecation"] == "@1751328000"
    for successor in (
        await world.http.post(f"{world.v2()}/groups/search"),
        await world.http.get(f"{world.v2()}/groups/count"),
        await world.http.post(f"{world.v2()}/groups", json={"name": "New"}),
    ):
        assert not {"sunset", "deprecation"} & set(successor.headers)


async def test_list_groups_shows_the_counts_that_are_asked_for(world):
    """Contract 2.1: only the members asked for, otherwise absent."""
    group = await world.group(members=2)
    await world.role(group, await world.resource())
    users, resources = {"users": 2}, {"resources": 1}
    place = f"{world.v2()}/groups"
    for query, expected in (
        ({"counts": '{"includeUsers":true}'}, users),
        ({"counts": '{"includeResources":true}'}, resources),
        ({"counts": '{"includeUsers":true,"includeResources":true}'}, users | resources),
        ({"counts": '{"includeUsers":false}'}, None),
        ({"counts": "{}"}, None),
    ):
        assert data(await world.http.get(place, params=query))[0].get("counts") == expected
    for expand, expected in (
        (["counts.users"], users),
        (["counts.resources"], resources),
        (["counts.resources", "counts.users"], users | resources),
        ([], None),
    ):
        found = await world.http.post(f"{place}/search", json={"expand": expand})
        assert data(found)[0].get("counts") == expected
    refused(
        await world.http.post(f"{place}/search", json={"expand": ["users"]}), 400, "ADMIN-UAM-400-1", "expand"
    )


async def test_filter_by_directory(world):
    """Contract 8: the path's directory and `directoryIds` are joined by AND."""
    other = await world.directory()
    await world.group("A")
    await world.group("B", directory=other)
    here = world.default.id
    for directory, ids, expected in (
        ("-", [here], ["A"]),
        ("-", [here.upper(), other.id], ["A", "B"]),
        (here, [here], ["A"]),
        (here, [other.id], []),
        (other.id, [here, other.id], ["B"]),
        ("-", [UNKNOWN], []),
        ("-", [UNKNOWN, other.id], ["B"]),
    ):
        assert await listed(world, directory, directoryIds=ids) == expected
    for directory in (UNKNOWN, "nowhere"):
        refused(await world.http.get(f"{world.v2(directory)}/groups"), 404, "ADMIN-UAM-404-1")


@pytest.mark.parametrize("search", [False, True])
async def test_directory_that_comes_again_under_its_id_has_its_own_groups(world, search):
    """It is found as it is now, while a cursor is of the directory that it was made for."""
    place, lists = f"{world.ours()}/directories/{COMING_AGAIN}", f"{world.v2(COMING_AGAIN)}/groups"

    async def page(**asked):
        found = (
            world.http.post(f"{lists}/search", json=asked) if search else world.http.get(lists, params=asked)
        )
        return await found

    kept = []
    for number in range(2):
        refused(await page(), 404, "ADMIN-UAM-404-1")
        await world.http.put(place, json={"name": "Coming"})
        empty = (await page()).json()
        assert empty["data"] == []
        made = group_id(await world.http.post(lists, json={"name": f"Group {number}"}))
        shown = (await page()).json()
        assert [item["name"] for item in shown["data"]] == [f"Group {number}"]
        kept += [empty["links"]["self"], shown["links"]["self"]]
        listed_again = [names(await page(cursor=cursor)) for cursor in kept]
        assert listed_again == [[]] * 2 * number + [[f"Group {number}"]] * 2
        await world.http.delete(f"{lists}/{made}")
        await world.http.delete(place)


async def test_filter_by_member(world):
    """Contract 2.2: groups with at least one of these members."""
    ada, bob, cyd = [await world.user() for _ in range(3)]
    await world.group("A", members=[ada])
    await world.group("AB", members=[ada, bob])
    await world.group("B", members=[bob])
    assert await listed(world, accountIds=[ada.id]) == ["A", "AB"]
    assert await listed(world, accountIds=[ada.id, bob.id]) == ["A", "AB", "B"]
    assert await listed(world, accountIds=[cyd.id]) == []
    assert await listed(world, accountIds=["nobody", bob.id]) == ["AB", "B"]


async def test_filter_by_id(world):
    """Contract 2.2: an id that does not exist simply matches nothing."""
    one, two = await world.group("One"), await world.group("Two", directory=await world.directory())
    assert await listed(world, groupIds=[two.id.upper(), one.id]) == ["One", "Two"]
    assert await listed(world, world.default.id, groupIds=[two.id]) == []
    assert await listed(world, groupIds=[UNKNOWN]) == []


async def test_filter_by_role_resource_and_owner(world):
    """Contract 8: some single assignment of the group satisfies all three."""
    jira, wiki = await world.resource("jira"), await world.resource("confluence")
    for name, pairs in {
        "Jira user": [(jira, USER)],
        "Wiki viewer": [(wiki, VIEWER)],
        "Crossed": [(jira, VIEWER), (wiki, USER)],
        "Nothing": [],
    }.items():
        group = await world.group(name)
        for resource, role in pairs:
            await world.role(group, resource, role)
    for filters, expected in (
        ({"roleIds": [USER]}, ["Crossed", "Jira user"]),
        ({"roleIds": [USER, VIEWER]}, ["Crossed", "Jira user", "Wiki viewer"]),
        ({"roleIds": [ADMIN]}, []),
        ({"resourceIds": [wiki.id]}, ["Crossed", "Wiki viewer"]),
        ({"resourceIds": [wiki.id, jira.id]}, ["Crossed", "Jira user", "Wiki viewer"]),
        ({"resourceIds": [NO_RESOURCE]}, []),
        ({"resourceOwners": ["confluence"]}, ["Crossed", "Wiki viewer"]),
        ({"resourceOwners": ["none"]}, []),
        ({"resourceOwners": ["confluence"], "roleIds": [USER]}, ["Crossed"]),
        ({"resourceIds": [jira.id], "roleIds": [USER]}, ["Jira user"]),
        ({"resourceIds": [jira.id], "resourceOwners": ["confluence"]}, []),
        ({"resourceIds": [jira.id], "resourceOwners": ["jira"], "roleIds": [VIEWER]}, ["Crossed"]),
    ):
        assert await listed(world, **filters) == expected


async def test_filter_by_search_term(world):
    """Contract 2.2, 8: a case-insensitive, Unicode-aware substring; no character is special."""
    everything = [
        "100% sure",
        "A_B",
        "a*b",
        "STRASSE 5",
        "été",
        "İzmir",
        "jira-users",
        "x",
        '"quoted"',
        "back\\slash",
    ]
    for name in everything:
        await world.group(name)
    for term, expected in {
        "%": ["100% sure"],
        "_": ["A_B"],
        "*": ["a*b"],
        "a": ["a*b", "A_B", "back\\slash", "jira-users", "STRASSE 5"],
        "ra-u": ["jira-users"],
        "traß": ["STRASSE 5"],
        "ÉT": ["été"],
        "e\u0301t": ["été"],
        "i\u0307z": ["İzmir"],
        '"': ['"quoted"'],
        "\\": ["back\\slash"],
        " ": ["100% sure", "STRASSE 5"],
        "x" * 255: [],
        "OR": [],
        "-": ["jira-users"],
        "'": [],
    }.items():
        assert await listed(world, searchTerm=term) == expected, term


async def test_filters_are_joined_by_and(world):
    """Contract 2.2: different filters by AND, the values of one by OR."""
    ada, jira, other = await world.user(), await world.resource(), await world.directory()
    full = await world.group("jira one", members=[ada])
    await world.role(full, jira)
    await world.role(await world.group("jira two"), jira)
    await world.group("jira three", members=[ada])
    await world.role(await world.group("wiki", members=[ada]), jira)
    away = await world.group("jira four", directory=other)
    await world.role(away, jira)
    every = {"searchTerm": "JIRA", "accountIds": [ada.id], "resourceIds": [jira.id], "roleIds": [USER]}
    assert await listed(world, **every) == ["jira one"]
    assert await listed(world, **every, groupIds=[full.id, away.id]) == ["jira one"]
    assert await listed(world, **every, groupIds=[away.id]) == []
    assert await listed(world, **every, directoryIds=[other.id]) == []
    del every["accountIds"]
    assert await listed(world, **every) == ["jira four", "jira one", "jira two"]


async def test_unknown_role_in_a_filter_is_400(world):
    """Contract 8: it is an enumeration."""
    place = f"{world.v2()}/groups"
    for answer in (
        await world.http.get(place, params={"roleIds": "atlassian/nobody"}),
        await world.http.get(f"{place}/count", params={"roleIds": "atlassian/nobody"}),
        await world.http.post(f"{place}/search", json={"roleIds": ["atlassian/nobody"]}),
    ):
        refused(answer, 400, "ADMIN-UAM-400-1", "roleIds", "atlassian/nobody", USER)


async def test_search_groups_by_whole_names(world):
    """Contract 2.3: whole names, case-insensitive equality."""
    for name in ("Straße", "Strasse 2", "Wiki"):
        await world.group(name)
    await world.group("STRASSE", directory=await world.directory())
    place = f"{world.v2('-')}/groups/search"
    for given, expected in (
        (["strasse"], ["Straße", "STRASSE"]),
        (["strasse", " WIKI "], ["Straße", "STRASSE", "Wiki"]),
        (["str"], []),
    ):
        assert names(await world.http.post(place, json={"groupNames": given})) == expected
    here = await world.http.post(f"{world.v2()}/groups/search", json={"groupNames": ["strasse"]})
    assert names(here) == ["Straße"]


@pytest.mark.parametrize("other", [{"searchTerm": "a"}, {"groupIds": [UNKNOWN]}])
async def test_search_groups_by_names_excludes_terms_and_ids(world, other):
    """Contract 2.3: together it is 400; one that is empty is absent."""
    place = f"{world.v2()}/groups/search"
    refused(
        await world.http.post(place, json={"groupNames": ["a"], **other}),
        400,
        "ADMIN-UAM-400-1",
        "groupNames",
    )
    for empty in ({"searchTerm": ""}, {"groupIds": None}):
        assert data(await world.http.post(place, json={"groupNames": ["a"], **empty})) == []


async def test_array_bounds(world):
    """Contract 1.5: 1 to 10, and 1 to 20 of resources; more is 400."""
    place = f"{world.v2()}/groups"
    for field, value, most in (
        ("accountIds", "a", 10),
        ("directoryIds", UNKNOWN, 10),
        ("groupIds", UNKNOWN, 10),
        ("resourceOwners", "jira", 10),
        ("roleIds", USER, 10),
        ("resourceIds", NO_RESOURCE, 20),
        ("groupNames", "a", 10),
    ):
        search = f"{place}/search"
        assert data(await world.http.post(search, json={field: [value] * most})) == []
        for wrong in ([value] * (most + 1), [], value, [7], [""]):
            refused(await world.http.post(search, json={field: wrong}), 400, "ADMIN-UAM-400-1", field)
        if field == "groupNames":
            continue
        for path in (place, f"{place}/count"):
            assert (await world.http.get(path, params={field: [value] * most})).status_code == 200
            answer = await world.http.get(path, params={field: [value] * (most + 1)})
            refused(answer, 400, "ADMIN-UAM-400-1", field)


async def test_ids_of_the_wrong_form_are_400(world):
    """Contract 1.3: in a body or query."""
    place = f"{world.v2()}/groups"
    for field, wrong in (
        ("accountIds", "a b"),
        ("directoryIds", "-"),
        ("groupIds", "x"),
        ("resourceIds", "jira"),
        ("resourceOwners", "Jira!"),
    ):
        refused(await world.http.get(place, params={field: wrong}), 400, "ADMIN-UAM-400-1", field)
        refused(
            await world.http.post(f"{place}/search", json={field: [wrong]}), 400, "ADMIN-UAM-400-1", field
        )
