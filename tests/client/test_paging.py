import pytest

from guildhall.client.errors import UnexpectedAnswer
from tests.client.remote import DIRECTORY, Reply, group, page

PAGES = [page([group("a"), group("b")], "t1"), page([group("c")], "t2"), page([])]


def test_list_all_walks_cursors_and_keeps_the_filters(remote, client):
    remote.play(*PAGES)
    found = client.groups.list_all(search_term="x", account_ids=["1", "2"], counts=["users"], sort_by="-name")
    assert [item.name for item in found] == ["a", "b", "c"]
    first, second, third = (asked.query for asked in remote.asked)
    assert ("accountIds", "1") in first
    assert ("accountIds", "2") in first
    assert ("counts", '{"includeUsers":true}') in first
    assert ("sortBy", '[{"field":"name","direction":"desc"}]') in first
    assert second == [*first, ("cursor", "t1")]
    assert third == [*first, ("cursor", "t2")]


async def test_list_all_async(remote, async_client):
    remote.play(*PAGES)
    assert [item.name async for item in async_client.groups.list_all()] == ["a", "b", "c"]


async def test_pages_async(remote, async_client):
    remote.play(*PAGES)
    sizes = [len(one.data) async for one in async_client.groups.search_all().pages()]
    assert sizes == [2, 1, 0]


def test_search_all_sends_the_cursor_in_the_body(remote, client):
    remote.play(*PAGES)
    names = [item.name for item in client.groups.search_all(group_names=["a"], expand=["counts.users"])]
    assert names == ["a", "b", "c"]
    filters = {"groupNames": ["a"], "expand": ["counts.users"]}
    assert [asked.body for asked in remote.asked] == [
        filters,
        {**filters, "cursor": "t1"},
        {**filters, "cursor": "t2"},
    ]


def test_workspaces_send_the_cursor_alone(remote, client):
    remote.play(page([{"id": "ari:cloud:jira::site/1"}], "t1"), page([]))
    list(client.workspaces.search_all({"search": "docs"}, limit=1))
    assert [asked.body for asked in remote.asked] == [
        {"query": {"search": "docs"}, "limit": 1},
        {"cursor": "t1"},
    ]


def test_walk_ends_when_the_same_cursor_comes_twice(remote, client):
    remote.play(page([group("a")], "t1"), page([group("b")], "t1"))
    assert [item.name for item in client.groups.list_all()] == ["a", "b"]
    assert len(remote.asked) == 2


def test_walk_ends_when_the_server_turns_in_circles(remote, client):
    remote.play(page([group("a")], "t1"), page([], "t2"), page([], "t1"))
    assert [item.name for item in client.groups.list_all()] == ["a"]
    assert len(remote.asked) == 3


def test_walk_goes_on_over_an_empty_page(remote, client):
    remote.play(page([], "t1"), page([group("a")]))
    assert [item.name for item in client.groups.list_all()] == ["a"]


def test_links_as_urls_lead_to_this_server_only(remote, client):
    elsewhere = "https://elsewhere.example/admin/v1/orgs/o/users?cursor=a%20b&limit=5"
    remote.play(page([{"account_id": "1"}], elsewhere, meta={"total": 2}), page([{"account_id": "2"}]))
    assert [account.account_id for account in client.v1.users.list_all()] == ["1", "2"]
    assert remote.asked[1].query == [("cursor", "a b"), ("limit", "5")]
    assert remote.asked[1].path == remote.asked[0].path


def test_link_as_a_url_without_a_cursor_is_not_the_end(remote, client):
    remote.play(page([], "https://elsewhere.example/next"))
    with pytest.raises(UnexpectedAnswer, match="without a cursor"):
        list(client.orgs.list_all())


def test_stream_ends_where_it_stands_and_says_where(remote, client):
    event = {"id": "1", "type": "events", "attributes": {"action": "group_created"}}
    remote.play(page([event], "http://x/?cursor=c1", meta={"next": "c1"}), page([], "http://x/?cursor=c1"))
    stream = client.events.poll_all(sort_order="asc")
    assert [found.attributes.action for found in stream] == ["group_created"]
    assert stream.cursor == "c1"
    remote.play(page([event], "http://x/?cursor=c2"), page([], "http://x/?cursor=c2"))
    assert len(list(client.events.poll_all(cursor=stream.cursor))) == 1


@pytest.mark.parametrize("inside", [True, False])
def test_message_of_an_event_stands_beside_its_attributes_or_inside(remote, client, inside):
    """Contract 4: recorded answers have it beside, the documentation inside."""
    message = {"content": "Created group a", "format": "simple"}
    event = {"id": "1", "attributes": {"action": "group_created", **({"message": message} if inside else {})}}
    remote.play(page([event if inside else {**event, "message": message}], "http://x/?cursor=c1"))
    (found,) = client.events.poll().data
    assert found.message.content == found.attributes.message.content == "Created group a"


def test_stream_with_the_cursor_in_meta_only(remote, client):
    remote.play(Reply(body={"data": [], "meta": {"next": "c1", "page_size": 0}}))
    stream = client.events.poll_all()
    assert list(stream) == []
    assert stream.cursor == "c1"


def test_members_of_a_group(remote, client):
    remote.play(page([{"accountId": "557058:1", "addedAt": "2025-01-01T00:00:00.000Z"}]))
    assert [member.account_id for member in client.memberships.list_all("g", limit=1000)] == ["557058:1"]
    assert remote.asked[0].path.endswith(f"/directories/{DIRECTORY}/groups/g/memberships")
