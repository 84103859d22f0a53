from datetime import datetime

import pytest

from guildhall.client import AsyncGuildhall, Guildhall, Options
from guildhall.client.errors import Unauthorized, UnexpectedAnswer
from tests.client import operations_guildhall, operations_v1, operations_v2
from tests.client.conftest import FAST
from tests.client.remote import DIRECTORY, ORG, Reply, error, page
from tests.client.samples import A_PAGE, DONE, ONE_GROUP, OURS, V2, D

OPERATIONS = {
    **operations_v1.OPERATIONS,
    **operations_v2.OPERATIONS,
    **operations_guildhall.OPERATIONS,
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_operation(remote, client, name):
    call, reply, method, target, body = OPERATIONS[name]
    remote.play(reply)
    call(client)
    (asked,) = remote.asked
    assert (asked.method, asked.target, asked.body) == (method, target, body)
    assert asked.headers["authorization"] == "Bearer a-key"
    assert asked.headers["content-type"] == ("application/json" if body is not None else None)


@pytest.mark.parametrize("name", OPERATIONS)
async def test_operation_async(remote, async_client, name):
    call, reply, method, target, body = OPERATIONS[name]
    remote.play(reply)
    await call(async_client)
    (asked,) = remote.asked
    assert (asked.method, asked.target, asked.body) == (method, target, body)


def test_get_group_reads_what_it_knows(remote, client):
    remote.play(ONE_GROUP)
    found = client.groups.get("id-a")
    assert (found.id, found.name, found.directory_id) == ("id-a", "a", DIRECTORY)
    assert found.counts is not None
    assert (found.counts.users, found.counts.resources) == (1, 2)
    assert found.management_access is not None
    assert found.management_access.deletable


def test_create_group_reads_the_location(remote, client):
    remote.play(Reply(201, None, {"location": f"{D}/groups/0d1f"}))
    assert client.groups.create("a").group_id == "0d1f"


def test_create_group_of_a_silent_server_looks_the_name_up(remote, client):
    """As the vendor's; it may list the group a moment later."""
    found = {"data": [{"id": "0d1f", "name": "a", "directoryId": DIRECTORY}], "links": {}}
    remote.play(Reply(201), Reply(200, {"data": [], "links": {}}), Reply(200, found))
    assert client.groups.create(" a ").group_id == "0d1f"
    assert [one.path for one in remote.asked] == [f"{D}/groups", *[f"{D}/groups/search"] * 2]
    assert remote.asked[-1].body == {"groupNames": ["a"]}


def test_create_group_that_cannot_be_found_is_told(remote, client):
    remote.play(Reply(201), *[Reply(200, {"data": [], "links": {}})] * 4)
    with pytest.raises(UnexpectedAnswer, match="cannot be found"):
        client.groups.create("a")


@pytest.mark.parametrize("operation", ["add_each", "remove_each"])
async def test_many_members_are_told_one_by_one(remote, client, async_client, operation):
    replies = (Reply(204), error(409, "ADMIN-UAM-409-3", "The user limit is 1."), Reply(204))
    remote.play(*replies, *replies)
    done = list(getattr(client.memberships, operation)("g", ["a", "b", "c"]))
    assert [(one.account_id, one.error and one.error.detail) for one in done] == [
        ("a", None),
        ("b", "The user limit is 1."),
        ("c", None),
    ]
    again = [one async for one in getattr(async_client.memberships, operation)("g", ["a", "b", "c"])]
    assert [one.account_id for one in again if one.error] == ["b"]


def test_a_member_already_is_no_error_among_many(remote, client):
    remote.play(error(409, "ADMIN-UAM-409-2"))
    assert [one.error for one in client.memberships.add_each("g", ["a"])] == [None]


def test_a_bad_key_ends_many_calls(remote, client):
    remote.play(error(401, "ADMIN-UAM-401-1"))
    with pytest.raises(Unauthorized):
        list(client.memberships.add_each("g", ["a", "b"]))


def test_invite_reads_the_results(remote, client):
    call, reply, *_ = OPERATIONS["inviteUsers"]
    remote.play(reply)
    (invited,) = call(client)
    assert invited.results[0].group_assignment_result[0].status == "INVITED"


def test_export_is_streamed(remote, client):
    remote.play(Reply(200, b"organizations:\n" * 100_000))
    assert b"".join(client.furnishing.seeds.export()) == b"organizations:\n" * 100_000
    assert remote.asked[0].path == f"{OURS}/export"


async def test_export_is_streamed_async(remote, async_client):
    remote.play(Reply(200, b"organizations:\n"))
    assert b"".join([piece async for piece in async_client.furnishing.seeds.export()]) == b"organizations:\n"


def test_ids_are_looked_up_once(remote):
    directories = page([{"directoryId": "first"}, {"directoryId": "second"}])
    remote.play(page([{"id": ORG}]), directories, DONE, ONE_GROUP, DONE)
    with Guildhall(remote.url, "k", Options(retries=FAST)) as client:
        client.groups.delete("g")
        client.groups.get("g")
        client.memberships.add("g", "u")
    assert [asked.path for asked in remote.asked] == [
        "/admin/v1/orgs",
        f"{V2}/directories",
        f"{V2}/directories/first/groups/g",
        f"{V2}/directories/-/groups/g",
        f"{V2}/directories/first/groups/g/memberships",
    ]


async def test_ids_are_looked_up_once_async(remote):
    remote.play(page([{"id": ORG}]), Reply(body={"count": 1}), Reply(body={"count": 2}))
    async with AsyncGuildhall(remote.url, "k", Options(retries=FAST)) as client:
        await client.groups.count()
        await client.users.count()
    assert len(remote.asked) == 3


def test_key_without_an_organization(remote):
    remote.play(page([]))
    with Guildhall(remote.url, "k") as client, pytest.raises(UnexpectedAnswer, match="no organization"):
        client.groups.stats()


def test_time_without_a_zone(client):
    with pytest.raises(ValueError, match="zone"):
        client.events.list(since=datetime(2025, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("suffix", "admin", "root"),
    [
        ("", "/admin", ""),
        ("/", "/admin", ""),
        ("/admin", "/admin", ""),
        ("/admin/", "/admin", ""),
        ("/gateway/api/admin", "/gateway/api/admin", ""),
        ("/behind/a/proxy", "/behind/a/proxy/admin", "/behind/a/proxy"),
    ],
)
def test_base_url_in_every_form(remote, suffix, admin, root):
    remote.play(A_PAGE)
    with Guildhall(remote.url + suffix, "k", Options(org_id=ORG)) as client:
        client.directories.list()
        client.furnishing.keys.list()
    assert remote.asked[0].path == f"{admin}/v2/orgs/{ORG}/directories"
    assert remote.asked[1].path == f"{root}{OURS}/keys"
