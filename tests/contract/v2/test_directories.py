"""Directories, version 2 (contract 4, 8 "Users and directories")."""

from typing import Any

import pytest

from tests.contract.answers import data, refused
from tests.make import World


async def listed(world: World, query: str = "") -> list[str]:
    """The names of a page of directories, in order."""
    return [one["name"] for one in data(await world.http.get(path(world) + query))]


def path(world: World) -> str:
    return f"/admin/v2/orgs/{world.org_id}/directories"


async def test_get_directories_shows_the_default_one_first_then_by_name(world: World) -> None:
    """Contract 8; fields of contract 4."""
    for name in ("zebra", "Äpfel", "apple"):
        await world.directory(name)
    assert await listed(world) == [world.default.name, "apple", "zebra", "Äpfel"]
    first = data(await world.http.get(path(world)))[0]
    assert first == {"directoryId": world.default.id, "name": world.default.name}


async def test_get_directories_of_an_account(world: World) -> None:
    """Contract 4: `accountId`; an unknown one matches nothing."""
    other = await world.directory("Other")
    await world.directory("Third")
    user = await world.user(world.default, other)
    assert await listed(world, f"?accountId={user.id}") == [world.default.name, "Other"]
    assert await listed(world, "?accountId=nobody") == []


async def test_get_directories_by_ids_and_term(world: World) -> None:
    """Contract 4: `directoryIds`, `searchTerm`; filters are joined by AND, ids by OR."""
    one, two = await world.directory("Straße"), await world.directory("Other")
    assert await listed(world, f"?directoryIds={one.id}&directoryIds={two.id.upper()}") == ["Other", "Straße"]
    assert await listed(world, "?searchTerm=STRASS") == ["Straße"]
    assert await listed(world, f"?searchTerm=strass&directoryIds={two.id}") == []


@pytest.mark.parametrize("limit", [1, 3, 100])
async def test_get_directories_walks_both_ways(world: World, limit: int) -> None:
    """Contract 1.4: `next` to the end, `prev` back over the same items."""
    for number in range(6):
        await world.directory(f"Directory number {number}")
    pages: list[list[Any]] = []
    query: str | None = f"?limit={limit}&searchTerm=number"
    while query:
        answer = (await world.http.get(path(world) + query)).json()
        pages.append(answer["data"])
        following = answer["links"]["next"]
        query = following and f"?cursor={following}"
    assert [one["name"] for page in pages for one in page] == [f"Directory number {n}" for n in range(6)]
    for expected in reversed(pages[:-1]):
        answer = (await world.http.get(f"{path(world)}?cursor={answer['links']['prev']}")).json()
        assert answer["data"] == expected
    assert answer["links"]["prev"] is None


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "directoryIds=x", "accountId=a%20b", "cursor=x"])
async def test_get_directories_refuses_what_it_cannot_read(world: World, query: str) -> None:
    """Contract 1.5, 1.6."""
    refused(await world.http.get(f"{path(world)}?{query}"), 400, "ADMIN-UAM-400-1", query.partition("=")[0])
