"""Contract 6a: furnishing directories."""

import pytest

from tests.contract.answers import data, done, events, refused

D1 = "11111111-0000-4000-8000-000000000001"
D2 = "22222222-0000-4000-8000-000000000002"


@pytest.fixture
def at(world):
    return lambda directory_id: f"{world.ours()}/directories/{directory_id}"


async def test_put_creates_then_changes_then_leaves_alone(world, at):
    created = await world.http.put(
        at(D1), json={"name": " Engineering ", "icon": "https://example.com/i.png"}
    )
    assert created.status_code == 201
    shown = created.json()["data"]
    links = shown.pop("links")
    assert shown == {
        "directoryId": D1,
        "name": "Engineering",
        "icon": "https://example.com/i.png",
        "default": False,
    }
    changed = data(await world.http.put(at(D1.upper()), json={"name": "Research"}))
    assert (changed["name"], changed["icon"]) == ("Research", "https://example.com/i.png")
    assert data(await world.http.put(at(D1), json={"name": "Research"})) == changed
    assert data(await world.http.get(at(D1))) == changed
    assert changed["links"] == links
    assert data(await world.http.put(at(D1), json={"name": "Research", "icon": None}))["icon"] is None
    recorded = await events(world, "directory_")
    assert [event["action"] for event in recorded] == [
        "directory_created",
        "directory_updated",
        "directory_updated",
    ]
    subject = recorded[1]["context"][0]
    assert (subject["id"], subject["type"]) == (D1, "directories")
    assert subject["attributes"]["before"]["name"] == "Engineering"


async def test_first_directory_is_the_default_and_another_can_become_it(world, at):
    assert data(await world.http.get(at(world.default.id)))["default"] is True
    await world.http.put(at(D2), json={"name": "B"})
    assert (await world.http.put(at(D1), json={"name": "A", "default": True})).status_code == 201
    listed = data(await world.http.get(f"{world.ours()}/directories"))
    assert [(item["directoryId"], item["default"]) for item in listed] == [
        (D1, True),
        (D2, False),
        (world.default.id, False),
    ]


async def test_default_directory_cannot_stop_to_be_it_by_itself(world, at):
    answer = await world.http.put(at(world.default.id), json={"name": "D", "default": False})
    refused(answer, 400, "ADMIN-UAM-400-1", "default")
    assert (await world.http.put(at(D1), json={"name": "A", "default": False})).status_code == 201


async def test_list_is_walked_by_cursor(world, at):
    for name in ("c", "A", "b", "ß"):
        await world.directory(name)
    names, url, query = [], f"{world.ours()}/directories", {"limit": "2"}
    while query:
        page = (await world.http.get(url, params=query)).json()
        names += [item["name"] for item in page["data"]]
        query = page["links"]["next"] and {"cursor": page["links"]["next"]}
    assert names == ["Default directory", "A", "b", "c", "ß"]
    back = (await world.http.get(url, params={"cursor": page["links"]["prev"]})).json()
    assert [item["name"] for item in back["data"]] == ["b", "c"]
    again = (await world.http.get(url, params={"cursor": back["links"]["self"]})).json()
    assert again == back


BAD_LIMITS = ["0", "101", "x"]


async def test_limit_out_of_range_is_refused(world):
    for limit in BAD_LIMITS:
        answer = await world.http.get(f"{world.ours()}/directories", params={"limit": limit})
        refused(answer, 400, "ADMIN-UAM-400-1", "limit", "1 to 100")


async def test_cursor_of_another_list_is_refused(world):
    await world.directory("Another")
    page = (await world.http.get(f"{world.ours()}/directories", params={"limit": "1"})).json()
    cursor = {"cursor": page["links"]["next"]}
    refused(await world.http.get(f"{world.ours()}/users", params=cursor), 400, "ADMIN-UAM-400-1", "cursor")


BAD_BODIES = [
    {"name": ""},
    {"name": " \t"},
    {"name": "a\nb"},
    {"name": "x" * 256},
    {"name": "a", "icon": "b\nc"},
    {},
]


async def test_texts_that_cannot_be_kept_are_refused(world, at):
    for body in BAD_BODIES:
        refused(await world.http.put(at(D1), json=body), 400, "ADMIN-UAM-400-1")


async def test_delete_takes_an_empty_directory(world, at):
    await world.http.put(at(D1), json={"name": "A"})
    done(await world.http.delete(at(D1)))
    refused(await world.http.get(at(D1)), 404, "ADMIN-UAM-404-1", D1)
    refused(await world.http.delete(at(D1)), 404, "ADMIN-UAM-404-1", D1)
    assert (await events(world, "directory_"))[-1]["action"] == "directory_deleted"


async def test_delete_leaves_a_directory_in_use(world, at):
    directory = await world.directory()
    group = await world.group(directory=directory)
    refused(await world.http.delete(at(directory.id)), 409, "ADMIN-UAM-409-1", "users or groups")
    done(await world.http.delete(f"{world.v2(directory.id)}/groups/{group.id}"))
    user = await world.user(directory)
    refused(await world.http.delete(at(directory.id)), 409, "ADMIN-UAM-409-1", "users or groups")
    body = {"name": user.name, "email": user.email, "directories": [world.default.id]}
    data(await world.http.put(f"{world.ours()}/users/{user.id}", json=body))
    done(await world.http.delete(at(directory.id)))


async def test_delete_leaves_the_default_directory(world, at):
    refused(await world.http.delete(at(world.default.id)), 409, "ADMIN-UAM-409-1", "default")


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_all_directories_cannot_be_written_to(world, at, method):
    """Contract 1.3: 400 that lists the ids."""
    await world.http.put(at(D1), json={"name": "A"})
    answer = await world.http.request(method, at("-"), json={"name": "B"})
    refused(answer, 400, "ADMIN-UAM-400-1", world.default.id, D1)


METHODS = ["GET", "PUT", "DELETE"]


async def test_id_of_the_wrong_form_is_not_found(world, at):
    for method in METHODS:
        answer = await world.http.request(method, at("no-uuid"), json={"name": "A"})
        refused(answer, 404, "ADMIN-UAM-404-1")
