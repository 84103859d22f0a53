"""Contract 6a: furnishing resources."""

import pytest

from guildhall.model.ids import organization_resource_id
from tests.contract.answers import data, done, events, refused

ARI = "ari:cloud:jira-core::site/70ef3a32-d0da-4e09-b35e-0109f91969c3"


@pytest.fixture
def at(world):
    return lambda resource_id: f"{world.ours()}/resources/{resource_id.replace('/', '%2F')}"


async def test_put_creates_then_changes_then_leaves_alone(world, at):
    created = await world.http.put(
        at(ARI), json={"name": "Jira", "userLimit": 5, "hostUrl": "https://a.example"}
    )
    assert created.status_code == 201
    shown = created.json()["data"]
    shown.pop("links")
    assert shown == {
        "resourceId": ARI,
        "owner": "jira-core",
        "name": "Jira",
        "type": "jira-core",
        "status": "online",
        "userLimit": 5,
        "seatsUsed": 0,
        "hostUrl": "https://a.example",
        "createdAt": "2026-07-01T00:00:00.000Z",
        "updatedAt": "2026-07-01T00:00:00.000Z",
    }
    world.clock.now += 1_000
    changed = data(await world.http.put(at(ARI), json={"name": "Jira", "status": "offline", "type": "t"}))
    assert (changed["status"], changed["type"], changed["userLimit"]) == ("offline", "t", 5)
    assert changed["updatedAt"] == "2026-07-01T00:00:01.000Z"
    world.clock.now += 1_000
    assert data(await world.http.put(at(ARI), json={"name": "Jira"})) == changed
    assert data(await world.http.get(at(ARI))) == changed
    assert data(await world.http.put(at(ARI), json={"name": "Jira", "userLimit": None}))["userLimit"] is None
    recorded = await events(world, "resource_")
    assert [event["action"] for event in recorded] == [
        "resource_created",
        "resource_updated",
        "resource_updated",
    ]
    assert recorded[2]["context"][0]["attributes"]["before"]["userLimit"] == 5


async def test_limit_below_the_seats_in_use_stops_further_ones(world, at):
    resource = await world.resource()
    group = await world.group(members=2)
    await world.role(group, resource)
    shown = data(await world.http.put(at(resource.id), json={"name": resource.name, "userLimit": 1}))
    assert (shown["userLimit"], shown["seatsUsed"]) == (1, 2)
    url = f"{world.v2()}/groups/{group.id}/memberships"
    answer = await world.http.post(url, json={"accountId": (await world.user()).id})
    refused(answer, 409, "ADMIN-UAM-409-3", resource.id, "2", "1")


async def test_list_is_by_name(world):
    for name in ("b", "A"):
        await world.resource(name=name)
    listed = data(await world.http.get(f"{world.ours()}/resources"))
    assert [item["name"] for item in listed] == ["A", "b", "Example"]
    page = (await world.http.get(f"{world.ours()}/resources", params={"limit": 2})).json()
    rest = await world.http.get(f"{world.ours()}/resources", params={"cursor": page["links"]["next"]})
    assert [item["name"] for item in data(rest)] == ["Example"]


BAD_IDS = ["nonsense", "ari:cloud:jira::site/", "ari:cloud:JIRA::site/1", "ari:x/%00"]


async def test_malformed_ids_name_no_resource(world, at):
    for resource_id in BAD_IDS:
        answer = await world.http.put(at(resource_id), json={"name": "A"})
        refused(answer, 400, "ADMIN-UAM-400-1", "ARI")
        refused(await world.http.get(at(resource_id)), 404, "ADMIN-UAM-404-1")
        refused(await world.http.delete(at(resource_id)), 404, "ADMIN-UAM-404-1")


BAD_BODIES = [
    ({}, "name"),
    ({"name": "a\nb"}, "name"),
    ({"name": "A", "status": "on"}, "status"),
    ({"name": "A", "userLimit": -1}, "userLimit"),
    ({"name": "A", "userLimit": 10**18}, "userLimit"),
    ({"name": "A", "userLimit": 1.5}, "userLimit"),
    ({"name": "A", "type": "a\nb"}, "type"),
    ({"name": "A", "hostUrl": "a\nb"}, "hostUrl"),
]


async def test_wrong_fields_are_named(world, at):
    for body, field in BAD_BODIES:
        refused(await world.http.put(at(ARI), json=body), 400, "ADMIN-UAM-400-1", field)


async def test_own_resource_is_always_online_and_without_limit(world, at):
    own = organization_resource_id(world.org_id)
    assert data(await world.http.get(at(own)))["owner"] == "platform"
    assert data(await world.http.put(at(own), json={"name": "Ours"}))["name"] == "Ours"
    for fields in ({"status": "offline"}, {"userLimit": 3}):
        answer = await world.http.put(at(own), json={"name": "Ours", **fields})
        refused(answer, 400, "ADMIN-UAM-400-1", "always online")
    refused(await world.http.delete(at(own)), 409, "ADMIN-UAM-409-1", "own resource")
    another = organization_resource_id("99999999-0000-4000-8000-000000000000")
    refused(await world.http.put(at(another), json={"name": "A"}), 400, "ADMIN-UAM-400-1", own)


async def test_delete_takes_what_nobody_holds_a_role_on(world, at):
    resource = await world.resource()
    group, user = await world.group(), await world.user()
    await world.role(group, resource)
    await world.role(user, resource)
    refused(await world.http.delete(at(resource.id)), 409, "ADMIN-UAM-409-1", "Revoke")
    done(await world.http.delete(f"{world.v2()}/groups/{group.id}"))
    refused(await world.http.delete(at(resource.id)), 409, "ADMIN-UAM-409-1", "Revoke")
    body = {"name": user.name, "email": user.email, "directories": []}
    data(await world.http.put(f"{world.ours()}/users/{user.id}", json=body))
    done(await world.http.delete(at(resource.id)))
    refused(await world.http.delete(at(resource.id)), 404, "ADMIN-UAM-404-1", resource.id)
    assert (await events(world, "resource_"))[-1]["action"] == "resource_deleted"
