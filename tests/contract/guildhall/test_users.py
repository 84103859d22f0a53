"""Contract 6a, 4 "User", 8: furnishing users by id and by e-mail address."""

import re

import msgspec
import pytest

from guildhall.api.guildhall.users import PutUserBody
from guildhall.model.times import to_text
from guildhall.operations.maintenance.checks import check_database
from tests.contract.answers import data, events, refused
from tests.make import NOW, ORG_ADMIN

UNKNOWN = "99999999-0000-4000-8000-000000000000"
ADA = "557058:5cd11f9b-b2bd-47d5-a1d3-84f6c8fde7a1"


@pytest.fixture
def at(world):
    return lambda account_id: f"{world.ours()}/users/{account_id}"


async def test_put_creates_a_user_of_the_default_directory(world, at):
    created = await world.http.put(at(ADA), json={"name": " Ada Lovelace ", "email": "Ada@Example.com"})
    assert created.status_code == 201
    shown = created.json()["data"]
    shown.pop("links")
    texts = (
        "nickname",
        "picture",
        "avatar",
        "jobTitle",
        "department",
        "organization",
        "location",
        "timeZone",
    )
    assert shown == {
        "accountId": ADA,
        "accountType": "atlassian",
        "status": "active",
        "accountStatus": "active",
        "membershipStatus": "active",
        "addedToOrg": to_text(NOW),
        "name": "Ada Lovelace",
        "email": "Ada@Example.com",
        "emailVerified": None,
        "claimStatus": "unmanaged",
        "managementSource": "invited",
        "mfaEnabled": False,
        "productAccess": [],
        "directories": [world.default.id],
        "memberships": [
            {
                "directoryId": world.default.id,
                "status": "active",
                "managementSource": "invited",
                "addedToOrg": to_text(NOW),
            }
        ],
        **dict.fromkeys(texts),
    }


async def test_every_field_can_be_set_cleared_and_left_alone(world, at):
    fields = {
        "nickname": "ada",
        "emailVerified": True,
        "claimStatus": "managed",
        "picture": "https://example.com/p.png",
        "avatar": "https://example.com/a.png",
        "managementSource": "synced",
        "mfaEnabled": True,
        "jobTitle": "Analyst",
        "department": "Engines",
        "organization": "Example",
        "location": "London",
        "timeZone": "Europe/London",
        "addedToOrg": "2020-02-29T00:00:00.000Z",
        "productAccess": [
            {
                "key": "jira",
                "id": "ari:cloud:jira::site/1",
                "lastActiveTimestamp": "2026-06-30T12:00:00.000Z",
            }
        ],
    }
    who = {"name": "Ada", "email": "ada@example.com"}
    created = (await world.http.put(at(ADA), json=who | fields)).json()["data"]
    assert {name: created[name] for name in fields} == fields
    assert data(await world.http.put(at(ADA), json=who)) == created
    given = {field.encode_name for field in msgspec.structs.fields(PutUserBody)}
    again = {name: value for name, value in created.items() if name in given}
    assert data(await world.http.put(at(ADA), json=again)) == created
    nulls = {name: None for name in fields if isinstance(fields[name], str)} | {"emailVerified": None}
    cleared = data(await world.http.put(at(ADA), json=who | nulls | {"nickname": "", "productAccess": []}))
    gone = ("nickname", "picture", "avatar", "jobTitle", "department", "organization", "location", "timeZone")
    assert {cleared[name] for name in (*gone, "emailVerified")} == {None}
    assert (cleared["claimStatus"], cleared["addedToOrg"]) == ("managed", fields["addedToOrg"])
    assert cleared["productAccess"] == []
    assert data(await world.http.get(at(ADA))) == cleared


async def test_put_by_email_finds_the_user_in_any_spelling(world, at):
    """Contract 8 "E-mail addresses"."""
    created = await world.http.put(at("by-email"), json={"name": "Groß", "email": "groß@Fußball.example"})
    assert created.status_code == 201
    account_id = created.json()["data"]["accountId"]
    assert re.fullmatch("[0-9a-f]{24}", account_id)
    for email in (" GROß@FUßBALL.EXAMPLE ", "groß@xn--fuball-cta.example", "groß@XN--FUBALL-CTA.example"):
        again = data(await world.http.put(at("by-email"), json={"name": "Groß", "email": email}))
        assert (again["accountId"], again["email"]) == (account_id, email.strip())


@pytest.mark.parametrize(
    ("email", "lookalike"),
    [
        ("straße@example.com", "strasse@example.com"),
        ("info@fußball.example", "info@fussball.example"),
        ("\u017farah@example.com", "sarah@example.com"),
        ("sarah@\u017fite.example", "sarah@site.example"),
        ("\ufb01rma@example.com", "firma@example.com"),
        ("özil@example.com", "Özil@example.com"),
        ("jos\u00e9@example.com", "jose\u0301@example.com"),
        ("mike@example.com", "m\u0131ke@example.com"),
        ("mike@site.example", "mike@s\u0131te.example"),
        ("\u212aim@example.com", "kim@example.com"),
    ],
)
async def test_address_that_looks_like_another_is_of_somebody_else(world, at, email, lookalike):
    """Contract 8 "E-mail addresses": local parts are equal but for A-Z, and domains by their A-labels."""
    first = await world.http.put(at("by-email"), json={"name": "A", "email": email})
    second = await world.http.put(at("by-email"), json={"name": "B", "email": lookalike})
    assert (first.status_code, second.status_code) == (201, 201)
    for sought in (email, lookalike):
        found = (await world.http.post(f"{world.v2('-')}/users/search", json={"emails": [sought]})).json()
        assert [user["email"] for user in found["data"]] == [sought]


async def test_email_is_unique_in_an_organization(world, at):
    await world.http.put(at("a"), json={"name": "A", "email": "ada@straße.example"})
    answer = await world.http.put(at("b"), json={"name": "B", "email": "ADA@xn--strae-oqa.EXAMPLE"})
    refused(answer, 409, "ADMIN-UAM-409-1", "ADA@xn--strae-oqa.EXAMPLE")
    await world.http.put(at("b"), json={"name": "B", "email": "b@example.com"})
    answer = await world.http.put(at("b"), json={"name": "B", "email": "Ada@Straße.example"})
    refused(answer, 409, "ADMIN-UAM-409-1")
    other = await world.organization()
    url = f"{other.ours()}/users/a"
    body = {"name": "A", "email": "ada@straße.example"}
    assert (await other.http.put(url, json=body)).status_code == 201


@pytest.mark.parametrize("spelling", ["directories", "memberships"])
async def test_directories_are_a_whole(world, at, spelling):
    second = await world.directory()
    who = {"name": "A", "email": "a@example.com"}

    def places(*ids):
        return who | {spelling: list(ids) if spelling == "directories" else [{"directoryId": i} for i in ids]}

    created = (await world.http.put(at("a"), json=places(second.id.upper(), world.default.id))).json()["data"]
    assert created["directories"] == [world.default.id, second.id]
    group, resource = await world.group(), await world.resource()
    await world.role(group, resource)
    body = {"accountId": "a"}
    await world.http.post(f"{world.v2()}/groups/{group.id}/memberships", json=body)
    assert await world.seats(resource) == 1
    assert data(await world.http.put(at("a"), json=places(second.id)))["directories"] == [second.id]
    assert (await world.again(group)).users == 0
    assert await world.seats(resource) == 0
    left = data(await world.http.put(at("a"), json=places()))
    assert (left["directories"], left["status"], left["membershipStatus"]) == ([], None, "no_membership")
    assert data(await world.http.get(at("a"))) == left


async def test_each_directory_has_its_own_status(world, at):
    second = await world.directory()
    memberships = [
        {"directoryId": world.default.id, "status": "suspended", "addedToOrg": "2020-01-01"},
        {"directoryId": second.id, "managementSource": "synced"},
    ]
    who = {"name": "A", "email": "a@example.com"}
    created = (await world.http.put(at("a"), json=who | {"memberships": memberships})).json()["data"]
    assert [place["status"] for place in created["memberships"]] == ["suspended", "active"]
    assert (created["status"], created["membershipStatus"]) == ("suspended", "suspended")
    assert created["addedToOrg"] == "2020-01-01T00:00:00.000Z"
    both = data(await world.http.put(at("a"), json=who | {"status": "not_invited"}))
    assert [place["status"] for place in both["memberships"]] == ["not_invited", "not_invited"]


STATUSES = {
    "active": ("active", "active"),
    "suspended": ("active", "suspended"),
    "not_invited": ("active", "no_membership"),
    "deactivated": ("inactive", "no_membership"),
    "for_deletion": ("inactive", "no_membership"),
}


async def test_statuses_move_seats(world, at):
    """Contract 8: the table of statuses; memberships stay, seats follow."""
    resource, group, user = await world.resource(), await world.group(), await world.user()
    await world.role(group, resource)
    await world.add(group, user)
    who = {"name": user.name, "email": user.email}
    for status in (*STATUSES, *reversed(STATUSES)):
        shown = data(await world.http.put(at(user.id), json=who | {"status": status}))
        assert (shown["status"], shown["accountStatus"], shown["membershipStatus"]) == (
            status,
            *STATUSES[status],
        )
        assert await world.seats(resource) == (status == "active")
        assert (await world.again(group)).users == 1


async def test_returning_needs_a_seat(world, at):
    resource, group = await world.resource(user_limit=1), await world.group()
    await world.role(group, resource)
    user = await world.user()
    await world.add(group, user)
    who = {"name": user.name, "email": user.email}
    await world.http.put(at(user.id), json=who | {"status": "suspended"})
    await world.role(await world.user(), resource)
    answer = await world.http.put(at(user.id), json=who | {"status": "active", "jobTitle": "J"})
    refused(answer, 409, "ADMIN-UAM-409-3", resource.id)
    shown = data(await world.http.get(at(user.id)))
    assert (shown["status"], shown["jobTitle"]) == ("suspended", None)


async def test_closed_accounts_are_deactivated(world, at):
    who = {"name": "A", "email": "a@example.com"}
    await world.http.put(at("a"), json=who)
    closed = data(await world.http.put(at("a"), json=who | {"accountStatus": "closed"}))
    assert (closed["status"], closed["accountStatus"]) == ("deactivated", "closed")
    answer = await world.http.put(at("a"), json=who | {"status": "active"})
    refused(answer, 400, "ADMIN-UAM-400-1", "closed")
    reopened = data(await world.http.put(at("a"), json=who | {"accountStatus": "active", "status": "active"}))
    assert (reopened["status"], reopened["accountStatus"]) == ("active", "active")


async def test_org_admins_cannot_be_suspended_or_taken_out(world, at):
    directly, through = await world.user(), await world.user()
    await world.role(directly, await world.own_resource(), ORG_ADMIN)
    group = await world.group(members=[through])
    await world.role(group, await world.own_resource(), ORG_ADMIN)
    for user in (directly, through):
        who = {"name": user.name, "email": user.email}
        for fields in ({"status": "suspended"}, {"directories": []}, {"accountStatus": "closed"}):
            answer = await world.http.put(at(user.id), json=who | fields)
            refused(answer, 400, "ADMIN-UAM-400-1", "organization admin")
        assert data(await world.http.put(at(user.id), json=who | {"jobTitle": "Boss"}))["status"] == "active"


async def test_one_put_is_one_event(world, at):
    second = await world.directory()
    who = {"name": "A", "email": "a@example.com"}
    for fields in (
        {},
        {},
        {"jobTitle": "J"},
        {"status": "suspended", "jobTitle": "K"},
        {"status": "active"},
        {"directories": [world.default.id, second.id]},
        {"directories": [second.id]},
    ):
        assert (await world.http.put(at("a"), json=who | fields)).is_success
    recorded = await events(world, "user_")
    assert [event["action"] for event in recorded] == [
        "user_invited",
        "user_updated",
        "user_suspended",
        "user_restored",
        "user_invited",
        "user_removed",
    ]
    subject = recorded[2]["context"][0]
    assert (subject["id"], subject["type"]) == ("a", "users")
    assert subject["attributes"]["jobTitle"] == "K"
    assert subject["attributes"]["before"]["jobTitle"] == "J"
    assert subject["attributes"]["before"]["directories"][0]["status"] == "active"


async def test_list_is_by_account_id(world, at):
    ids = sorted([(await world.user()).id for _ in range(4)] + [ADA])
    await world.http.put(at(ADA), json={"name": "Ada", "email": "ada@example.com"})
    found, query = [], {"limit": "2"}
    while query:
        page = (await world.http.get(f"{world.ours()}/users", params=query)).json()
        found += [user["accountId"] for user in page["data"]]
        query = page["links"]["next"] and {"cursor": page["links"]["next"]}
    assert found == ids
    back = (await world.http.get(f"{world.ours()}/users", params={"cursor": page["links"]["prev"]})).json()
    assert [user["accountId"] for user in back["data"]] == ids[2:4]


WRONG = [
    ({"name": ""}, "name"),
    ({"name": "a\u0000"}, "NUL"),
    ({"name": "a\nb"}, "name"),
    ({"email": "nobody"}, "email"),
    ({"email": "a@b@c"}, "email"),
    ({"email": "a b@c"}, "email"),
    ({"email": "@c"}, "email"),
    ({"email": f"{'a' * 320}@c"}, "email"),
    ({"status": "gone"}, "status"),
    ({"accountStatus": "gone"}, "accountStatus"),
    ({"claimStatus": "mine"}, "claimStatus"),
    ({"mfaEnabled": "yes"}, "mfaEnabled"),
    ({"jobTitle": "a\nb"}, "jobTitle"),
    ({"jobTitle": "x" * 256}, "jobTitle"),
    ({"addedToOrg": "yesterday?"}, "addedToOrg"),
    ({"directories": ["x"]}, "directories"),
    ({"directories": [], "memberships": [{"directoryId": UNKNOWN}]}, "memberships"),
    ({"productAccess": [{"id": "x", "lastActiveTimestamp": "2026-01-01"}]}, "productAccess"),
    (
        {"productAccess": [{"id": "ari:cloud:jira::site/1", "lastActiveTimestamp": "2026-13-01"}]},
        "productAccess",
    ),
]


async def test_wrong_fields_are_named(world, at):
    for fields, word in WRONG:
        body = {"name": "A", "email": "a@example.com"} | fields
        refused(await world.http.put(at("a"), json=body), 400, "ADMIN-UAM-400-1", word)
    refused(await world.http.get(at("a")), 404, "ADMIN-UAM-404-1", "a")


async def test_unknown_directories_are_not_found(world, at):
    who = {"name": "A", "email": "a@example.com"}
    refused(
        await world.http.put(at("a"), json=who | {"directories": [UNKNOWN]}), 404, "ADMIN-UAM-404-1", UNKNOWN
    )
    twice = {"directories": [world.default.id, world.default.id]}
    refused(await world.http.put(at("a"), json=who | twice), 400, "ADMIN-UAM-400-1", "twice")
    refused(await world.http.get(at("a")), 404, "ADMIN-UAM-404-1")


async def test_malformed_ids_are_not_found(world, at):
    for account_id in ("a%20b", "x" * 129, "a%00", "%C3%A4"):
        body = {"name": "A", "email": "a@example.com"}
        refused(await world.http.put(at(account_id), json=body), 404, "ADMIN-UAM-404-1")
        refused(await world.http.get(at(account_id)), 404, "ADMIN-UAM-404-1")


@pytest.mark.parametrize(
    ("changes", "filters"),
    [
        ({"mfaEnabled": True}, {"mfaEnabled": "true"}),
        ({"claimStatus": "managed"}, {"claimStatus": "managed"}),
        ({"claimStatus": "managed", "mfaEnabled": True}, {"claimStatus": "managed", "mfaEnabled": "true"}),
        ({"status": "deactivated", "accountStatus": "closed"}, {"accountStatus": "closed"}),
        ({"status": "suspended", "mfaEnabled": True}, {"status": "suspended", "mfaEnabled": "true"}),
    ],
)
async def test_changes_of_an_account_are_counted_in_all_its_directories(world, at, changes, filters):
    """Contract 4, 8: an account in two directories has a row in each."""
    other = await world.directory()
    who = {"name": "A", "email": "a@example.com", "directories": [world.default.id, other.id]}
    await world.user()

    async def counted():
        answer = await world.http.get(f"{world.v2('-')}/users/count", params=filters)
        return answer.json()["count"]

    await world.http.put(at("a"), json=who)
    assert await counted() == 0
    assert (await world.http.put(at("a"), json=who | changes)).status_code == 200
    assert await counted() == 2
    back = who | {
        "status": "active",
        "accountStatus": "active",
        "claimStatus": "unmanaged",
        "mfaEnabled": False,
    }
    assert (await world.http.put(at("a"), json=back)).status_code == 200
    assert await counted() == 0
    assert await check_database(world.database, lambda *_: None) == []
