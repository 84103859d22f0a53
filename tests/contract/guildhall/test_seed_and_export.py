"""A whole organization as a seed file, over HTTP (contract 6a)."""

import pytest
import yaml

from guildhall.model.users import ManagementSource
from tests.contract.answers import events, refused


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


async def members_of(world, group):
    shown = (await world.http.get(f"{world.v2()}/groups/{group.id}")).json()["data"]
    return shown["counts"]["users"]


async def test_seed_that_removes_much_has_to_be_allowed(world):
    group = await world.group("Readers", members=21)
    seed = {"groups": [{"name": "Readers", "members": []}]}
    refused = await world.http.put(f"{world.ours()}/seed", json=seed)
    assert refused.status_code == 409
    detail = refused.json()["errors"][0]["detail"]
    assert "members removed: 21" in detail
    assert "allowRemovals=true" in detail
    assert await members_of(world, group) == 21
    answer = await world.http.put(f"{world.ours()}/seed?allowRemovals=true", json=seed)
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"]["removals"] == 21
    assert await members_of(world, group) == 0


async def test_seed_that_removes_a_few_is_applied(world):
    group = await world.group("Readers", members=20)
    seed = {"groups": [{"name": "Readers", "members": []}]}
    assert (await world.http.put(f"{world.ours()}/seed", json=seed)).status_code == 200
    assert await members_of(world, group) == 0


async def test_dry_run_of_a_seed_tells_all_and_changes_nothing(world):
    await world.group("Readers", members=21)
    before = await export(world)
    events = (await world.http.get(f"{world.v1()}/events")).json()
    seed = {"groups": [{"name": "Readers", "description": "All", "members": []}, {"name": "New"}]}
    answer = await world.http.put(f"{world.ours()}/seed?dryRun=true", json=seed)
    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    assert (data["dryRun"], data["removals"], data["leftOut"]) == (True, 21, 0)
    assert [(change["action"], change["name"]) for change in data["changes"]] == [
        ("updated", "Readers"),
        ("created", "New"),
    ]
    first, *others = data["changes"][0]["differences"]
    assert first == {"field": "description", "before": first["before"], "after": "All"}
    assert len(others) == 21
    assert all(other["field"] == "members" and other["after"] is None for other in others)
    assert await export(world) == before
    assert (await world.http.get(f"{world.v1()}/events")).json() == events
    applied = await world.http.put(f"{world.ours()}/seed?allowRemovals=true", json=seed)
    assert applied.json()["data"]["totals"] == data["totals"]


async def names(world):
    return [group["name"] for group in (await world.http.get(f"{world.v2('-')}/groups")).json()["data"]]


async def put(world, seed, query=""):
    return await world.http.put(f"{world.ours()}/seed{query}", json=seed)


async def test_prune_removes_what_the_seed_does_not_name(world):
    resource = await world.resource(user_limit=5)
    kept, gone = await world.group("Kept", members=1), await world.group("Gone", members=2)
    await world.role(gone, resource)
    seed = {"groups": [{"id": kept.id}]}
    assert (await put(world, seed)).json()["data"]["totals"] == {}
    answer = await put(world, seed, "?prune=true")
    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    assert data["totals"] == {"groups removed": 1, "members removed": 2, "roles taken": 1}
    assert (data["removals"], data["kept"]) == (4, [])
    (change,) = data["changes"]
    assert (change["action"], change["type"], change["id"]) == ("removed", "groups", gone.id)
    assert await names(world) == ["Kept"]
    assert await world.seats(resource) == 0
    assert (await put(world, seed, "?prune=true")).json()["data"]["totals"] == {}
    (event,) = await events(world, "organization_seeded")
    assert event["context"][0]["attributes"]["totals"]["groups removed"] == 1
    assert not await events(world, "group_deleted")


async def test_prune_keeps_what_the_api_keeps_and_says_why(world):
    synced = await world.group("Synced", synced=True)
    answer = await put(world, {"groups": []}, "?prune=true")
    (kept,) = answer.json()["data"]["kept"]
    assert (kept["type"], kept["id"], kept["name"]) == ("groups", synced.id, "Synced")
    assert "identity provider" in kept["reason"]
    assert answer.json()["data"]["totals"] == {}
    assert await names(world) == ["Synced"]


async def test_prune_of_users_takes_them_out_of_directories(world):
    resource = await world.resource(user_limit=5)
    kept, gone = await world.user(), await world.user()
    synced = await world.user(management_source=ManagementSource.SYNCED)
    await world.role(gone, resource)
    await world.group("All", members=[kept, gone, synced])
    seed = {"users": [{"accountId": kept.id}]}
    data = (await put(world, seed, "?prune=true")).json()["data"]
    assert data["totals"] == {"users updated": 1, "roles taken": 1}
    data = (await put(world, seed, "?prune=true&pruneUsers=true")).json()["data"]
    assert data["totals"] == {
        "users updated": 1,
        "users removed from directories": 1,
        "members removed": 1,
    }
    assert [item["id"] for item in data["kept"]] == [synced.id]
    shown = (await world.http.get(f"{world.ours()}/users/{gone.id}")).json()["data"]
    assert shown["directories"] == []


async def test_prune_of_users_alone_is_refused(world):
    gone = await world.group("Gone")
    refused(await put(world, {"groups": []}, "?pruneUsers=true"), 400, "ADMIN-UAM-400-1", "prune=true")
    assert await names(world) == [gone.name]


async def test_prune_that_removes_much_has_to_be_allowed(world):
    await world.group("Gone", members=20)
    before = await export(world)
    refused(await put(world, {"groups": []}, "?prune=true"), 409, "ADMIN-UAM-409-1", "groups removed: 1")
    assert await export(world) == before
    dry = (await put(world, {"groups": []}, "?prune=true&dryRun=true")).json()["data"]
    assert (dry["dryRun"], dry["removals"]) == (True, 21)
    assert await export(world) == before
    done = (await put(world, {"groups": []}, "?prune=true&allowRemovals=true")).json()["data"]
    assert (done["totals"], done["changes"]) == (dry["totals"], dry["changes"])
    assert await names(world) == []


async def test_prune_leaves_other_organizations_alone(world):
    other = await world.organization()
    await other.group("Theirs", members=1)
    before = await export(other)
    await world.group("Ours", members=1)
    answer = await put(world, {"users": [], "groups": []}, "?prune=true&pruneUsers=true")
    assert answer.json()["data"]["removals"] == 3
    assert await export(other) == before


async def test_prune_by_an_export_changes_nothing(world):
    await furnished(world)
    before = await export(world)
    answer = await world.http.put(
        f"{world.ours()}/seed?prune=true&pruneUsers=true",
        content=before,
        headers={"content-type": "application/yaml"},
    )
    assert (answer.json()["data"]["changes"], answer.json()["data"]["kept"]) == ([], [])
    assert await export(world) == before
