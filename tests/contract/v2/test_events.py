"""Events, version 2 (contract 4): those of version 1, with tokens for links."""

import pytest


async def test_get_events_v2_links_are_tokens(world):
    for name in "abc":
        await world.group(name)
    path = f"/admin/v2/orgs/{world.org_id}/events"
    page = (await world.http.get(path, params={"limit": 2, "action": "group_created"})).json()
    assert page["links"]["prev"] is None
    assert page["links"]["next"] == page["meta"]["next"]
    rest = (await world.http.get(path, params={"cursor": page["links"]["next"]})).json()
    events = page["data"] + rest["data"]
    contents = [event["message"]["content"] for event in events]
    assert contents == ["Created group c", "Created group b", "Created group a"]
    assert all(len(event["links"]["self"]) == 22 for event in events)


async def test_get_event_v2_is_the_one_of_version_1(world):
    await world.group("a")
    path = f"/admin/v2/orgs/{world.org_id}/events"
    event = (await world.http.get(path)).json()["data"][0]
    assert (await world.http.get(f"{path}/{event['id']}")).json() == {"data": event}
    same = (await world.http.get(f"{world.v1()}/events/{event['id']}")).json()["data"]
    assert same["message"] == event["message"]


async def test_get_event_v2_links_groups_as_their_list_does(world):
    group = await world.group("a")
    event = (await world.http.get(f"/admin/v2/orgs/{world.org_id}/events")).json()["data"][0]
    shown = (await world.http.get(f"{world.v2()}/groups/{group.id}")).json()["data"]
    assert event["attributes"]["context"][0]["links"] == shown["links"]


@pytest.mark.parametrize("path", ["events", "events/00000000-0000-8000-8000-000000000001"])
async def test_events_v2_need_their_scope(world, path):
    async with world.client(await world.key("read:groups:admin")) as client:
        answer = await client.get(f"/admin/v2/orgs/{world.org_id}/{path}")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "ADMIN-UAM-403-1")


async def test_get_event_v2_unknown_is_404(world):
    answer = await world.http.get(f"/admin/v2/orgs/{world.org_id}/events/nonsense")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, "ADMIN-UAM-404-1")


async def test_get_events_v2_refuses_a_bad_cursor(world):
    answer = await world.http.get(f"/admin/v2/orgs/{world.org_id}/events?cursor=nonsense")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "ADMIN-UAM-400-1")
