"""Events, version 1 (contract 1.4, 4 and 8, "Events")."""

import asyncio
import uuid

import pytest

from guildhall.model.events import EventAction
from guildhall.operations.events import LOOKED_AT, record_event
from tests.contract.answers import refused
from tests.make import NOW

PROBLEMS = [
    ("limit=0", "limit"),
    ("limit=501", "limit"),
    ("limit=x", "limit"),
    ("from=yesterday", "from"),
    ("to=-1", "to"),
    ("action=group_created,nonsense", "action"),
]


async def record(world, *messages, action=EventAction.GROUP_UPDATED, caller=None, product=None):
    """Write events as operations do, all in one transaction."""

    async def write(tx):
        for message in messages:
            await record_event(tx, caller or world.caller, action, message, [], product=product)

    await world.write(write)


async def get(world, path, **query):
    answer = await world.http.get(f"{world.v1()}/{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def follow(world, link):
    answer = await world.http.get(link)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def walk(world, page, direction="next"):
    """The messages of a page and of all pages behind it."""
    pages = [messages(page)]
    while direction in page["links"]:
        page = await follow(world, page["links"][direction])
        pages.append(messages(page))
    return pages


def joined(pages):
    return [text for page in pages for text in page]


def messages(page):
    return [event["message"]["content"] for event in page["data"]]


async def test_get_events_runs_from_newest_to_oldest(world):
    await record(world, "one", "two", "three")
    assert messages(await get(world, "events"))[:3] == ["three", "two", "one"]


async def test_get_events_shows_the_whole_event(world):
    user, group = await world.user(), await world.group("Readers")
    path = f"{world.v2()}/groups/{group.id}/memberships"
    assert (await world.http.post(path, json={"accountId": user.id})).status_code == 204
    event = (await get(world, "events", limit=1))["data"][0]
    key = event["attributes"]["actor"]["id"]
    base = f"http://127.0.0.1:8080{world.v1()}"
    directory = base.replace("/v1/", "/v2/") + f"/directories/{group.directory_id}"
    assert event == {
        "id": event["id"],
        "type": "events",
        "attributes": {
            "time": "2026-07-01T00:00:00.000Z",
            "processedAt": "2026-07-01T00:00:00.000Z",
            "action": "group_member_added",
            "actor": {
                "id": key,
                "name": "test",
                "auth": {"authType": "api-token", "tokenId": key, "tokenLabel": "test"},
            },
            "context": [
                {
                    "id": group.id,
                    "type": "groups",
                    "attributes": {
                        "name": "Readers",
                        "directoryId": group.directory_id,
                        "groupName": "Readers",
                    },
                    "links": {"self": f"{directory}/groups/{group.id}"},
                },
                {
                    "id": user.id,
                    "type": "users",
                    "attributes": {"name": user.name, "email": user.email, "accountType": "atlassian"},
                    "links": {"self": f"http://127.0.0.1:8080{world.v2('-')}/users/{user.id}"},
                },
            ],
            "container": [{"id": world.org_id, "type": "orgs", "attributes": {}, "links": {"self": base}}],
            "location": {"ip": "127.0.0.1"},
        },
        "message": {"content": f"Added {user.name} to group Readers", "format": "simple"},
        "links": {"self": f"{base}/events/{event['id']}"},
    }


async def test_get_events_of_the_command_line_have_the_system_as_actor(world):
    await record(world, "by hand")
    event = (await get(world, "events", limit=1))["data"][0]
    assert event["attributes"]["actor"] == {"id": "system", "name": "system"}
    assert event["attributes"]["location"] == {}


async def test_get_events_links_keep_the_filters_and_the_mount(world):
    await record(world, "a & b", "a & c")
    page = await get(
        world, "events", q="A &", limit=1, action="group_updated", **{"from": NOW - 5, "to": NOW + 5}
    )
    assert "prev" not in page["links"]
    kept = f"/events?q=A+%26&from={NOW - 5}&to={NOW + 5}&action=group_updated&cursor="
    token = page["meta"]["next"]
    assert page["links"]["next"] == f"http://127.0.0.1:8080{world.v1()}{kept}{token}"
    path = f"/gateway/api{world.v1()}/events"
    page = (await world.http.get(path, params={"limit": 1})).json()
    assert page["links"]["next"].startswith(f"http://127.0.0.1:8080{path}?cursor=")
    assert page["data"][0]["links"]["self"].startswith(f"http://127.0.0.1:8080{path}/")


async def test_get_events_meta_counts_the_page(world):
    await record(world, *(f"event {number}" for number in range(30)))
    page = await get(world, "events", q="event")
    assert (page["meta"]["page_size"], len(page["data"])) == (25, 25)
    page = await follow(world, page["links"]["next"])
    assert page["meta"] == {"next": None, "page_size": 5}
    assert "next" not in page["links"]


@pytest.mark.parametrize("limit", [1, 5, 16, 53, 500])
async def test_get_events_walks_there_and_back(world, limit):
    await record(world, *(f"event {number:02}" for number in range(53)))
    expected = [f"event {number:02}" for number in reversed(range(53))]
    first = await get(world, "events", q="event", limit=limit)
    pages = await walk(world, first)
    assert joined(pages) == expected
    page = first
    while "next" in page["links"]:
        page = await follow(world, page["links"]["next"])
    back = await walk(world, page, "prev")
    assert joined(reversed(back)) == expected


async def test_get_events_self_is_the_same_page(world):
    await record(world, *"abcde")
    page = await get(world, "events", limit=2)
    second = await follow(world, page["links"]["next"])
    assert await follow(world, second["links"]["self"]) == second


async def test_get_events_walk_survives_writers(world):
    await record(world, *(f"old {number}" for number in range(40)))
    page = await get(world, "events", limit=7)
    seen = messages(page)
    while "next" in page["links"]:
        await record(world, "new", "newer")
        page = await follow(world, page["links"]["next"])
        seen += messages(page)
    assert sorted(text for text in seen if text.startswith("old")) == sorted(f"old {n}" for n in range(40))


async def test_get_events_from_is_inclusive_and_to_exclusive(world):
    for second in range(10):
        world.clock.now = NOW + 1_000_000 + second * 1_000
        await record(world, f"second {second}")
    query = {"from": NOW + 1_003_000, "to": NOW + 1_006_000}
    assert messages(await get(world, "events", **query)) == ["second 5", "second 4", "second 3"]
    page = await get(world, "events", **query, limit=2)
    assert await walk(world, page) == [["second 5", "second 4"], ["second 3"]]
    assert messages(await get(world, "events", **{"from": query["to"], "to": query["from"]})) == []


async def test_get_events_q_folds(world):
    await record(world, "Created group Straße", "Created group Meadow")
    assert messages(await get(world, "events", q="STRASSE")) == ["Created group Straße"]
    assert messages(await get(world, "events", q="group%")) == []


async def test_get_events_q_matches_the_actor(world):
    async with world.client(await world.key(name="Nightly Import")) as client:
        await client.post(f"{world.v2()}/groups", json={"name": "imported"})
    assert messages(await get(world, "events", q="NIGHTLY i", action="group_created")) == [
        "Created group imported"
    ]


async def test_get_events_filters_are_joined(world):
    await record(world, "one", action=EventAction.GROUP_CREATED, product="jira")
    await record(world, "two", action=EventAction.GROUP_DELETED, product="jira")
    await record(world, "three", action=EventAction.GROUP_CREATED, product="confluence")
    assert messages(await get(world, "events", product="jira")) == ["two", "one"]
    assert messages(await get(world, "events", product="jira", action="group_created")) == ["one"]
    both = await get(world, "events", product=["jira", "confluence"], action="group_created,group_deleted")
    assert messages(both) == ["three", "two", "one"]
    assert messages(await get(world, "events", product="bitbucket")) == []


async def test_get_events_of_an_actor_or_an_address(world):
    await record(world, "by the system")
    await world.http.post(f"{world.v2()}/groups", json={"name": "by key"})
    newest = (await get(world, "events", limit=1))["data"][0]["attributes"]
    for query in ({"actor": newest["actor"]["id"]}, {"ip": "127.0.0.1"}, {"location": "127.0.0.1"}):
        assert messages(await get(world, "events", **query)) == ["Created group by key"]
    assert messages(await get(world, "events", actor="nobody")) == []
    assert "by the system" in messages(await get(world, "events", actor="system"))


async def test_get_events_filtered_page_may_be_empty_while_more_follow(world):
    await record(world, "the needle")
    await record(world, *("hay" for _ in range(LOOKED_AT + 10)))
    page = await get(world, "events", q="needle")
    assert (page["data"], page["meta"]["page_size"]) == ([], 0)
    assert joined(await walk(world, page)) == ["the needle"]


@pytest.mark.parametrize(("query", "name"), PROBLEMS)
async def test_get_events_names_what_is_wrong(world, query, name):
    answer = await world.http.get(f"{world.v1()}/events?{query}")
    error = answer.json()["errors"][0]
    assert (answer.status_code, error["code"]) == (400, "ADMIN-400-24")
    assert error["detail"].startswith(name)


async def test_get_events_unknown_action_lists_those_there_are(world):
    answer = await world.http.get(f"{world.v1()}/events?action=nonsense")
    assert all(action in answer.json()["errors"][0]["detail"] for action in EventAction)


async def test_get_events_refuses_cursors_of_others(world):
    await record(world, *"abc")
    token = (await get(world, "events-stream", limit=1))["meta"]["next"]
    for cursor in (token, "nonsense", (await get(world, "events", limit=1))["meta"]["next"][:-1]):
        answer = await world.http.get(f"{world.v1()}/events", params={"cursor": cursor})
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "ADMIN-400-1")


@pytest.mark.parametrize("path", ["events", "events-stream", f"events/{uuid.UUID(int=1)}", "event-actions"])
async def test_events_need_their_scope(world, path):
    async with world.client(await world.key("read:groups:admin", "write:groups:admin")) as client:
        answer = await client.get(f"{world.v1()}/{path}")
    error = answer.json()["errors"][0]
    assert (answer.status_code, error["code"], error["title"]) == (401, "ADMIN-401-2", "INSUFFICIENT_SCOPE")
    assert "read:events:admin" in error["detail"]


async def test_get_event_is_found_by_its_id(world):
    await record(world, "one", "two")
    for event in (await get(world, "events"))["data"]:
        assert await follow(world, event["links"]["self"]) == {"data": event}
        assert uuid.UUID(event["id"]).version == 8
        assert await get(world, f"events/{event['id'].upper()}") == {"data": event}


async def test_get_event_unknown_is_404(world):
    await record(world, "one")
    number = uuid.UUID((await get(world, "events", limit=1))["data"][0]["id"]).int
    # Another key, another time, another organization's mark, no UUID of version 8, no UUID.
    others = [str(uuid.UUID(int=number ^ 1 << bit)) for bit in (20, 80, 64, 76)]
    for event_id in [*others, str(uuid.UUID(int=1)), "nonsense", "%27", "a" * 5_000]:
        answer = await world.http.get(f"{world.v1()}/events/{event_id}")
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, "ADMIN-404-1"), event_id


async def test_get_event_actions_names_every_action(world):
    actions = (await get(world, "event-actions"))["data"]
    assert {action["id"] for action in actions} == set(EventAction)
    assert actions[0] == {
        "id": "group_created",
        "type": "event-actions",
        "attributes": {"displayName": "Created a group", "groupDisplayName": "Groups"},
    }


async def test_poll_events_runs_from_oldest_to_newest(world):
    await record(world, "one", "two", "three")
    assert messages(await get(world, "events-stream"))[-3:] == ["one", "two", "three"]


async def test_poll_events_never_ends(world):
    await record(world, "one")
    page = await get(world, "events-stream")
    for text in ("two", "three"):
        page = await follow(world, page["links"]["next"])
        assert page["data"] == []
        again = await get(world, "events-stream", cursor=page["meta"]["next"])
        assert (again["data"], again["meta"]["next"]) == ([], page["meta"]["next"])
        await record(world, text)
        page = await follow(world, page["links"]["next"])
        assert messages(page) == [text]


async def test_poll_events_from_the_future_waits_for_it(world):
    page = await get(world, "events-stream", **{"from": NOW + 50_000})
    assert (page["data"], page["links"].get("prev", "none")) == ([], "none")
    await record(world, "too early")
    page = await follow(world, page["links"]["next"])
    assert page["data"] == []
    world.clock.now = NOW + 50_000
    await record(world, "in time")
    assert messages(await follow(world, page["links"]["next"])) == ["in time"]


async def test_poll_events_stops_at_to_and_says_so_for_ever(world):
    await record(world, "before")
    query = {"from": NOW, "to": NOW + 1_000}
    page = await get(world, "events-stream", **query)
    world.clock.now = NOW + 1_000
    await record(world, "behind")
    page = await follow(world, page["links"]["next"])
    assert page["data"] == []
    assert page["links"]["next"]


async def test_poll_events_desc_runs_from_newest_to_oldest(world):
    await record(world, "one", "two", "three")
    page = await get(world, "events-stream", sortOrder="desc", limit=2)
    assert messages(page) == ["three", "two"]
    assert "sortOrder=desc" in page["links"]["next"]
    page = await follow(world, page["links"]["next"])
    assert messages(page)[0] == "one"
    answer = await world.http.get(f"{world.v1()}/events-stream?sortOrder=up")
    assert answer.status_code == 400


async def test_poll_events_has_pages_of_200(world):
    await record(world, *(f"event {number}" for number in range(220)))
    assert (await get(world, "events-stream"))["meta"]["page_size"] == 200


async def test_poll_events_shows_each_event_once_whoever_writes(world):
    """Writers commit in any order; the poller must neither miss nor repeat one of their events."""
    writers, each = 8, 15
    page = await get(world, "events-stream", limit=7)
    while page["data"]:
        page = await follow(world, page["links"]["next"])
    seen = []

    async def write(writer):
        for number in range(each):
            name = f"group {writer}-{number}"
            answer = await world.http.post(f"{world.v2()}/groups", json={"name": name})
            assert answer.status_code == 201

    async def poll(page):
        while not writing.done() or page["data"]:
            page = await follow(world, page["links"]["next"])
            seen.extend(messages(page))
            await asyncio.sleep(0)  # A read on SQLite never waits, and the writers want their turn.
        return page

    writing = asyncio.gather(*(write(writer) for writer in range(writers)))
    page = await poll(page)
    await writing
    expected = [
        f"Created group group {writer}-{number}" for writer in range(writers) for number in range(each)
    ]
    # PostgreSQL's own upkeep can hold a transaction open, below which the stream stops for a while.
    for _ in range(2_000):
        page = await poll(page)
        if len(seen) >= len(expected):
            break
        page = await follow(world, page["links"]["next"])
        seen.extend(messages(page))
    assert sorted(seen) == sorted(expected)


@pytest.mark.parametrize(
    "path", ["/admin/v1/orgs/{}/events", "/admin/v1/orgs/{}/events-stream", "/admin/v2/orgs/{}/events"]
)
async def test_times_are_milliseconds_or_rfc_3339(world, path):
    """Contract 4: collectors send either; one instant is one instant, however it is written."""
    target = path.format(world.org_id)
    await record(world, "one")
    for time in (str(NOW), "2026-07-01T00:00:00Z", "2026-07-01", "2026-07-01T02:00:00.000+02:00"):
        page = (await world.http.get(target, params={"from": time})).json()
        assert "one" in messages(page), time
        assert messages((await world.http.get(target, params={"to": time})).json()) == [], time
    code = "ADMIN-400-24" if "/v1/" in path else "ADMIN-UAM-400-1"
    for wrong in ("yesterday", "2026-07-01T00:00:00", "2026-07-01T00:00:00+10:60", "2026-02-30", "-1", "1.5"):
        for name in ("from", "to"):
            answer = await world.http.get(target, params={name: wrong})
            refused(answer, 400, code, f"{name}:")
