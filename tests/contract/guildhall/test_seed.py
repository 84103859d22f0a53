"""Contract 6a: a seed file over HTTP, and the organization as one."""

import contextlib
import json

import pytest

from guildhall.seeds import writing
from tests.contract.answers import data, events, raw, refused
from tests.make import USER

YAML = "application/yaml"
TEXT = """
directories: [{name: Partners}]
resources: [{id: "ari:cloud:jira::site/9", name: Jira, userLimit: 1}]
users: [{name: Ada, email: ada@example.com, accountId: ada, directories: [Partners]}]
groups:
- name: team
  directory: Partners
  type: TEAM
  members: [ada@example.com]
  roles: [{resource: Jira, roles: [atlassian/user]}]
"""


@pytest.fixture
def put(world):
    async def send(text, media_type=YAML, **headers):
        content = text if isinstance(text, bytes) else text.encode()
        headers = {"content-type": media_type, **headers} if media_type else headers
        return await world.http.put(f"{world.ours()}/seed", content=content, headers=headers)

    return send


async def exported(world):
    answer = await world.http.get(f"{world.ours()}/export")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == YAML
    assert "content-length" not in answer.headers
    return answer.content


async def test_put_seed_tells_what_changed(world, put):
    report = data(await put(TEXT))
    assert report["organizationId"] == world.org_id
    assert report["organizationName"] == "Example"
    assert report["totals"] == {
        "directories created": 1,
        "resources created": 1,
        "users created": 1,
        "groups created": 1,
        "members added": 1,
        "roles given": 1,
    }
    assert [(change["action"], change["type"], change["name"]) for change in report["changes"]] == [
        ("created", "directories", "Partners"),
        ("created", "resources", "Jira"),
        ("created", "users", "Ada"),
        ("created", "groups", "team"),
    ]
    group = (await world.http.get(f"{world.v2('-')}/groups/{report['changes'][-1]['id']}")).json()["data"]
    assert (group["name"], group["managedBy"], group["counts"]) == (
        "team",
        "team-members",
        {"users": 1, "resources": 1},
    )


async def test_put_seed_again_changes_nothing(world, put):
    await put(TEXT)
    before = await exported(world)
    report = data(await put(TEXT))
    assert (report["totals"], report["changes"]) == ({}, [])
    assert await exported(world) == before
    (event,) = await events(world, "organization_")
    assert (event["action"], event["actor"]["auth"]["authType"]) == ("organization_seeded", "api-token")
    assert event["context"][0]["attributes"]["totals"]["users created"] == 1
    assert not await events(world, "group_")


@pytest.mark.parametrize(
    "media_type", [YAML, "text/yaml", "application/x-yaml", "text/x-yaml; charset=utf-8"]
)
async def test_yaml_by_any_name(put, media_type):
    assert data(await put("groups: [{name: a}]", media_type))["totals"] == {"groups created": 1}


@pytest.mark.parametrize("media_type", ["application/json", None])
async def test_json_in_one_organization_or_a_list(put, media_type):
    seed = {"groups": [{"name": "a"}]}
    assert data(await put(json.dumps(seed), media_type))["totals"] == {"groups created": 1}
    assert data(await put(json.dumps({"organizations": [seed]}), media_type))["totals"] == {}


async def test_other_media_types_and_sizes_are_refused(world, put):
    refused(await put("a", "text/plain"), 415, "ADMIN-UAM-415-1", "application/yaml")
    refused(await put(b"#" * ((1 << 20) + 1)), 413, "ADMIN-UAM-413-1")
    assert (await put(b"#" * ((1 << 20) - 12) + b"\ngroups: []\n")).status_code == 200


async def test_a_large_body_is_read_beside_other_requests(world, put):
    users = "".join(f"- {{name: U, email: u{number}@example.com}}\n" for number in range(2_000))
    assert data(await put(f"users:\n{users}"))["totals"] == {"users created": 2_000}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", "line 1: is empty."),
        ("groups: [", "line 1: is not well-formed YAML"),
        ("groups:\n- {nam: x}", "line 2: groups[0].nam: unknown field; did you mean name?"),
        (
            "groups:\n- name: x\n  members: [eve@example.com]",
            "line 3: groups[0].members[0]: there is no user",
        ),
        ("organization: {id: 99999999-0000-4000-8000-000000000000}", "line 1: organization.id: must be that"),
        ("organizations: []", "organizations: one organization is seeded here"),
        ("organizations: [{}, {}]", "organizations: one organization is seeded here"),
    ],
)
async def test_mistakes_in_yaml_name_the_line(world, put, text, wanted):
    before = await exported(world)
    refused(await put(text), 400, "ADMIN-UAM-400-1", wanted)
    assert await exported(world) == before


@pytest.mark.parametrize(
    ("seed", "wanted"),
    [
        ({"groups": [{"nam": "x"}, {"name": 1}]}, "groups[0].nam: unknown field; did you mean name?"),
        ({"groups": [{"name": "x", "members": ["a@b.c"]}]}, "groups[0].members[0]: there is no user a@b.c."),
        ({"users": [{"accountId": "x"}]}, "users[0].name: is required for a new user."),
        ([], "must be a mapping of organization, "),
    ],
)
async def test_mistakes_in_json_name_the_field(put, seed, wanted):
    details = [
        error["detail"] for error in refused(await put(json.dumps(seed), None), 400, "ADMIN-UAM-400-1")
    ]
    assert details[0].startswith(wanted)


async def test_each_mistake_is_an_element(put):
    text = "groups: [{nam: x}, {name: 1}, {synced: 2}]"
    assert len(refused(await put(text), 400, "ADMIN-UAM-400-1")) == 3


async def test_conflicts(world, put):
    group = await world.group()
    taken = f"groups: [{{name: {group.name}, id: 99999999-0000-4000-8000-000000000000}}]"
    refused(await put(taken), 409, "ADMIN-UAM-409-2", group.id)
    await put(TEXT)
    full = "users: [{name: B, email: b@c.d, directories: [Partners]}]\n"
    full += "groups: [{name: team, directory: Partners, members: [ada@example.com, b@c.d]}]"
    refused(await put(full), 409, "ADMIN-UAM-409-3", "ari:cloud:jira::site/9", "1 there are")


async def test_seed_needs_a_key_without_scopes(world):
    async with world.client(await world.key("write:groups:admin")) as limited:
        for method, path in (("PUT", "seed"), ("GET", "export")):
            answer = await limited.request(method, f"{world.ours()}/{path}", content=b"x")
            refused(answer, 403, "ADMIN-UAM-403-1", "without scopes")


async def test_other_methods(world):
    for path, allowed in (("seed", "OPTIONS, PUT"), ("export", "GET, HEAD, OPTIONS")):
        answer = await world.http.post(f"{world.ours()}/{path}")
        refused(answer, 405, "ADMIN-UAM-405-1")
        assert answer.headers["allow"] == allowed


async def test_export_is_what_seed_takes(world, put):
    resource = await world.resource(user_limit=5)
    group = await world.group(members=3, description="Zoë\u2028\U0001f600")
    await world.role(group, resource, USER)
    text = await exported(world)
    assert group.id.encode() in text
    assert data(await put(text))["totals"] == {}
    assert await exported(world) == text


async def test_head_of_export_has_no_body(world):
    answer = await raw(world, "HEAD", f"{world.ours()}/export")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == YAML


async def test_export_comes_in_pieces_from_one_snapshot(world, monkeypatch):
    """What is written while an export is read is not in it, whatever has been read by then."""
    for _ in range(3):
        await world.group(members=2)
    text = await exported(world)
    monkeypatch.setattr(writing, "PIECE", 1)
    pieces = []
    async with contextlib.aclosing(world.database.stream(writing.write_export, [world.caller])) as stream:
        async for piece in stream:
            pieces.append(piece)
            await world.group(name=f"late {len(pieces)}")
    assert len(pieces) > 10
    assert b"".join(pieces) == text


async def test_export_that_is_given_up_lets_go_of_its_snapshot(world, monkeypatch):
    monkeypatch.setattr(writing, "PIECE", 1)
    async with contextlib.aclosing(world.database.stream(writing.write_export, [world.caller])) as stream:
        await anext(stream)
    await world.group()
    assert await exported(world)


async def test_all_unknown_members_are_told_at_once(world, put):
    """Contract 1.6: an element for each; of many, the first and how many more there are."""
    members = "".join(f"  - nobody{number}@example.com\n" for number in range(60))
    errors = refused(await put(f"groups:\n- name: x\n  members:\n{members}"), 400, "ADMIN-UAM-400-1")
    found = [error["detail"] for error in errors]
    assert found[0] == "line 4: groups[0].members[0]: there is no user nobody0@example.com."
    assert found[49] == "line 53: groups[0].members[49]: there is no user nobody49@example.com."
    assert found[50:] == ["There are 10 more mistakes; these are the first."]
