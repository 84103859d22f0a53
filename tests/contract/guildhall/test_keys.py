"""Contract 1.2, 6a: API keys over HTTP."""

import re

import pytest

from guildhall.http.access.authentication import Authenticator
from guildhall.http.request_counts import RequestCounts
from guildhall.model.times import to_text
from tests.contract.answers import data, done, events, refused
from tests.make import NOW

DAY = 86_400_000


@pytest.fixture
def url(world):
    return f"{world.ours()}/keys"


async def test_created_key_works_and_shows_its_secret_once(world, url):
    answer = await world.http.post(
        url, json={"name": "ci", "scopes": ["write:groups:admin", "read:groups:admin"]}
    )
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    created = answer.json()["data"]
    assert re.fullmatch("ghk_[0-9A-Za-z]{22}_[0-9A-Za-z]{32}_[0-9A-Za-z]{6}", created["secret"])
    async with world.client(created["secret"]) as client:
        assert (await client.get(f"{world.v2()}/groups")).status_code == 200
        refused(await client.get(url), 403, "ADMIN-UAM-403-1")
    listed = {key["id"]: key for key in data(await world.http.get(url))}
    assert listed[created["id"]] == {
        "id": created["id"],
        "name": "ci",
        "scopes": ["read:groups:admin", "write:groups:admin"],
        "rateLimit": None,
        "createdAt": to_text(NOW),
        "expiresAt": to_text(NOW + 7 * DAY),
        "lastUsedAt": None,
        "links": created["links"],
    }
    text = str(await events(world, "api_key_"))
    assert "api_key_created" in text
    assert created["secret"] not in text


async def test_key_without_scopes_has_full_access(world, url):
    created = (await world.http.post(url, json={"name": "all", "scopes": None})).json()["data"]
    assert created["scopes"] is None
    async with world.client(created["secret"]) as client:
        assert (await client.get(url)).status_code == 200


EXPIRIES = [
    ({}, NOW + 7 * DAY),
    ({"expiresInDays": 1}, NOW + DAY),
    ({"expiresInDays": 365}, NOW + 365 * DAY),
    ({"noExpiry": True}, None),
    ({"expiresAt": "2026-07-02"}, NOW + DAY),
    ({"expiresAt": "2026-07-01T02:00:01+01:00"}, NOW + 3_601_000),
    ({"expiresAt": None, "expiresInDays": None}, NOW + 7 * DAY),
]


async def test_expiry(world, url):
    for fields, expiry in EXPIRIES:
        world.clock.now = NOW
        created = (await world.http.post(url, json={"name": "k", **fields})).json()["data"]
        assert created["expiresAt"] == (None if expiry is None else to_text(expiry))
        world.clock.now = (expiry or 10**13) - 1
        async with world.client(created["secret"]) as client:
            assert (await client.get(url)).status_code == 200
            if expiry is not None:
                world.clock.now = expiry
                refused(await client.get(url), 401, "ADMIN-UAM-401-1", "expired")


BAD_FIELDS = [
    ({"expiresInDays": 0}, "expiresInDays"),
    ({"expiresInDays": 366}, "expiresInDays"),
    ({"expiresAt": "2026-07-01"}, "future"),
    ({"expiresAt": "2027-07-01T00:00:00.001Z"}, "2027-07-01"),
    ({"expiresAt": "tomorrow, please"}, "RFC 3339"),
    ({"expiresInDays": 1, "noExpiry": True}, "only one"),
    ({"scopes": []}, "scopes"),
    ({"scopes": ["full-access"]}, "scopes"),
    ({"scopes": ["read:groups:admin", "nonsense"]}, "scopes"),
    ({"rateLimit": 0}, "rateLimit"),
    ({"name": ""}, "name"),
    ({"name": "a\u0007"}, "name"),
]


async def test_wrong_fields_are_named(world, url):
    for fields, word in BAD_FIELDS:
        refused(await world.http.post(url, json={"name": "k", **fields}), 400, "ADMIN-UAM-400-1", word)


async def test_last_use_is_the_latest_of_all_workers(world, url):
    workers = [Authenticator(world.database, world.clock, RequestCounts(64)) for _ in range(3)]
    for number, worker in enumerate(workers):
        world.clock.now = NOW + number
        await worker.authenticate(f"Bearer {world.secret}")
    seen = []
    for number in (1, 2, 0):
        await workers[number].save_last_used()
        seen.append(data(await world.http.get(url))[0]["lastUsedAt"])
    assert seen == [to_text(NOW + number) for number in (1, 2, 2)]


async def test_rate_limit_of_a_key(world, url):
    created = (await world.http.post(url, json={"name": "k", "rateLimit": 1})).json()["data"]
    async with world.client(created["secret"]) as client:
        assert (await client.get(url)).headers["x-ratelimit-remaining"] == "0"
        refused(await client.get(url), 429, "ADMIN-UAM-429-1")


async def test_revoked_key_fails_at_once(world, url):
    created = (await world.http.post(url, json={"name": "k"})).json()["data"]
    async with world.client(created["secret"]) as client:
        assert (await client.get(url)).status_code == 200
        done(await world.http.delete(f"{url}/{created['id']}"))
        refused(await client.get(url), 401, "ADMIN-UAM-401-1", "revoked")
    refused(await world.http.delete(f"{url}/{created['id']}"), 404, "ADMIN-UAM-404-1", created["id"])
    refused(await world.http.delete(f"{url}/nonsense"), 404, "ADMIN-UAM-404-1")
    recorded = await events(world, "api_key_")
    assert [event["action"] for event in recorded] == ["api_key_created", "api_key_revoked"]
    assert recorded[1]["context"][0]["attributes"]["name"] == "k"


async def test_list_is_walked_by_cursor(world, url):
    for _ in range(4):
        await world.http.post(url, json={"name": "k"})
    ids, query = [], {"limit": 2}
    while query:
        page = (await world.http.get(url, params=query)).json()
        ids += [key["id"] for key in page["data"]]
        query = page["links"]["next"] and {"cursor": page["links"]["next"]}
    assert len(ids) == 5
    assert ids == sorted(set(ids))
