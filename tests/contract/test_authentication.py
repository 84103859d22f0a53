"""Contract 1.2 and 1.7: keys, scopes and rate limits, on every operation of groups."""

import asyncio

import pytest

from guildhall.model.keys import make_key
from tests.contract.answers import data, done, refused
from tests.make import NOW, USER

UNKNOWN = "99999999-0000-4000-8000-000000000000"
READ_GROUPS, WRITE_GROUPS, READ_DIRECTORIES = (
    "read:groups:admin",
    "write:groups:admin",
    "read:directories:admin",
)
OTHER_SCOPES = (
    "read:orgs:admin",
    "read:accounts:admin",
    "read:workspaces:admin",
    "read:events:admin",
    "write:directories:admin",
)
OPERATIONS = [
    ("GET", "{v2}/groups", READ_GROUPS),
    ("POST", "{v2}/groups/search", READ_GROUPS),
    ("GET", "{v2}/groups/count", READ_GROUPS),
    ("GET", "{v2}/groups/stats", READ_GROUPS),
    ("GET", "{v2}/groups/{group}", READ_GROUPS),
    ("GET", "{v2}/groups/{group}/role-assignments", READ_GROUPS),
    ("GET", "{v2}/groups/{group}/memberships", READ_DIRECTORIES),
    ("POST", "{v2}/groups", WRITE_GROUPS),
    ("PATCH", "{v2}/groups/{group}", WRITE_GROUPS),
    ("POST", "{v2}/groups/{group}/memberships", WRITE_GROUPS),
    ("DELETE", "{v2}/groups/{group}/memberships/{user}", WRITE_GROUPS),
    ("POST", "{v2}/groups/{group}/role-assignments/assign", WRITE_GROUPS),
    ("POST", "{v2}/groups/{group}/role-assignments/revoke", WRITE_GROUPS),
    ("DELETE", "{v2}/groups/{group}", WRITE_GROUPS),
    ("POST", "{v1}/groups/search", READ_GROUPS),
    ("POST", "{v1}/directory/groups", WRITE_GROUPS),
    ("POST", "{v1}/directory/groups/{other}/memberships", WRITE_GROUPS),
    ("DELETE", "{v1}/directory/groups/{other}/memberships/{user}", WRITE_GROUPS),
    ("POST", "{v1}/directory/groups/{other}/roles/assign", WRITE_GROUPS),
    ("POST", "{v1}/directory/groups/{other}/roles/revoke", WRITE_GROUPS),
    ("DELETE", "{v1}/directory/groups/{other}", WRITE_GROUPS),
]


async def targets(world):
    """Every operation of groups with ids that are there and a body that it takes."""
    user, resource = await world.user(), await world.resource()
    ids = {"group": (await world.group()).id, "other": (await world.group()).id, "user": user.id}
    body = {
        "name": "New",
        "accountId": user.id,
        "account_id": user.id,
        "resourceId": resource.id,
        "roleId": USER,
        "roleAssociations": [{"resource": resource.id, "role": USER}],
    }
    places = {"v1": world.v1(), "v2": world.v2()}
    for number, (method, path, scope) in enumerate(OPERATIONS):
        yield method, path.format(**places, **ids), scope, body | {"name": f"New {number}"}


async def test_operations_need_their_scope_and_no_other(world):
    """Contract 1.2: a write scope implies no read; v1 401 INSUFFICIENT_SCOPE, v2 403; both name it."""
    for own in (READ_GROUPS, WRITE_GROUPS, READ_DIRECTORIES):
        others = {READ_GROUPS, WRITE_GROUPS, READ_DIRECTORIES, *OTHER_SCOPES} - {own}
        secrets = await world.key(own), await world.key(*sorted(others))
        async with world.client(secrets[0]) as right, world.client(secrets[1]) as wrong:
            async for method, path, scope, body in targets(world):
                if scope == own:
                    await require_scope(wrong, right, method, path, scope, body)


async def require_scope(wrong, right, method, path, scope, body):
    answer = await wrong.request(method, path, json=body)
    if "/v1/" in path:
        (error,) = refused(answer, 401, "ADMIN-401-2", scope)
        assert error["title"] == "INSUFFICIENT_SCOPE"
        assert answer.headers["www-authenticate"] == "Bearer"
    else:
        refused(answer, 403, "ADMIN-UAM-403-1", scope)
    assert (await right.request(method, path, json=body)).is_success, path


async def test_no_or_bad_key_is_401(world):
    """Contract 1.2: missing, malformed, unknown, of another scheme; with WWW-Authenticate."""
    good, unknown = world.secret, make_key(world.org_id)
    for header in (
        None,
        "",
        "Bearer",
        "Bearer ",
        good,
        f"Basic {good}",
        f"Token {good}",
        f"Bearer {good}x",
        f"Bearer {good[:-1]}",
        f"Bearer {good.upper()}",
        f"Bearer {unknown}",
        f"Bearer {make_key(UNKNOWN)}",
        f"Bearer {good} {good}",
        "Bearer ghk_",
        "Bearer " + "x" * 5_000,
        "Bearer é",
    ):
        headers = {} if header is None else {"authorization": header.encode("latin-1")}
        async with world.client(None) as client:
            for path, method, code in (
                (f"{world.v2()}/groups", "GET", "ADMIN-UAM-401-1"),
                (f"{world.v1()}/groups/search", "POST", "ADMIN-401-1"),
            ):
                answer = await client.request(method, path, headers=headers)
                refused(answer, 401, code)
                assert answer.headers["www-authenticate"] == "Bearer"


async def test_scheme_is_read_in_any_case(world):
    """RFC 9110 §11.1."""
    async with world.client(None) as client:
        headers = {"authorization": f"bEARER {world.secret}"}
        assert data(await client.get(f"{world.v2()}/groups", headers=headers)) == []


async def test_expired_key_is_401(world):
    """Contract 1.2: from the instant of its expiry on, without a look-up."""
    async with world.client(await world.key(expires_at=NOW + 1_000)) as client:
        world.clock.now = NOW + 999
        assert data(await client.get(f"{world.v2()}/groups")) == []
        world.clock.now = NOW + 1_000
        refused(await client.get(f"{world.v2()}/groups"), 401, "ADMIN-UAM-401-1")


async def test_organization_of_others_does_not_exist(world):
    """Contract 1.2: another organization and none are indistinguishable, on every operation."""
    async for method, path, _, body in targets(world):
        code = "ADMIN-404-2" if "/v1/" in path else "ADMIN-UAM-404-2"
        answer = await world.http.request(method, path.replace(world.org_id, UNKNOWN), json=body)
        refused(answer, 404, code, UNKNOWN)


async def test_limited_key_is_told_what_is_left(world):
    """Contract 1.7: three headers on answers, errors included; 429 adds Retry-After."""
    reset = "2026-07-01T00:01Z"
    async with world.client(await world.key(rate_limit=3)) as client:
        for remaining, path in ((2, "groups"), (1, "groups?limit=0"), (0, "groups/x")):
            answer = await client.get(f"{world.v2()}/{path}")
            limits = [answer.headers[f"x-ratelimit-{name}"] for name in ("limit", "remaining", "reset")]
            assert limits == ["3", str(remaining), reset]
        for method, path, code in (
            ("GET", f"{world.v2()}/groups", "ADMIN-UAM-429-1"),
            ("POST", f"{world.v1()}/groups/search", "ADMIN-429-1"),
        ):
            answer = await client.request(method, path)
            refused(answer, 429, code)
            assert answer.headers["retry-after"] == "60"
            assert answer.headers.get_list("x-ratelimit-remaining") == ["0"]
        world.clock.now = NOW + 60_000
        assert data(await client.get(f"{world.v2()}/groups")) == []


async def test_limit_holds_for_requests_that_come_at_once(world):
    """Contract 1.7: also where all of them find the key not looked up yet."""
    async with world.client(await world.key(rate_limit=10)) as client:
        answers = await asyncio.gather(*(client.get(f"{world.v2()}/groups") for _ in range(40)))
    assert sorted(answer.status_code for answer in answers) == [200] * 10 + [429] * 30


async def test_limit_holds_when_another_key_is_revoked(world):
    keys = f"{world.ours()}/keys"
    async with world.client(await world.key(rate_limit=2)) as client:
        for status in (200, 200, 429):
            other = (await world.http.post(keys, json={"name": "other"})).json()["data"]["id"]
            assert (await client.get(f"{world.v2()}/groups")).status_code == status
            done(await world.http.delete(f"{keys}/{other}"))


async def test_key_without_a_limit_is_told_nothing(world):
    """Contract 1.7: the default is no limit."""
    answer = await world.http.get(f"{world.v2()}/groups")
    assert not [name for name in answer.headers if name.startswith("x-ratelimit")]


@pytest.mark.parametrize("scopes", [(), (READ_GROUPS, WRITE_GROUPS)])
async def test_actor_of_an_event_is_the_key(world, scopes):
    """Contract 8: its id and name, no e-mail, authType api-token."""
    async with world.client(await world.key(*scopes, name="deploy")) as client:
        done(await client.post(f"{world.v2()}/groups", json={"name": "New"}), 201)
    newest = data(await world.http.get(f"{world.v1()}/events"))[0]["attributes"]
    assert (newest["action"], newest["actor"]["name"]) == ("group_created", "deploy")
    assert "email" not in newest["actor"]
    assert newest["actor"]["auth"]["authType"] == "api-token"
    assert newest["actor"]["auth"]["tokenId"] == newest["actor"]["id"]
    assert newest["location"] == {"ip": "127.0.0.1"}


@pytest.mark.parametrize("blanks", [" ", "  ", "      "])
async def test_scheme_is_followed_by_one_blank_or_more(world, blanks):
    """RFC 9110 §11.4 and contract 8, "Proxies"."""
    key = world.http.headers["authorization"].removeprefix("Bearer ")
    headers = {"Authorization": f"Bearer{blanks}{key}"}
    assert (await world.http.get(f"{world.v2()}/groups", headers=headers)).status_code == 200
