"""Users, version 2: what is shown of them, one by one and in lists (contract 4, 8)."""

from typing import Any

import pytest

from guildhall.model.roles import BUILT_IN
from guildhall.model.users import USER_STATUS_WORDS, ClaimStatus, ManagementSource, UserStatus
from guildhall.operations.accounts import GivenStanding, ProfileChanges, UserChanges, put_user
from guildhall.operations.groups import NewGroup, insert_group
from guildhall.operations.memberships import get_both_to_join, insert_member
from tests.contract.answers import data, refused
from tests.make import ORG_ADMIN, USER, VIEWER, World

FIELDS = {
    "accountId",
    "accountType",
    "status",
    "accountStatus",
    "membershipStatus",
    "addedToOrg",
    "name",
    "nickname",
    "email",
    "emailVerified",
    "claimStatus",
    "picture",
    "avatar",
    "managementSource",
    "mfaEnabled",
    "jobTitle",
    "department",
    "organization",
    "location",
    "timeZone",
    "deactivatedOn",
    "links",
}
ABSENT_WHERE_UNKNOWN = {"nickname", "emailVerified", "picture", "avatar", "jobTitle"}
EXPANDED = {"platformRoles", "counts", "productAccess", "groups"}


async def search(world: World, directory_id: str = "-", **body: Any) -> list[dict[str, Any]]:
    """The rows of a search's first page."""
    found: list[dict[str, Any]] = data(
        await world.http.post(f"{world.v2(directory_id)}/users/search", json=body)
    )
    return found


async def test_get_users_shows_every_field(world: World) -> None:
    """Contract 4: all fields, null or absent where unknown; 8: what is expanded is absent."""
    await world.user(name="Ada Lovelace", email="Ada@Example.com", account_id="557058:1f0e")
    (user,) = data(await world.http.get(f"{world.v2()}/users"))
    assert set(user) == FIELDS - ABSENT_WHERE_UNKNOWN
    assert (user["accountId"], user["accountType"]) == ("557058:1f0e", "atlassian")
    assert (user["name"], user["email"]) == ("Ada Lovelace", "Ada@Example.com")
    assert user["addedToOrg"] == "2026-07-01T00:00:00.000Z"
    assert (user["claimStatus"], user["mfaEnabled"]) == ("unmanaged", False)
    assert len(user["links"]["self"]) == 22
    unknown = {name for name, value in user.items() if value is None}
    assert unknown == {"department", "organization", "location", "timeZone", "deactivatedOn"}


async def test_get_user_shows_the_profile(world: World) -> None:
    """Contract 4: the fields of a profile, as they were furnished."""
    profile = {
        "nickname": "ada",
        "picture": "https://x.example/p",
        "avatar": "https://x.example/a",
        "department": "Engines",
        "organization": "Analytical",
        "location": "London",
    }
    changes = ProfileChanges(email_verified=True, job_title="Countess", time_zone="Europe/London", **profile)
    user = await world.user(
        profile=changes,
        claim_status=ClaimStatus.MANAGED,
        mfa_enabled=True,
        management_source=ManagementSource.SYNCED,
    )
    shown = data(await world.http.get(f"{world.v2()}/users/{user.id}"))
    expected = profile | {"emailVerified": True, "jobTitle": "Countess", "timeZone": "Europe/London"}
    expected |= {"claimStatus": "managed", "mfaEnabled": True, "managementSource": "synced"}
    assert {name: shown[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("status", "closed", "words"),
    [
        (UserStatus.ACTIVE, False, ("active", "active", "active")),
        (UserStatus.SUSPENDED, False, ("suspended", "active", "suspended")),
        (UserStatus.NOT_INVITED, False, ("not_invited", "active", "no_membership")),
        (UserStatus.DEACTIVATED, False, ("deactivated", "inactive", "no_membership")),
        (UserStatus.DEACTIVATED, True, ("deactivated", "closed", "no_membership")),
        (UserStatus.FOR_DELETION, False, ("for_deletion", "inactive", "no_membership")),
        (UserStatus.FOR_DELETION, True, ("for_deletion", "closed", "no_membership")),
    ],
)
async def test_user_statuses_follow_the_table(
    world: World, status: UserStatus, closed: bool, words: tuple[str, str, str]
) -> None:
    """Contract 8, "Users and directories": status, accountStatus, membershipStatus."""
    user = await world.user(status=status, closed=closed)
    shown = data(await world.http.get(f"{world.v2()}/users/{user.id}"))
    assert (shown["status"], shown["accountStatus"], shown["membershipStatus"]) == words
    query = dict(zip(("status", "accountStatus", "membershipStatus"), words, strict=True))
    for chosen in (query, *({name: word} for name, word in query.items())):
        assert data(await world.http.get(f"{world.v2()}/users", params=chosen)) == await search(
            world, **chosen
        )
        assert [row["accountId"] for row in await search(world, **chosen)] == [user.id]
    others = [USER_STATUS_WORDS[other] for other in UserStatus if other is not status]
    assert await search(world, **{**query, "status": others}) == []


async def test_user_in_two_directories_shows_a_row_for_each(world: World) -> None:
    """Contract 8: an account exists once; each directory shows one row for it, with its own status."""
    east = await world.directory("East")
    here, there = GivenStanding(world.default.id), GivenStanding(east.id, UserStatus.SUSPENDED, added_at=0)
    changes = UserChanges(name="Both", email="both@example.com", directories=(there, here))
    await world.write(put_user, world.caller, "both", changes)
    await world.user(east)
    rows = await search(world, accountIds=["both"])
    assert [(row["accountId"], row["status"]) for row in rows] == [("both", "active"), ("both", "suspended")]
    assert [row["addedToOrg"][:4] for row in rows] == ["2026", "1970"]
    assert rows[0]["links"] != rows[1]["links"]
    assert len(data(await world.http.get(f"{world.v2(east.id)}/users"))) == 2
    assert (await world.http.get(f"{world.v2('-')}/users/count")).json() == {"count": 3}
    inside = {"directoryIds": [world.default.id]}
    assert [row["status"] for row in await search(world, **inside)] == ["active"]
    assert await search(world, east.id, **inside) == []


async def test_get_user_of_any_directory_takes_the_default_one_first(world: World) -> None:
    """Contract 8: the default directory comes first, the others by name."""
    west, east = await world.directory("West"), await world.directory("East")
    everywhere = await world.user(west, east, world.default)
    elsewhere = await world.user(west, east)
    for user, directory in ((everywhere, world.default), (elsewhere, east)):
        path = f"users/{user.id}"
        anywhere = data(await world.http.get(f"{world.v2('-')}/{path}"))
        assert anywhere == data(await world.http.get(f"{world.v2(directory.id)}/{path}"))
        assert anywhere != data(await world.http.get(f"{world.v2(west.id)}/{path}"))


async def test_get_user_not_in_the_directory_is_404(world: World) -> None:
    """Contract 1.6: a user, also one who is not in the directory."""
    east = await world.directory("East")
    user = await world.user(east)
    for path in (f"users/{user.id}", "users/nobody", "users/no%20body", f"users/{user.id}x/role-assignments"):
        errors = refused(await world.http.get(f"{world.v2()}/{path}"), 404, "ADMIN-UAM-404-1")
        assert errors[0]["title"] == "One or more user not found in the directory"
    unknown = "99999999-0000-4000-8000-000000000000"
    for path in ("users", f"users/{user.id}", "users/count", "users/stats"):
        refused(await world.http.get(f"{world.v2(unknown)}/{path}"), 404, "ADMIN-UAM-404-1", unknown)


async def test_search_users_expands_what_is_asked_for(world: World) -> None:
    """Contract 4, 8: each of `expand` alone, and one user, who has all but the groups."""
    site, wiki = await world.resource("jira"), await world.resource("confluence")
    active = "2026-06-30T12:00:00.000Z"
    user = await world.user(profile=ProfileChanges(last_active={site.id: active}))
    beta, alpha = await world.group("beta", members=[user]), await world.group("Alpha", members=[user])
    await world.role(alpha, site)
    await world.role(beta, site, VIEWER)
    await world.role(user, wiki)
    await world.role(beta, await world.own_resource(), ORG_ADMIN)
    expected = {
        "platformRoles": [ORG_ADMIN],
        "counts": {"resources": 3},
        "productAccess": [
            {"key": "confluence", "id": wiki.id},
            {"key": "jira", "id": site.id, "lastActiveTimestamp": active},
        ],
        "groups": [
            {"id": alpha.id, "name": "Alpha", "description": ""},
            {"id": beta.id, "name": "beta", "description": ""},
        ],
    }
    for name, value in expected.items():
        (row,) = await search(world, expand=["counts.resources" if name == "counts" else name])
        assert set(row) == (FIELDS | {name}) - ABSENT_WHERE_UNKNOWN
        assert row[name] == value
    (row,) = await search(world, expand=["groups", "productAccess", "counts.resources", "platformRoles"])
    assert {name: row[name] for name in EXPANDED} == expected
    shown = data(await world.http.get(f"{world.v2()}/users/{user.id}"))
    assert set(shown) == (FIELDS | EXPANDED) - ABSENT_WHERE_UNKNOWN - {"groups"}
    assert shown["platformRoles"] == [ORG_ADMIN]
    assert (await search(world, accountIds=[user.id]))[0].keys() == FIELDS - ABSENT_WHERE_UNKNOWN


async def test_search_users_expands_nothing_of_users_with_nothing(world: World) -> None:
    """What was asked for is there also where there is none of it."""
    await world.user()
    (row,) = await search(world, expand=["platformRoles", "counts.resources", "productAccess", "groups"])
    nothing = {"platformRoles": [], "counts": {"resources": 0}, "productAccess": [], "groups": []}
    assert {name: row[name] for name in EXPANDED} == nothing


async def test_search_users_expands_a_thousand_groups(world: World) -> None:
    """All groups, by name, in one answer."""
    user, other = await world.user(), await world.user()
    resource = await world.resource()

    async def join(tx: Any) -> None:
        for number in range(1_000):
            group = await insert_group(tx, world.caller, world.default, NewGroup(f"Group {999 - number:03}"))
            both = await get_both_to_join(tx, world.caller, None, group.id, user.id)
            await insert_member(tx, world.caller, *both)

    await world.write(join)
    await world.role(await world.group("Last", members=[user, other]), resource)
    rows = await search(world, expand=["groups", "counts.resources"])
    names = [group["name"] for group in rows[0]["groups"]]
    assert names == [f"Group {number:03}" for number in range(1_000)] + ["Last"]
    assert [row["counts"]["resources"] for row in rows] == [1, 1]


async def test_get_user_stats_count_accounts_by_role_and_rows_by_status(world: World) -> None:
    """Contract 4, 8: `stats.roles` counts distinct users with the effective role."""
    east = await world.directory("East")
    both, here = await world.user(world.default, east), await world.user()
    await world.user(east, status=UserStatus.DEACTIVATED, closed=True)
    await world.user(status=UserStatus.FOR_DELETION)
    group = await world.group(members=[both, here])
    await world.role(group, await world.resource())
    await world.role(both, await world.resource(), VIEWER)

    async def stats(directory_id: str, **query: str) -> tuple[dict[str, int], list[int]]:
        answer = (await world.http.get(f"{world.v2(directory_id)}/users/stats", params=query)).json()
        assert [role["roleId"] for role in answer["roles"]] == sorted(role.id for role in BUILT_IN)
        statuses = [total["status"] for total in answer["accountStatus"]]
        assert statuses == ["active", "inactive", "closed"]
        held = {role["roleId"]: role["count"] for role in answer["roles"] if role["count"]}
        return held, [total["count"] for total in answer["accountStatus"]]

    assert await stats("-") == ({USER: 2, VIEWER: 1}, [3, 1, 1])
    assert await stats(world.default.id) == ({USER: 2, VIEWER: 1}, [2, 1, 0])
    assert await stats(east.id) == ({USER: 1, VIEWER: 1}, [1, 0, 1])
    assert await stats("-", directoryIds=f"{east.id},{world.default.id}") == await stats("-")
    assert await stats("-", roleIds=VIEWER) == ({USER: 1, VIEWER: 1}, [2, 0, 0])
    assert await stats("-", accountStatus="closed") == ({}, [0, 0, 1])
    assert await stats("-", groupIds="99999999-0000-4000-8000-000000000000") == ({}, [0, 0, 0])


async def test_get_users_is_deprecated(world: World) -> None:
    """Contract 3: the headers of the GET list, on errors too; the search is its successor."""
    for query in ({}, {"limit": "0"}, {"cursor": "x"}):
        headers = (await world.http.get(f"{world.v2()}/users", params=query)).headers
        assert headers["sunset"] == "Thu, 01 Jul 2027 00:00:00 GMT"
        assert headers["deprecation"] == "@1751328000"
    answer = await world.http.post(f"{world.v2()}/users/search", json={})
    assert "deprecation" not in answer.headers


async def test_lists_of_users_have_limits(world: World) -> None:
    """Contract 1.4: 20 and 50 unless asked, from 1 to 100."""
    for _ in range(51):
        await world.user()
    path = f"{world.v2()}/users"
    assert len(data(await world.http.get(path))) == 20
    assert len(await search(world)) == 50
    assert len(await search(world, limit=100)) == 51
    for limit in (0, 101, "x"):
        refused(await world.http.get(path, params={"limit": limit}), 400, "ADMIN-UAM-400-1", "1 to 100")
        body = {"limit": limit}
        refused(await world.http.post(f"{path}/search", json=body), 400, "ADMIN-UAM-400-1", "1 to 100")


async def test_reading_users_needs_its_scope(world: World) -> None:
    """Contract 1.2: read:directories:admin."""
    user = await world.user()
    users = f"{world.v2()}/users"
    paths = ["", "/count", "/stats", f"/{user.id}", f"/{user.id}/role-assignments"]
    async with world.client(await world.key("read:groups:admin")) as client:
        for path in paths:
            refused(await client.get(users + path), 403, "ADMIN-UAM-403-1", "read:directories:admin")
        refused(await client.post(f"{users}/search"), 403, "ADMIN-UAM-403-1", "read:directories:admin")
    async with world.client(await world.key("read:directories:admin")) as client:
        for path in paths:
            assert (await client.get(users + path)).status_code == 200
        assert (await client.post(f"{users}/search")).status_code == 200


async def test_reserved_words_are_no_accounts(world: World) -> None:
    """Contract 8: other methods on `count`, `stats` and `search` are 405."""
    for word, allowed in (("count", "GET"), ("stats", "GET"), ("search", "POST")):
        answer = await world.http.put(f"{world.v2()}/users/{word}")
        refused(answer, 405, "ADMIN-UAM-405-1")
        assert allowed in answer.headers["allow"]


async def test_cursors_of_users_are_bound(world: World) -> None:
    """Contract 1.4, 8: to the operation and to every id in the path; with one, all else is ignored."""
    for _ in range(3):
        await world.user()
    path = f"{world.v2()}/users"
    listed = (await world.http.get(path, params={"limit": 1})).json()["links"]["next"]
    searched = (await world.http.post(f"{path}/search", json={"limit": 1})).json()["links"]["next"]
    assert len(data(await world.http.get(path, params={"cursor": listed, "limit": "x"}))) == 1
    assert len(await search(world, world.default.id, cursor=searched, status="unknown")) == 1
    for wrong in (
        await world.http.post(f"{path}/search", json={"cursor": listed}),
        await world.http.get(path, params={"cursor": searched}),
        await world.http.get(f"{world.v2('-')}/users", params={"cursor": listed}),
        await world.http.post(f"{world.v2('-')}/users/search", json={"cursor": searched}),
        await world.http.get(path, params={"cursor": listed[:-1]}),
    ):
        refused(wrong, 400, "ADMIN-UAM-400-1", "cursor")


@pytest.mark.parametrize(("order", "expected"), [("name", ["A", "B", "C"]), ("-name", ["C", "B", "A"])])
async def test_get_users_in_an_order(world: World, order: str, expected: list[str]) -> None:
    """Contract 1.5, 4: as a search has it, and to the end by cursor."""
    for name in ("B", "C", "A"):
        await world.user(name=name)
    shown, query = [], f"sortBy={order}&limit=1"
    while query:
        page = (await world.http.get(f"{world.v2()}/users?{query}")).json()
        shown += [user["name"] for user in page["data"]]
        query = f"cursor={page['links']['next']}" if page["links"]["next"] else ""
    assert shown == expected


async def test_get_users_and_count_by_domain(world: World) -> None:
    """Contract 4: `emailDomains` in the list and in the count too."""
    wanted = await world.user(email="a@one.example")
    await world.user(email="a@two.example")
    page = (await world.http.get(f"{world.v2()}/users?emailDomains=ONE.example")).json()
    assert [user["accountId"] for user in page["data"]] == [wanted.id]
    counted = await world.http.get(f"{world.v2()}/users/count?emailDomains=one.example")
    assert counted.json() == {"count": 1}
