"""Workspaces, version 2 (contract 4, 8 "Workspaces")."""

from typing import Any

import pytest

from guildhall.model.resources import ResourceStatus
from tests.contract.answers import data, refused
from tests.make import World


def path(world: World) -> str:
    return f"/admin/v2/orgs/{world.org_id}/workspaces"


async def found(world: World, **body: Any) -> list[str]:
    """The names of what a search finds."""
    answer = await world.http.post(path(world), json=body)
    return [workspace["attributes"]["name"] for workspace in data(answer)]


async def test_search_workspaces_shows_every_attribute(world: World) -> None:
    """Contract 4: the attributes; 8: capacity is the user limit, usage the seats in use."""
    resource = await world.resource("jira", user_limit=5, name="Site", host_url="https://x.example")
    await world.role(await world.group(members=2), resource)
    (workspace,) = data(await world.http.post(path(world), json={}))
    assert workspace["id"] == resource.id
    assert len(workspace["links"]["self"]) == 22
    attributes = workspace["attributes"]
    shown = {"name", "typeKey", "type", "owner", "status", "usage", "capacity"}
    assert set(attributes) == shown | {"createdAt", "updatedAt", "hostUrl"}
    assert (attributes["usage"], attributes["capacity"]) == (2, 5)
    assert (attributes["owner"], attributes["status"]) == ("jira", "online")
    assert attributes["hostUrl"] == "https://x.example"


async def test_search_workspaces_leaves_out_the_organization(world: World) -> None:
    """The organization's own resource is no workspace."""
    assert await found(world) == []


async def test_search_workspaces_by_the_example_of_the_contract(world: World) -> None:
    """Contract 8: the example body."""
    for name, owner in (
        ("Docs B", "confluence"),
        ("docs a", "confluence"),
        ("Docs", "jira"),
        ("Wiki", "confluence"),
    ):
        await world.resource(owner, name=name)
    query = {
        "and": [
            {"field": {"name": "attributes.owner", "values": ["confluence"]}},
            {"search": "docs"},
        ]
    }
    sort = [{"field": "attributes.name", "order": "asc"}]
    assert await found(world, query=query, sort=sort, limit=20) == ["docs a", "Docs B"]
    assert await found(world, query=query, sort=[{"field": "attributes.name", "order": "desc"}]) == [
        "Docs B",
        "docs a",
    ]


@pytest.mark.parametrize(
    ("field", "values", "names"),
    [
        ("attributes.name", ["STRASSE"], ["Straße"]),
        ("attributes.status", ["offline", "deprecated"], ["Off"]),
        ("attributes.typeKey", ["confluence"], ["Straße"]),
        ("attributes.owner", ["jira", "confluence"], ["Off", "Straße"]),
        ("attributes.owner", ["nothing"], []),
        ("id", ["ari:cloud:jira::site/none"], []),
    ],
)
async def test_search_workspaces_by_field(
    world: World, field: str, values: list[str], names: list[str]
) -> None:
    """Contract 8: `values` are joined by OR; names are compared by folds."""
    await world.resource("confluence", name="Straße")
    await world.resource("jira", name="Off", status=ResourceStatus.OFFLINE)
    assert await found(world, query={"field": {"name": field, "values": values}}) == names


async def test_search_workspaces_walks_by_cursor_alone(world: World) -> None:
    """Contract 4: `cursor` alone; 1.4: prev walks back over the same items."""
    names = [f"Site {number:02}" for number in range(7)]
    for name in names:
        await world.resource("jira", name=name)
        await world.resource("confluence", name=f"{name} wiki")
    body: dict[str, Any] = {
        "query": {"field": {"name": "attributes.owner", "values": ["jira"]}},
        "sort": [{"field": "attributes.name", "order": "desc"}],
        "limit": 3,
    }
    pages = []
    while body:
        answer = (await world.http.post(path(world), json=body)).json()
        pages.append([workspace["attributes"]["name"] for workspace in answer["data"]])
        body = {"cursor": answer["links"]["next"]} if answer["links"]["next"] else {}
    assert [name for page in pages for name in page] == names[::-1]
    back = (await world.http.post(path(world), json={"cursor": answer["links"]["prev"]})).json()
    assert [workspace["attributes"]["name"] for workspace in back["data"]] == pages[-2]


def owner(*values: str) -> dict[str, Any]:
    return {"field": {"name": "attributes.owner", "values": values}}


def deep(levels: int, operator: str = "and") -> dict[str, Any]:
    """A query so many levels deep."""
    query: dict[str, Any] = {"search": "a"}
    for _ in range(levels - 1):
        query = {operator: [query]}
    return query


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"or": [owner("jira"), {"search": "b"}]}, ["a jira", "b jira", "b wiki"]),
        ({"nor": [owner("jira"), {"search": "b"}]}, ["a wiki"]),
        ({"and": [owner("jira"), {"nor": [{"search": "b"}]}]}, ["a jira"]),
        ({"or": [{"and": [owner("jira"), {"search": "a j"}]}, {"search": "b w"}]}, ["a jira", "b wiki"]),
        ({"nor": [{"nor": [owner("jira")]}]}, ["a jira", "b jira"]),
        ({"or": [owner("jira")], "search": "b"}, ["b jira"]),
        ({}, ["a jira", "a wiki", "b jira", "b wiki"]),
        ({"or": [{"search": "a j"}] * 99}, ["a jira"]),
        (deep(10), ["a jira", "a wiki", "b jira"]),
    ],
)
async def test_search_workspaces_by_a_tree(world: World, query: dict[str, Any], names: list[str]) -> None:
    """Contract 4: and, or, nor, nested; 8: at most 100 conditions, depth 10."""
    for name, product in (
        ("a jira", "jira"),
        ("b jira", "jira"),
        ("a wiki", "confluence"),
        ("b wiki", "confluence"),
    ):
        await world.resource(product, name=name)
    assert await found(world, query=query) == names


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ({"not": [owner("jira")]}, "not"),
        ({"or": []}, "query.or"),
        ({"nor": [], "search": "a"}, "query.nor"),
        ({"and": [{}]}, "a condition needs one of and, or, nor, field and search"),
        ({"or": [{"search": "a"}, {}]}, "a condition needs one of"),
        ({"and": [{"xor": []}]}, "xor"),
        ({"field": {"name": "id", "values": ["a"], "operator": "ne"}}, "operator"),
        ({"or": [{"search": "a"}] * 100}, "query: takes at most 100 conditions, 10 deep."),
        (
            {"nor": [{"or": [{"search": "a"}] * 50}, {"or": [{"search": "a"}] * 50}]},
            "query: takes at most 100",
        ),
        (deep(11), "query: takes at most 100 conditions, 10 deep."),
        (deep(200, "nor"), ""),
    ],
)
async def test_search_workspaces_never_ignores_a_filter(world: World, query: Any, detail: str) -> None:
    """Contract 4: any other operator, field name or shape is 400."""
    refused(await world.http.post(path(world), json={"query": query}), 400, "ADMIN-UAM-400-1", detail)


@pytest.mark.parametrize(
    "body",
    [
        {"query": {"field": {"name": "attributes.colour", "values": ["red"]}}},
        {"query": {"field": {"name": "id", "values": []}}},
        {"query": "docs"},
        {"sort": [{"field": "attributes.owner"}]},
        {"limit": 101},
        {"cursor": "x"},
    ],
)
async def test_search_workspaces_refuses_what_it_cannot_read(world: World, body: Any) -> None:
    """Contract 1.5, 1.6."""
    refused(await world.http.post(path(world), json=body), 400, "ADMIN-UAM-400-1")
