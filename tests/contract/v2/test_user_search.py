"""Users, version 2: the filters and orders of lists and searches (contract 1.5, 4, 8)."""

from typing import Any

import pytest

from guildhall.model.users import ClaimStatus, UserStatus
from guildhall.operations.accounts import ProfileChanges
from tests.contract.answers import data, refused
from tests.make import ADMIN, USER, VIEWER, World

UNKNOWN = "99999999-0000-4000-8000-000000000000"


async def found(world: World, **filters: Any) -> list[str]:
    """The names of what a filter finds: the same by search, by list and by number."""
    users = f"{world.v2('-')}/users"
    rows = data(await world.http.post(f"{users}/search", json=filters))
    names = [row["name"] for row in rows]
    if "emailDomains" not in filters:
        assert [row["name"] for row in data(await world.http.get(users, params=filters))] == names
        count = await world.http.get(f"{users}/count", params=filters)
        assert count.json() == {"count": len(names)}
    return names


@pytest.mark.parametrize(
    ("term", "names"),
    [
        ("strasse", ["Große Straße", "STRASSE"]),
        ("STRASSE", ["Große Straße", "STRASSE"]),
        ("ß", ["Große Straße", "STRASSE"]),
        ("grosse", ["Große Straße"]),
        ("i\u0307pek", ["İpek"]),
        ("İPEK", ["İpek"]),
        ("été", ["Été", "E\u0301te\u0301"]),
        ("e\u0301", ["Été", "E\u0301te\u0301"]),
        ("ÉT", ["Été", "E\u0301te\u0301"]),
        ("👍", ["👍🏽 Thumb"]),
        ("👍🏽", ["👍🏽 Thumb"]),
        ("👍🏿", []),
        ("王", ["王小明"]),
        ("小明", ["王小明"]),
        ("%", ["100%"]),
        ("0%", ["100%"]),
        ("_", ["a_b"]),
        ("a_b", ["a_b"]),
        ("*", []),
        ("x.y+z", ["a_b"]),
        ("@acme", ["Große Straße", "100%"]),
        ("ACME.EXAMPLE", ["Große Straße", "100%"]),
        # A term stands within the name or within the e-mail, never across the two.
        ("%acme", []),
        ("bx.y", []),
        ("\u0003", []),
        (" ", ["Große Straße", "👍🏽 Thumb"]),
    ],
)
async def test_search_users_by_a_part_of_name_or_email(world: World, term: str, names: list[str]) -> None:
    """Contract 8: a folded substring of name or e-mail; no character is special."""
    people = {
        "Große Straße": "one@acme.example",
        "STRASSE": "two@example.com",
        "İpek": "three@example.com",
        "Été": "four@example.com",
        "E\u0301te\u0301": "five@example.com",
        "👍🏽 Thumb": "six@example.com",
        "王小明": "seven@example.com",
        "100%": "acme@acme.example",
        "a_b": "x.y+z@example.com",
    }
    for name, email in people.items():
        await world.user(name=name, email=email)
    assert await found(world, searchTerm=term) == names


async def test_search_users_by_whole_emails(world: World) -> None:
    """Contract 4: `emails` are whole, `emailDomains` what stands behind the @; 8: both are identifiers."""
    await world.user(name="A", email="Ada@Example.com")
    await world.user(name="B", email="ada@sub.example.com")
    await world.user(name="C", email="özil@straße.example")
    assert await found(world, emails=["ADA@EXAMPLE.COM", "nobody@example.com"]) == ["A"]
    assert await found(world, emails=["özil@xn--strae-oqa.EXAMPLE", "ada@example.com"]) == ["A", "C"]
    assert await found(world, emails=["özIL@STRAßE.example"]) == ["C"]
    assert await found(world, emails=["ÖZIL@straße.example", "özil@strasse.example"]) == []
    assert await found(world, emails=["ada"]) == []
    assert await found(world, emailDomains=["EXAMPLE.com"]) == ["A"]
    assert await found(world, emailDomains=["STRAßE.example", "sub.example.com"]) == ["B", "C"]
    assert await found(world, emailDomains=["xn--strae-oqa.example"]) == ["C"]
    assert await found(world, emailDomains=["strasse.example"]) == []
    assert await found(world, emailDomains=["com"]) == []


async def test_search_users_by_term_and_emails_is_400(world: World) -> None:
    """Contract 4: `searchTerm` with `emails`."""
    both = {"searchTerm": "a", "emails": ["a@example.com"]}
    path = f"{world.v2()}/users"
    for answer in (
        await world.http.post(f"{path}/search", json=both),
        await world.http.get(path, params=both),
        await world.http.get(f"{path}/count", params=both),
        await world.http.get(f"{path}/stats", params=both),
    ):
        refused(answer, 400, "ADMIN-UAM-400-1", "searchTerm", "emails")


async def test_search_users_by_effective_roles(world: World) -> None:
    """Contract 8: direct or through groups; resource and role describe one assignment."""
    jira, wiki = await world.resource("jira"), await world.resource("confluence")
    direct, member, nobody = [await world.user(name=name) for name in ("Direct", "Member", "Nobody")]
    group = await world.group(members=[member])
    await world.role(group, jira)
    await world.role(group, wiki, VIEWER)
    await world.role(direct, wiki)
    assert await found(world, resourceIds=[jira.id]) == ["Member"]
    assert await found(world, resourceIds=[wiki.id]) == ["Direct", "Member"]
    assert await found(world, roleIds=[USER]) == ["Direct", "Member"]
    assert await found(world, roleIds=[VIEWER, ADMIN]) == ["Member"]
    assert await found(world, resourceIds=[wiki.id], roleIds=[USER]) == ["Direct"]
    assert await found(world, resourceIds=[jira.id], roleIds=[VIEWER]) == []
    assert await found(world, resourceIds=["ari:cloud:jira::site/none"]) == []
    assert await found(world, groupIds=[group.id, UNKNOWN]) == ["Member"]
    assert await found(world, groupIds=[group.id], accountIds=[nobody.id]) == []
    assert await found(world, accountIds=[nobody.id, direct.id]) == ["Direct", "Nobody"]


async def test_search_users_by_statuses(world: World) -> None:
    """Contract 4: different filters are joined by AND, the values of one by OR."""
    for name, status, closed in (
        ("A", UserStatus.ACTIVE, False),
        ("B", UserStatus.SUSPENDED, False),
        ("C", UserStatus.NOT_INVITED, False),
        ("D", UserStatus.DEACTIVATED, False),
        ("E", UserStatus.DEACTIVATED, True),
    ):
        claim = ClaimStatus.MANAGED if name in "AE" else ClaimStatus.UNMANAGED
        await world.user(
            name=name, status=status, closed=closed, claim_status=claim, mfa_enabled=name in "AB"
        )
    assert await found(world, status=["active", "deactivated"]) == ["A", "D", "E"]
    assert await found(world, accountStatus=["active"], membershipStatus=["no_membership"]) == ["C"]
    assert await found(world, accountStatus=["inactive", "closed"]) == ["D", "E"]
    assert await found(world, status=["deactivated"], accountStatus=["closed"]) == ["E"]
    assert await found(world, status=["active"], accountStatus=["closed"]) == []
    assert await found(world, claimStatus=["managed"], mfaEnabled=False) == ["E"]
    assert await found(world, claimStatus=["managed", "unmanaged"], mfaEnabled=True) == ["A", "B"]
    assert await found(world, membershipStatus=["active", "suspended", "no_membership"]) == list("ABCDE")


async def test_search_users_takes_one_word_for_an_array(world: World) -> None:
    """A word alone stands for an array of one, as in a query."""
    await world.user(name="A")
    await world.user(name="B", status=UserStatus.SUSPENDED)
    assert await found(world, status="suspended") == ["B"]
    assert await found(world, accountStatus="active", membershipStatus="active") == ["A"]
    assert await found(world, claimStatus="unmanaged") == ["A", "B"]


async def test_get_users_reads_every_encoding(world: World) -> None:
    """Contract 1.5: repeated and comma-separated values, booleans in any case, empty as absent."""
    one, two = await world.user(name="A", mfa_enabled=True), await world.user(name="B")
    path = f"{world.v2()}/users"
    for query, names in (
        (f"accountIds={one.id}&accountIds={two.id}", ["A", "B"]),
        (f"accountIds={one.id},{two.id}", ["A", "B"]),
        ("status=active,suspended&status=deactivated", ["A", "B"]),
        ("mfaEnabled=True", ["A"]),
        ("mfaEnabled=FALSE", ["B"]),
        ("searchTerm=&emails=&status=", ["A", "B"]),
        ("colour=red", ["A", "B"]),
    ):
        assert [row["name"] for row in data(await world.http.get(f"{path}?{query}"))] == names
    strict = await world.http.get(f"{path}?acountIds=x", headers={"prefer": "handling=strict"})
    refused(strict, 400, "ADMIN-UAM-400-1", "accountIds")


async def test_search_users_reads_null_as_absent(world: World) -> None:
    """Contract 8: null and the empty string count as absent, and a body may be left out."""
    await world.user()
    path = f"{world.v2()}/users/search"
    body = {"status": None, "searchTerm": "", "mfaEnabled": None, "sortBy": None, "cursor": None}
    for answer in (await world.http.post(path), await world.http.post(path, json=body)):
        assert len(data(answer)) == 1


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("status", ["awake"], "not_invited"),
        ("accountStatus", ["suspended"], "inactive"),
        ("membershipStatus", ["deactivated"], "no_membership"),
        ("claimStatus", ["claimed"], "unmanaged"),
        ("mfaEnabled", "maybe", "true or false"),
        ("roleIds", ["atlassian/none"], "atlassian/viewer"),
        ("groupIds", ["x"], "UUID"),
        ("directoryIds", ["-"], "UUID"),
        ("accountIds", ["a b"], "account id"),
        ("resourceIds", ["jira"], "ARI"),
        ("accountIds", ["x"] * 11, "10"),
        ("emails", ["x@example.com"] * 11, "10"),
        ("status", ["active"] * 11, "10"),
        ("resourceIds", ["ari:cloud:jira::site/1"] * 21, "20"),
        ("searchTerm", "x" * 256, "255"),
    ],
)
async def test_filters_of_users_refuse_what_they_cannot_read(
    world: World, field: str, value: Any, words: str
) -> None:
    """Contract 1.5: 400 that names the field and what is allowed."""
    path = f"{world.v2()}/users"
    answers = [await world.http.post(f"{path}/search", json={field: value})]
    answers += [await world.http.get(path + end, params={field: value}) for end in ("", "/count", "/stats")]
    for answer in answers:
        refused(answer, 400, "ADMIN-UAM-400-1", field, words)


async def test_search_users_sorts_by_name_and_nickname(world: World) -> None:
    """Contract 1.5: `nick_name` or `name`, in both directions; a name stands for no nickname."""
    for name, nickname in (
        ("Čapek", None),
        ("ada", "zoë"),
        ("BOB", "Ärger"),
        ("straße", "B"),
        ("STRASSE", None),
    ):
        await world.user(name=name, profile=ProfileChanges(nickname=nickname))
    by_name = ["ada", "BOB", "straße", "STRASSE", "Čapek"]
    by_nickname = ["straße", "STRASSE", "ada", "BOB", "Čapek"]

    async def order(**body: Any) -> list[str]:
        rows = data(await world.http.post(f"{world.v2()}/users/search", json=body))
        return [row["name"] for row in rows]

    assert await order() == ["Čapek", "ada", "BOB", "straße", "STRASSE"]
    for field, names in (("name", by_name), ("nick_name", by_nickname)):
        assert await order(sortBy={"field": field}) == names
        assert await order(sortBy=[{"field": field, "direction": "asc"}]) == names
        assert await order(sortBy=[{"field": field, "direction": "desc"}]) == names[::-1]
    for sort in ({"field": "email"}, {"field": "name", "direction": "up"}, [{"field": "name"}] * 2, "name"):
        answer = await world.http.post(f"{world.v2()}/users/search", json={"sortBy": sort})
        allowed = "asc, desc" if "up" in str(sort) else "nick_name"
        refused(answer, 400, "ADMIN-UAM-400-1", "sortBy", allowed)


async def test_a_renamed_user_sorts_and_is_found_anew(world: World) -> None:
    """What is searched and sorted by follows every change."""
    await world.user(
        name="Zed", email="z@example.com", account_id="a", profile=ProfileChanges(nickname="Zed")
    )
    await world.user(name="Mid", account_id="b")
    await world.user(
        name="Ann", email="ann@example.com", account_id="a", profile=ProfileChanges(nickname=None)
    )
    for field in ("name", "nick_name"):
        rows = data(await world.http.post(f"{world.v2()}/users/search", json={"sortBy": {"field": field}}))
        assert [row["name"] for row in rows] == ["Ann", "Mid"]
    assert await found(world, searchTerm="zed") == await found(world, searchTerm="z@") == []
    assert await found(world, searchTerm="ann@") == ["Ann"]
