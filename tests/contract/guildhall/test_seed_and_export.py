"""A whole organization as a seed file, over HTTP (contract 6a)."""

import pytest
import yaml


async def furnished(world):
    group = await world.group("Readers", members=2)
    await world.role(group, await world.resource(user_limit=5))
    return group


async def export(world):
    answer = await world.http.get(f"{world.ours()}/export")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/yaml")
    return answer.text


async def test_export_shows_what_there_is(world):
    await furnished(world)
    text = await export(world)
    assert world.secret not in text
    shown = yaml.safe_load(text)
    assert [group["name"] for group in shown["groups"]] == ["Readers"]
    assert len(shown["users"]) == 2


async def test_seed_of_an_export_changes_nothing(world):
    await furnished(world)
    before = await export(world)
    events = (await world.http.get(f"{world.v1()}/events")).json()["meta"]
    answer = await world.http.put(
        f"{world.ours()}/seed", content=before, headers={"content-type": "application/yaml"}
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"]["changes"] == []
    assert await export(world) == before
    assert (await world.http.get(f"{world.v1()}/events")).json()["meta"] == events


async def test_seed_as_json_changes_what_differs_with_one_event(world):
    group = await furnished(world)
    seed = {"groups": [{"id": group.id, "name": "Readers", "description": "All who read"}]}
    answer = await world.http.put(f"{world.ours()}/seed", json=seed)
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["data"]["changes"]) == 1
    shown = (await world.http.get(f"{world.v2()}/groups/{group.id}")).json()["data"]
    assert (shown["description"], shown["counts"]) == ("All who read", {"users": 2, "resources": 1})
    newest = (await world.http.get(f"{world.v1()}/events?limit=1")).json()["data"][0]
    assert newest["attributes"]["action"] == "organization_seeded"


async def test_seed_is_applied_as_a_whole_or_not_at_all(world):
    await furnished(world)
    before = await export(world)
    seed = {"groups": [{"name": "New"}, {"name": "Newer", "members": ["nobody"]}]}
    answer = await world.http.put(f"{world.ours()}/seed", json=seed)
    assert answer.status_code == 400
    assert "groups[1]" in answer.json()["errors"][0]["detail"]
    assert await export(world) == before


@pytest.mark.parametrize(("method", "path"), [("PUT", "seed"), ("GET", "export")])
async def test_seed_and_export_need_a_key_without_scopes(world, method, path):
    async with world.client(await world.key("write:groups:admin", "read:groups:admin")) as client:
        answer = await client.request(method, f"{world.ours()}/{path}", json={})
    assert answer.status_code == 403
