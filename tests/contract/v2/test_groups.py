"""Contract 2.1 and 2.4 to 2.7 and 2.12: one group, its life, and the statistics of all."""

import pytest

from guildhall.model.groups import GroupType, ManagedBy
from tests.contract.answers import actions, data, done, events, group_id, make_default, names, refused
from tests.make import ADMIN, ORG_ADMIN, USER, USER_ACCESS_ADMIN, VIEWER

UNKNOWN = "99999999-0000-4000-8000-000000000000"


async def test_create_group_is_201_with_empty_body_and_location(world):
    """Contract 1.9 and 2.4; the location is the path of the new group."""
    created = done(await world.http.post(f"{world.v2()}/groups", json={"name": "New"}), 201)
    assert created.headers["location"].startswith(f"http://127.0.0.1:8080{world.v2()}/groups/")
    shown = data(await world.http.get(created.headers["location"]))
    assert (shown["name"], shown["description"], shown["directoryId"]) == ("New", "", world.default.id)


async def test_create_group_returns_representation_when_preferred(world):
    """Contract 1.9: `Prefer: return=representation`."""
    created = await world.http.post(
        f"{world.v2()}/groups",
        json={"name": "New", "description": "Why"},
        headers={"prefer": "return=representation"},
    )
    assert created.status_code == 201
    group = created.json()["data"]
    assert created.headers["location"].endswith(group["id"])
    assert group == data(await world.http.get(f"{world.v2()}/groups/{group['id']}"))


async def test_create_group_makes_ordinary_group_managed_by_admins(world):
    """Contract 8: groups made through the API are managedBy admins, type GROUP."""
    created = await world.http.post(f"{world.v2()}/groups", json={"name": "New"})
    shown = data(await world.http.get(created.headers["location"]))
    assert (shown["managedBy"], shown["externalSynced"]) == ("admins", False)
    stats = await world.http.get(f"{world.v2()}/groups/stats")
    assert stats.json()["types"][1] == {"type": "GROUP", "count": 1}


async def test_create_group_trims_name(world):
    """Contract 8: Unicode white space at both ends, tabs and line ends too."""
    for number, (before, behind) in enumerate(["  ", "\t\n", "\u00a0\u3000", ("\r\n", "")]):
        name = f"A {number}"
        created = await world.http.post(f"{world.v2()}/groups", json={"name": before + name + behind})
        assert data(await world.http.get(created.headers["location"]))["name"] == name


async def test_create_group_keeps_name(world):
    """Contract 2.1: 1 to 255 characters after trimming."""
    for name in ("x", "x" * 255, "🏛" * 255, "%_*", "a\u200db", "名前", " " + "y" * 255 + " "):
        created = await world.http.post(f"{world.v2()}/groups", json={"name": name})
        assert data(await world.http.get(created.headers["location"]))["name"] == name.strip()


async def test_create_group_refuses_name(world):
    """Contract 8: 1 to 255 code points without categories Cc, Cs, Zl, Zp."""
    bad = ["", " ", "\t\n", "x" * 256, "a\tb", "a\nb", "a\x7fb", "a\x85b", "a\u2028b", "a\u2029b"]
    bad += ["\x1fa", "a\x1c"]  # Python strips them, and Unicode has no white space there.
    for name in bad:
        answer = await world.http.post(f"{world.v2()}/groups", json={"name": name})
        refused(answer, 400, "ADMIN-UAM-400-1", "name:")
    assert await actions(world) == []


async def test_create_group_taken_name_is_409(world):
    """Contract 2.1 and 8: unique after NFC and full case folding."""
    same = [
        ("Jira", "jIRA"),
        ("Straße", "STRASSE"),
        ("e\u0301te\u0301", "ÉTÉ"),
        ("İstanbul", "i\u0307stanbul"),
        ("ﬁnance", "FINANCE"),
        ("K", "\u212a"),
        ("Wiki", " Wiki\t"),
    ]
    for first, second in same:
        group_id(await world.http.post(f"{world.v2()}/groups", json={"name": first}))
        answer = await world.http.post(f"{world.v2()}/groups", json={"name": second})
        refused(answer, 409, "ADMIN-UAM-409-2")
    assert await actions(world) == ["group_created"] * len(same)


async def test_create_group_other_name_is_201(world):
    """Contract 8: nothing but the fold is compared."""
    for name in ("\u0131", "i", "a b", "a  b", "é", "e", "👍", "👍🏽"):
        group_id(await world.http.post(f"{world.v2()}/groups", json={"name": name}))


async def test_create_group_name_of_other_directory_is_201(world):
    """Contract 2.1: unique within its directory."""
    other = await world.directory()
    await world.group("Same", directory=other)
    group_id(await world.http.post(f"{world.v2()}/groups", json={"name": "same"}))


async def test_create_group_empty_description_is_null(world):
    """Contract 8: an empty one is stored as null."""
    for name, given in enumerate([{}, {"description": ""}, {"description": None}]):
        created = await world.http.post(f"{world.v2()}/groups", json={"name": f"{name}", **given})
        assert data(await world.http.get(created.headers["location"]))["description"] == ""


async def test_create_group_keeps_description(world):
    """Contract 8: tabs and line ends are allowed."""
    for name, description in enumerate(["x" * 1_000, "a\tb\r\nc", " ", "\u2028"]):
        body = {"name": f"{name}", "description": description}
        created = await world.http.post(f"{world.v2()}/groups", json=body)
        assert data(await world.http.get(created.headers["location"]))["description"] == description


async def test_create_group_refuses_description(world):
    """Contract 2.1, 8."""
    for description in ("x" * 1_001, "a\x07", "\x1b[0m", 7, ["a"]):
        body = {"name": "New", "description": description}
        answer = await world.http.post(f"{world.v2()}/groups", json=body)
        refused(answer, 400, "ADMIN-UAM-400-1", "description:")


async def test_create_group_names_every_wrong_field(world):
    """Contract 1.6: several field errors are several elements."""
    for body in ({"name": "", "description": "\x07"}, {"name": 1, "description": 2}):
        answer = await world.http.post(f"{world.v2()}/groups", json=body)
        assert len(refused(answer, 400, "ADMIN-UAM-400-1", "name:", "description:")) == 2
    refused(
        await world.http.post(f"{world.v2()}/groups", json={}), 400, "ADMIN-UAM-400-1", "name: is required"
    )


async def test_create_group_unknown_directory_is_404(world):
    """Contract 2.4."""
    for directory in (UNKNOWN, "nowhere"):
        answer = await world.http.post(f"{world.v2(directory)}/groups", json={"name": "New"})
        refused(answer, 404, "ADMIN-UAM-404-1")


async def test_writes_with_any_directory_are_400_that_lists_the_directories(world):
    """Contract 1.3: in a write `-` is 400, and the detail lists the directory ids."""
    group = await world.group(members=1)
    ids = (world.default.id, (await world.directory()).id)
    groups = f"{world.v2('-')}/groups"
    role = {"resourceId": (await world.resource()).id, "roleId": USER}
    for method, path, body in (
        ("POST", groups, {"name": "New"}),
        ("PATCH", f"{groups}/{group.id}", {"name": "New"}),
        ("DELETE", f"{groups}/{group.id}", None),
        ("POST", f"{groups}/{group.id}/memberships", {"accountId": "a"}),
        ("DELETE", f"{groups}/{group.id}/memberships/a", None),
        ("POST", f"{groups}/{group.id}/role-assignments/assign", role),
        ("POST", f"{groups}/{group.id}/role-assignments/revoke", role),
    ):
        refused(await world.http.request(method, path, json=body), 400, "ADMIN-UAM-400-1", *ids)


async def test_create_group_in_synced_directory_is_201(world):
    """Contract 2.4: a directory synced from an identity provider still accepts local groups."""
    await world.group(synced=True, managed_by=ManagedBy.EXTERNAL)
    group_id(await world.http.post(f"{world.v2()}/groups", json={"name": "Local"}))


async def test_create_group_records_one_event(world):
    """Contract 1.8, 4."""
    created = await world.http.post(f"{world.v2()}/groups", json={"name": "New"})
    (event,) = await events(world)
    assert event["action"] == "group_created"
    assert event["context"][0]["id"] == group_id(created)
    assert event["context"][0]["attributes"]["name"] == "New"


async def test_get_group_shows_every_field(world):
    """Contract 2.1: one group always has both counts."""
    group = await world.group("Staff", members=2, description="All of them")
    await world.role(group, await world.resource())
    shown = data(await world.http.get(f"{world.v2()}/groups/{group.id}"))
    assert len(shown.pop("links")["self"]) == 22
    assert shown == {
        "id": group.id,
        "directoryId": world.default.id,
        "name": "Staff",
        "description": "All of them",
        "managementAccess": {"deletable": True, "modifiable": True, "readable": True},
        "externalSynced": False,
        "managedBy": "admins",
        "counts": {"users": 2, "resources": 1},
    }


async def test_get_group_with_any_directory(world):
    """Contract 1.3 and 2.5: `-` as directory; upper case is accepted and answered in lower case."""
    group = await world.group(directory=await world.directory())
    plain = data(await world.http.get(f"{world.v2(group.directory_id)}/groups/{group.id}"))
    assert data(await world.http.get(f"{world.v2('-')}/groups/{group.id.upper()}")) == plain
    assert plain["id"] == group.id.lower()


async def test_get_group_not_there_is_404(world):
    """Contract 1.3, 1.6: also in another directory, and an id of the wrong form."""
    other = await world.directory()
    group = await world.group()
    for path in (
        f"{world.v2()}/groups/{UNKNOWN}",
        f"{world.v2()}/groups/x",
        f"{world.v2(other.id)}/groups/{group.id}",
    ):
        refused(await world.http.get(path), 404, "ADMIN-UAM-404-3")
    refused(await world.http.get(f"{world.v2(UNKNOWN)}/groups/{group.id}"), 404, "ADMIN-UAM-404-1")


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"synced": True, "managed_by": ManagedBy.EXTERNAL}, "external"),
        ({"type": GroupType.TEAM, "managed_by": ManagedBy.TEAM_MEMBERS}, "team-members"),
        ({"type": GroupType.TEAM, "managed_by": ManagedBy.OPEN}, "open"),
        ({"type": GroupType.USERBASE_GROUP}, "admins"),
    ],
)
async def test_group_of_others_is_neither_modifiable_nor_deletable(world, given, word):
    """Contract 2.1, 2.6, 2.12: synced groups, and those of teams and of the system."""
    group = await world.group("Theirs", **given)
    path = f"{world.v2()}/groups/{group.id}"
    shown = data(await world.http.get(path))
    assert shown["managedBy"] == word
    assert shown["managementAccess"] == {"deletable": False, "modifiable": False, "readable": True}
    refused(await world.http.patch(path, json={"name": "Mine"}), 403, "ADMIN-UAM-403-1")
    refused(await world.http.delete(path), 403, "ADMIN-UAM-403-1")
    assert await actions(world) == []


async def test_default_group_is_not_deletable(world):
    """Contract 2.1, 2.6."""
    group, resource = await world.group("Default"), await world.resource()
    await world.role(group, resource)
    await make_default(world, group, resource)
    path = f"{world.v2()}/groups/{group.id}"
    access = data(await world.http.get(path))["managementAccess"]
    assert access == {"deletable": False, "modifiable": True, "readable": True}
    refused(await world.http.delete(path), 403, "ADMIN-UAM-403-1", "default")
    done(await world.http.patch(path, json={"name": "Renamed"}))


@pytest.mark.parametrize("role", [ADMIN, "atlassian/site-admin", ORG_ADMIN])
async def test_group_that_grants_admin_is_not_deletable(world, role):
    """Contract 2.6, 8: org-admin, site-admin or admin on anything."""
    group = await world.group()
    await world.role(group, await world.resource("jira-core"), role)
    path = f"{world.v2()}/groups/{group.id}"
    access = data(await world.http.get(path))["managementAccess"]
    assert access == {"deletable": False, "modifiable": role != ORG_ADMIN, "readable": True}
    refused(await world.http.delete(path), 403, "ADMIN-UAM-403-1", "admin")


async def test_user_access_admin_is_no_admin_access(world):
    """Contract 8."""
    group = await world.group()
    await world.role(group, await world.resource(), USER_ACCESS_ADMIN)
    done(await world.http.delete(f"{world.v2()}/groups/{group.id}"))


async def test_group_that_holds_user_access_admin_needs_full_access(world):
    """Contract 1.2: renaming and deleting it too, from the role's first moment to its last."""
    group, resource = await world.group("Helpers"), await world.resource()
    path = f"{world.v2()}/groups/{group.id}"
    role = {"resourceId": resource.id, "roleId": USER_ACCESS_ADMIN}
    async with world.client(await world.key("read:groups:admin", "write:groups:admin")) as scoped:

        async def access():
            return tuple(data(await scoped.get(path))["managementAccess"].values())

        assert await access() == (True, True, True)
        assert (await world.http.post(f"{path}/role-assignments/assign", json=role)).status_code == 200
        assert await access() == (False, False, True)
        refused(await scoped.patch(path, json={"name": "Mine"}), 403, "ADMIN-UAM-403-1", "without scopes")
        refused(await scoped.delete(path), 403, "ADMIN-UAM-403-1", "without scopes")
        v1_path = f"{world.v1()}/directory/groups/{group.id}?forceIfNotEmpty=true"
        refused(await scoped.delete(v1_path), 403, "ADMIN-403-1", "without scopes")
        assert data(await world.http.get(path))["managementAccess"]["deletable"] is True
        done(await world.http.post(f"{path}/role-assignments/revoke", json=role))
        assert await access() == (True, True, True)
        done(await scoped.delete(path))


async def test_management_access_follows_the_key(world):
    """Contract 1.2, 2.1: what this key may do."""
    plain, granting = await world.group("a"), await world.group("b")
    await world.role(granting, await world.resource(), ADMIN)

    async def access(*scopes):
        async with world.client(await world.key("read:groups:admin", *scopes)) as client:
            page = await client.get(f"{world.v2()}/groups")
            return [tuple(item["managementAccess"].values()) for item in data(page)]

    assert await access() == [(False, False, True), (False, False, True)]
    assert await access("write:groups:admin") == [(True, True, True), (False, False, True)]
    assert plain.id != granting.id


async def test_delete_group_is_204_and_again_404(world):
    """Contract 2.6: non-empty groups go too; members keep what other groups give them."""
    resource = await world.resource(user_limit=10)
    both, one = await world.user(), await world.user()
    kept, gone = await world.group(members=[both]), await world.group(members=[both, one])
    for group in (kept, gone):
        await world.role(group, resource)
    assert await world.seats(resource) == 2
    done(await world.http.delete(f"{world.v2()}/groups/{gone.id}"))
    assert await world.seats(resource) == 1
    refused(await world.http.delete(f"{world.v2()}/groups/{gone.id}"), 404, "ADMIN-UAM-404-3")
    assert names(await world.http.get(f"{world.v2()}/groups")) == [kept.name]
    assert await actions(world) == ["group_deleted"]


async def test_delete_group_event_carries_members_and_roles(world):
    """Contract 8: id, name, number of members and the roles."""
    group, resource = await world.group("Gone", members=3), await world.resource()
    await world.role(group, resource, VIEWER)
    done(await world.http.delete(f"{world.v2()}/groups/{group.id}"))
    (event,) = await events(world)
    subject = event["context"][0]
    assert (subject["id"], subject["type"]) == (group.id, "groups")
    assert subject["attributes"]["name"] == "Gone"
    assert subject["attributes"]["users"] == 3
    assert subject["attributes"]["roles"] == [{"resourceId": resource.id, "roleId": VIEWER}]


async def test_delete_group_frees_its_name(world):
    """Contract 2.6."""
    group = await world.group("Again")
    done(await world.http.delete(f"{world.v2()}/groups/{group.id}"))
    assert group_id(await world.http.post(f"{world.v2()}/groups", json={"name": "Again"})) != group.id


async def test_count_and_stats_of_groups(world):
    """Contract 2.7: all three types always, in this order; managed are those managedBy external."""
    other = await world.directory()
    await world.group(type=GroupType.TEAM, managed_by=ManagedBy.OPEN)
    await world.group(synced=True, managed_by=ManagedBy.EXTERNAL)
    await world.group(synced=True, managed_by=ManagedBy.ADMINS, directory=other)
    gone = await world.group()
    done(await world.http.delete(f"{world.v2()}/groups/{gone.id}"))
    expected = {"-": (1, 2, 2, 1), world.default.id: (1, 1, 1, 1), other.id: (0, 1, 1, 0)}
    for directory, (teams, groups, synced, managed) in expected.items():
        stats = await world.http.get(f"{world.v2(directory)}/groups/stats")
        assert stats.json() == {
            "types": [
                {"type": "TEAM", "count": teams},
                {"type": "GROUP", "count": groups},
                {"type": "USERBASE_GROUP", "count": 0},
            ],
            "totals": {"all": teams + groups, "synced": synced, "managed": managed},
        }
        count = await world.http.get(f"{world.v2(directory)}/groups/count")
        assert (count.status_code, count.json()) == (200, {"count": teams + groups})


async def test_stats_of_no_groups(world):
    """Contract 2.7."""
    stats = (await world.http.get(f"{world.v2()}/groups/stats")).json()
    assert [entry["count"] for entry in stats["types"]] == [0, 0, 0]
    assert stats["totals"] == {"all": 0, "synced": 0, "managed": 0}
    for name in ("count", "stats"):
        refused(await world.http.get(f"{world.v2(UNKNOWN)}/groups/{name}"), 404, "ADMIN-UAM-404-1")
