"""Contract 1.4: pages and their cursors."""

import base64

import pytest

from tests.contract.answers import data, done, names, raw, refused
from tests.make import VIEWER, open_world


async def page(world, **query):
    return await world.http.get(f"{world.v2()}/groups", params=query)


def links(answer):
    return answer.json()["links"]


async def furnish(world, count):
    return [await world.group(f"G{number:02}") for number in range(count)]


async def test_first_and_last_page(world):
    """`next` is null on the last page and `prev` on the first; a full last page has no next."""
    await furnish(world, 4)
    first = await page(world, limit=2)
    assert (names(first), links(first)["prev"]) == (["G00", "G01"], None)
    second = await page(world, cursor=links(first)["next"])
    assert (names(second), links(second)["next"]) == (["G02", "G03"], None)
    back = await page(world, cursor=links(second)["prev"])
    assert (names(back), links(back)["prev"]) == (["G00", "G01"], None)
    assert names(await page(world, cursor=links(back)["next"])) == ["G02", "G03"]


async def test_links_are_tokens(world):
    """A link is an opaque token, never a URL, of at most 8 KiB; per item `links.self` as well."""
    await furnish(world, 3)
    answer = await page(world, limit=2)
    tokens = [links(answer)["self"], links(answer)["next"]]
    tokens += [item["links"]["self"] for item in data(answer)]
    assert len(set(tokens)) == 4
    for token in tokens:
        assert len(token) <= 8_192
        assert token.replace("-", "a").replace("_", "a").isalnum()


async def test_self_returns_the_same_page(world):
    """Contract 8; the item's token is the same for ever."""
    await furnish(world, 5)
    first = await page(world, limit=2, counts='{"includeUsers":true}', sortBy="-name")
    middle = await page(world, cursor=links(first)["next"])
    for answer in (first, middle, await page(world, cursor=links(middle)["prev"])):
        assert (await page(world, cursor=links(answer)["self"])).json() == answer.json()


async def test_cursor_carries_the_whole_query(world):
    """When `cursor` is present every other parameter is ignored, wrong ones as well."""
    await furnish(world, 5)
    await world.group("other")
    first = await page(world, limit=2, searchTerm="g", counts='{"includeUsers":true}', sortBy="-name")
    token = links(first)["next"]
    second = await page(world, cursor=token, limit=5_000, searchTerm="other", sortBy="x", groupIds="x")
    assert names(second) == ["G02", "G01"]
    assert data(second)[0]["counts"] == {"users": 0}
    assert names(await page(world, cursor=links(second)["next"])) == ["G00"]


async def test_empty_cursor_is_absent(world):
    """Contract 8."""
    await furnish(world, 1)
    assert names(await page(world, cursor="")) == ["G00"]
    for body in ({"cursor": ""}, {"cursor": None}):
        assert names(await world.http.post(f"{world.v2()}/groups/search", json=body)) == ["G00"]


async def test_changed_cursor_is_400(world):
    """It is authenticated: a changed byte is detected."""
    await furnish(world, 2)
    token = links(await page(world, limit=1))["next"]
    whole = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 1
        text = base64.urlsafe_b64encode(changed).rstrip(b"=").decode()
        refused(await page(world, cursor=text), 400, "ADMIN-UAM-400-1", "cursor")
    for text in (
        token[:-1],
        token + "A",
        token + "=",
        token[:10],
        "AAAA",
        "%",
        "é",
        " " + token,
        "A" * 10_000,
    ):
        refused(await page(world, cursor=text), 400, "ADMIN-UAM-400-1", "cursor")


async def test_item_token_is_no_cursor(world):
    """Contract 8."""
    await furnish(world, 1)
    (item,) = data(await page(world))
    refused(await page(world, cursor=item["links"]["self"]), 400, "ADMIN-UAM-400-1", "cursor")


async def test_cursor_is_bound_to_operation_and_path(world):
    """Contract 8: to the operation and to every id in the path."""
    groups = await furnish(world, 2)
    for group in groups:
        for resource in [await world.resource() for _ in range(2)]:
            await world.role(group, resource, VIEWER)
        for user in [await world.user() for _ in range(2)]:
            await world.add(group, user)
    one, two = [f"{world.v2()}/groups/{group.id}" for group in groups]
    lists = [
        ("GET", f"{world.v2()}/groups"),
        ("POST", f"{world.v2()}/groups/search"),
        ("GET", f"{world.v2('-')}/groups"),
        ("GET", f"{one}/memberships"),
        ("GET", f"{two}/memberships"),
        ("GET", f"{one}/role-assignments"),
        ("GET", f"{two}/role-assignments"),
        ("POST", f"{world.v1()}/groups/search"),
    ]

    async def ask(method, path, query):
        return await world.http.request(method, path, **{"params" if method == "GET" else "json": query})

    for issuer in lists:
        token = links(await ask(*issuer, {"limit": 1}))["next"]
        for reader in lists:
            answer = await ask(*reader, {"cursor": token})
            code = "ADMIN-400-1" if "/v1/" in reader[1] else "ADMIN-UAM-400-1"
            assert data(answer) if reader == issuer else refused(answer, 400, code, "cursor")


async def test_cursor_is_bound_to_the_organization(world, tmp_path):
    """A token of another organization, even with the same ids, is a bad one."""
    await furnish(world, 2)
    token = links(await page(world, limit=1))["next"]
    async with open_world(f"sqlite:///{tmp_path}/other.db") as other:
        await furnish(other, 2)
        assert other.org_id == world.org_id
        refused(await page(other, cursor=token), 400, "ADMIN-UAM-400-1", "cursor")


async def test_cursor_works_after_a_restart(database_url):
    """Contract 1.4: across restarts and on every worker, whatever key of the organization asks."""
    async with open_world(database_url) as world:
        await furnish(world, 2)
        token = links(await page(world, limit=1))["next"]
        await world.server.stop()
        await world.server.start()
        assert names(await page(world, cursor=token)) == ["G01"]
        async with world.client(await _key_of(world)) as other:
            answer = await other.get(f"{world.v2()}/groups", params={"cursor": token})
            assert names(answer) == ["G01"]


async def _key_of(world):
    world.database = world.server.database
    return await world.key("read:groups:admin")


async def test_walking_survives_the_loss_of_what_it_stood_on(world):
    """The position is a place in the order, not an item."""
    groups = await furnish(world, 6)
    first = await page(world, limit=2)
    for group in groups[:4]:
        done(await world.http.delete(f"{world.v2()}/groups/{group.id}"))
    second = await page(world, cursor=links(first)["next"])
    assert names(second) == ["G04", "G05"]
    back = await page(world, cursor=links(second)["prev"])
    assert names(back) == []
    assert names(await page(world, cursor=links(back)["next"])) == ["G04", "G05"]
    await world.group("G00 again")
    assert names(await page(world, cursor=links(second)["prev"])) == ["G00 again"]


@pytest.mark.parametrize(
    ("path", "default", "most"),
    [
        ("{v2}/groups", 20, 100),
        ("{v2}/groups/{group}/role-assignments", 20, 100),
        ("{v2}/groups/{group}/memberships", 100, 1_000),
        ("{v2}/groups/search", 20, 100),
        ("{v1}/groups/search", 1_000, 1_000),
    ],
)
async def test_limits(world, path, default, most):
    """The table of limits; outside the range or not a number is 400 that names the range."""
    group = await world.group()
    if default < 1_000:
        await _fill(world, group, path, default + 1)
    target = path.format(v1=world.v1(), v2=world.v2(), group=group.id)
    code = "ADMIN-400-24" if "{v1}" in path else "ADMIN-UAM-400-1"

    async def ask(limit):
        if target.endswith("search"):
            return await world.http.post(target, json={} if limit is None else {"limit": limit})
        return await world.http.get(target, params={} if limit is None else {"limit": limit})

    shown = data(await ask(None))
    assert len(shown) == (default if default < 1_000 else 1)
    for limit in (1, most):
        assert len(data(await ask(limit))) in (1, default + 1)
    for limit in (0, -1, most + 1, 10**30, "ten", "1.5", "1e1", "٣"):
        refused(await ask(limit), 400, code, "limit", f"1 to {most}")
    assert data(await ask("")) == shown


async def _fill(world, group, path, count):
    for number in range(count):
        if "memberships" in path:
            await world.add(group, await world.user())
        elif "role-assignments" in path:
            await world.role(group, await world.resource(), VIEWER)
        elif number:
            await world.group()


async def test_limit_in_a_path_of_its_own_is_a_whole_number(world):
    """Contract 1.4: not a number is 400; blanks are no part of one."""
    for query in (b"limit=%2010", b"limit=1_0", b"limit=0x1", b"limit=+1", b"limit=%00"):
        refused(await raw(world, "GET", f"{world.v2()}/groups", query=query), 400, "ADMIN-UAM-400-1")
    assert data(await raw(world, "GET", f"{world.v2()}/groups", query=b"limit=007")) == []


async def test_query_too_large_for_a_cursor_is_refused(world):
    """Contract 1.4: a token has at most 8 KiB, so a query that needs more is 400."""
    values = [f"{number:0300}" for number in range(20)]
    query = {"and": [{"field": {"name": "attributes.owner", "values": values}} for _ in range(10)]}
    path = f"/admin/v2/orgs/{world.org_id}/workspaces"
    refused(await world.http.post(path, json={"query": query}), 400, "ADMIN-UAM-400-1", "too large")
