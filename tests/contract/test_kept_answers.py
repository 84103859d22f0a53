"""Answers that are given again equal what the store holds: whoever wrote, and whatever it was (ADR 14)."""

import asyncio
import gc
import random

import pytest
from prometheus_client import REGISTRY

from guildhall.app import ROUTES
from guildhall.http import authentication
from guildhall.http.kept import KeptAnswers, Repeated
from guildhall.http.metrics import publish_requests
from guildhall.http.response import Response
from guildhall.model.paging import Window
from guildhall.operations.keys import list_keys, revoke_key
from guildhall.store.sqlite import SQLiteDatabase
from guildhall.store.sqlite_transaction import complete
from tests import make
from tests.contract.answers import data, refused

ROUNDS, READS = 40, 24


@pytest.fixture
async def world(tmp_path):
    """Answers are kept on SQLite only."""
    async with make.open_world(f"sqlite:///{tmp_path}/guildhall.db") as opened:
        yield opened


@pytest.fixture
def compared(world, monkeypatch):
    """Make each answer that is given again anew as well, and let the two be equal; give the pairs."""
    application, database, again = world.server._application, world.database, []
    lock = database._writer._lock

    def compare(exchange, answer, commits):
        request = complete(application._read_request(exchange, answer.route))
        fresh = database._read_on_loop(answer.route.handler, (request,), {}, None)
        # The writer has a thread of its own: what it committed between the two is in the second only.
        if lock.commits == commits:
            again.append((answer.body, fresh.body))

    def repeat_and_compare(exchange):
        commits = lock.commits
        answer = repeat(exchange)
        if answer is not None:
            exchange.match = application._router.find(exchange.method, exchange.path)
            header = exchange.header(b"authorization")
            exchange.caller, _ = complete(application._authenticator.authenticate(header))
            compare(exchange, answer, commits)
        return answer

    async def operate_and_compare(exchange, route, kept):
        commits = lock.commits
        answer = await operate_or_repeat(exchange, route, kept)
        if isinstance(answer, Repeated):
            compare(exchange, answer, commits)
        return answer

    repeat, operate_or_repeat = application._repeat, application._operate_or_repeat
    monkeypatch.setattr(application, "_repeat", repeat_and_compare)
    monkeypatch.setattr(application, "_operate_or_repeat", operate_and_compare)
    yield again
    assert [given for given, _ in again] == [fresh for _, fresh in again]


def questions_about(world, groups, user, resource):
    """Method, path and parts of requests that show groups, or groups and something else."""
    place, anywhere = world.v2(), world.v2("-")
    counts = {"counts": '{"includeUsers":true,"includeResources":true}'}
    return [
        *(("GET", f"{place}/groups/{group.id}", {}) for group in groups[:4]),
        *(("GET", f"{place}/groups/{group.id}/memberships", {}) for group in groups[:2]),
        ("GET", f"{anywhere}/groups", {"params": {"limit": 5, **counts}}),
        ("GET", f"{place}/groups", {"params": {"limit": 20, **counts}}),
        ("GET", f"{place}/groups", {"params": {"accountIds": user.id}}),
        ("GET", f"{place}/groups", {"params": {"resourceIds": resource.id, **counts}}),
        ("GET", f"{place}/groups/count", {"params": {"searchTerm": "name"}}),
        ("GET", f"{anywhere}/groups/stats", {}),
        ("GET", f"{anywhere}/users", {"params": {"groupIds": groups[0].id}}),
        ("POST", f"{place}/groups/search", {"json": {"searchTerm": "a", "expand": ["counts.users"]}}),
        ("POST", f"{world.v1()}/groups/search", {"json": {"limit": 50}}),
        ("POST", f"{world.v1()}/groups/search", {"json": {"limit": 50, "expand": ["USERS", "META"]}}),
        ("GET", f"/admin/v2/orgs/{world.org_id}/directories", {}),
        ("GET", "/admin/v1/orgs", {}),
    ]


async def test_answers_given_again_are_those_of_now_among_writers(world, compared):
    """Names, descriptions, flags, counts, members, roles and directories change while the same is asked."""
    chance = random.Random(3)
    groups = [await world.group(members=1) for _ in range(12)]
    users = [await world.user() for _ in range(4)]
    resource = await world.resource()
    await world.role(groups[0], resource, make.USER)
    key = await world.key("read:groups:admin", "read:accounts:admin", "read:directories:admin")
    readers = [world.http, world.client(key)]
    place, questions = world.v2(), questions_about(world, groups, users[0], resource)

    async def write(number):
        path = f"{place}/groups/{chance.choice(groups).id}"
        role = {"resourceId": resource.id, "roleId": chance.choice((make.ADMIN, make.VIEWER))}
        user = chance.choice(users).id
        kinds = [
            lambda: world.http.patch(path, json={"name": f"Name {number}"}),
            lambda: world.http.patch(path, json={"description": f"Description {number}"}),
            lambda: world.http.post(
                f"{path}/role-assignments/{chance.choice(('assign', 'revoke'))}", json=role
            ),
            lambda: world.http.post(f"{path}/memberships", json={"accountId": user}),
            lambda: world.http.delete(f"{path}/memberships/{user}"),
            lambda: world.http.post(f"{place}/groups", json={"name": f"Made {number}"}),
        ]
        await asyncio.gather(*(chance.choice(kinds)() for _ in range(chance.randint(1, 2))))

    async def read():
        method, path, parts = chance.choice(questions)
        await chance.choice(readers).request(method, path, **parts)

    among = 0
    for number in range(ROUNDS):
        before = len(compared)
        await asyncio.gather(write(number), *(read() for _ in range(READS)))
        among += len(compared) - before
        await asyncio.gather(*(read() for _ in range(READS)))
    assert among > ROUNDS
    await readers[1].aclose()


async def test_a_member_more_leaves_pages_of_other_groups_as_they_are(world, compared):
    first, second = await world.group(), await world.group()
    user = await world.user()
    paths = [f"{world.v2()}/groups/{group.id}" for group in (first, second)]
    for path in paths:
        await world.http.get(path)
    await world.http.post(f"{paths[0]}/memberships", json={"accountId": user.id})
    assert data(await world.http.get(paths[0]))["counts"]["users"] == 1
    assert not compared
    assert data(await world.http.get(paths[1]))["counts"]["users"] == 0
    assert len(compared) == 1


async def test_when_a_key_was_used_is_shown_and_leaves_what_is_kept(world, compared):
    """Each minute it is written when keys were used; only the list of keys shows that."""
    users, keys = f"{world.v2()}/users", f"{world.ours()}/keys"
    await world.http.get(users)
    before = data(await world.http.get(keys))
    await world.server.authenticator.save_last_used()
    assert not compared
    await world.http.get(users)
    assert len(compared) == 1
    after = data(await world.http.get(keys))
    assert [key["lastUsedAt"] for key in before] == [None] * len(before)
    assert any(key["lastUsedAt"] for key in after)


async def test_what_another_process_writes_is_seen(world):
    """Each database object has locks and counts of its own, as one of another process has."""
    group, users = await world.group(), [await world.user() for _ in range(3)]
    path = f"{world.v2()}/groups/{group.id}"
    other = SQLiteDatabase(world.database.path)
    try:
        for number, user in enumerate(users):
            assert data(await world.http.get(path))["counts"]["users"] == number
            await other.write(make.join, world.caller, group, user)
            assert data(await world.http.get(path))["counts"]["users"] == number + 1
    finally:
        await other.close()


async def test_who_asks_and_how_is_part_of_the_question(world):
    """A key with scopes may do less with a group; an unknown media type stays refused."""
    group = await world.group()
    path = f"{world.v2()}/groups/{group.id}"
    key = await world.key("read:groups:admin")
    full = data(await world.http.get(path))["managementAccess"]
    async with world.client(key) as reader:
        assert data(await reader.get(path))["managementAccess"] != full
    search = f"{world.v2()}/groups/search"
    assert (await world.http.post(search, json={})).status_code == 200
    assert (
        await world.http.post(search, content=b"{}", headers={"content-type": "text/plain"})
    ).status_code == 415
    head = await world.http.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) == len((await world.http.get(path)).content)


async def test_a_key_that_is_given_other_scopes_sees_what_they_allow(world):
    """A seed file can change what a key may do; nothing else of the group's answer changes with it."""
    group = await world.group()
    path, key = f"{world.v2()}/groups/{group.id}", await world.key("read:groups:admin")
    keys = (await world.http.get(f"{world.ours()}/keys")).json()["data"]
    mine = next(known["id"] for known in keys if known["scopes"] == ["read:groups:admin"])
    seed = {"keys": [{"id": mine, "scopes": ["read:groups:admin", "write:groups:admin"]}]}
    async with world.client(key) as reader:
        assert data(await reader.get(path))["managementAccess"]["modifiable"] is False
        assert (await world.http.put(f"{world.ours()}/seed", json=seed)).status_code == 200
        world.server.authenticator.forget()
        assert data(await reader.get(path))["managementAccess"]["modifiable"] is True


async def test_a_revoked_key_is_refused_what_was_kept(world):
    group = await world.group()
    path, key = f"{world.v2()}/groups/{group.id}", await world.key("read:groups:admin")
    async with world.client(key) as reader:
        assert (await reader.get(path)).status_code == 200
        keys = (await world.http.get(f"{world.ours()}/keys")).json()["data"]
        mine = next(known for known in keys if known["scopes"] == ["read:groups:admin"])
        assert (await world.http.delete(f"{world.ours()}/keys/{mine['id']}")).status_code == 204
        assert (await reader.get(path)).status_code == 401


async def test_a_limited_key_is_counted_also_for_what_was_kept(world):
    """Contract 1.7."""
    path = f"{world.v2()}/groups"
    async with world.client(await world.key(rate_limit=3)) as client:
        answers = [await client.get(path) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["2", "1", "0", "0"]


async def test_what_is_given_again_has_the_headers_of_its_route_and_is_counted(world, compared):
    """Contract 8: `Deprecation` and `Sunset` on every answer of a deprecated route."""
    path, before = f"{world.v2()}/groups", requests_of("getGroups")
    first, second = await world.http.get(path), await world.http.get(path)
    assert len(compared) == 1
    for name in ("deprecation", "sunset", "content-type", "content-length"):
        assert first.headers.get_list(name) == second.headers.get_list(name) != []
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    assert requests_of("getGroups") == before + 2


def requests_of(operation):
    labels = {"operation": operation, "status": "200"}
    publish_requests()
    return REGISTRY.get_sample_value("guildhall_requests_total", labels) or 0


async def test_who_wants_to_be_told_of_mistakes_is_told_also_of_what_was_kept(world):
    """Contract 1.5: `Prefer: handling=strict`."""
    path = f"{world.v2()}/groups?serchTerm=a"
    assert (await world.http.get(path)).status_code == 200
    strict = {"prefer": "handling=strict"}
    refused(await world.http.get(path, headers=strict), 400, "ADMIN-UAM-400-1", "serchTerm")


async def test_a_body_of_a_read_is_ignored_also_for_what_was_kept(world, compared):
    """Contract 1.1."""
    path = f"{world.v2()}/groups"
    await world.http.get(path)
    answer = await world.http.request("GET", path, content=b"{", headers={"content-type": "text/plain"})
    assert data(answer) == []
    assert len(compared) == 1


async def test_what_is_given_again_says_which_origins_may_read_it(tmp_path):
    """Contract 1.1: each request's own origin counts."""
    allowed = "https://console.example"
    url = f"sqlite:///{tmp_path}/guildhall.db"
    async with make.open_world(url, cors_origins=(allowed,)) as world:
        path, told = f"{world.v2()}/groups", []
        for origin in (allowed, "https://other.example", allowed):
            answer = await world.http.get(path, headers={"origin": origin})
            told.append(answer.headers.get("access-control-allow-origin"))
    assert told == [allowed, None, allowed]


async def test_a_key_that_another_process_revokes_is_refused_what_was_kept(world, monkeypatch):
    """Contract 1.2: within a second, which a look-up tells."""
    monkeypatch.setattr(authentication, "FRESH_SECONDS", 0.0)
    path, key = f"{world.v2()}/groups", await world.key("read:groups:admin")
    async with world.client(key) as reader:
        assert (await reader.get(path)).status_code == 200
        other = SQLiteDatabase(world.database.path)
        try:
            found = await other.read(list_keys, world.caller, Window(10))
            mine = next(one for one in found.items if one.scopes == "read:groups:admin")
            await other.write(revoke_key, world.caller, mine.id)
        finally:
            await other.close()
        assert (await reader.get(path)).status_code == 401


async def test_answers_that_name_the_host_are_made_for_each(world):
    """Contract 1.1: links lead back to the address that was called."""
    orgs = "/admin/v1/orgs"
    for host in ("127.0.0.1:8080", "localhost:8080", "127.0.0.1:8080"):
        answer = await world.http.get(orgs, headers={"host": host})
        assert f"http://{host}/admin" in answer.text


class Always:
    """Whatever was kept holds."""

    def moment(self):
        return 1

    def holds(self, moment, groups):
        return True


def test_a_garbage_collection_passes_by_what_is_kept():
    """There is so much of it that to go through it would stop the server for a tenth of a second."""
    kept = KeptAnswers(Always())
    kept.keep(b"key", 1, ROUTES[0], Response(body=b"x" * 9_000, groups=(1, 2)))
    gc.collect()
    answer = kept._answers[b"key"]
    assert not any(map(gc.is_tracked, (answer, answer.headers, answer.pieces, answer.groups)))


def test_kept_answers_are_bounded():
    kept, route = KeptAnswers(Always(), most_bytes=20_000), ROUTES[0]
    for number in range(500):
        kept.keep(
            b"%d" % (number % 70), 1, route, Response(body=b"x" * (number % 300), groups=(1,) * (number % 9))
        )
        assert kept._bytes == sum(answer.size for answer in kept._answers.values()) <= 20_000
        assert [kept._answers[key].place for key in kept._keys] == list(range(len(kept._answers)))
    assert kept._answers
    kept.keep(b"large", 1, route, Response(body=bytes(2 << 20)))
    assert kept.find(b"large") is None
