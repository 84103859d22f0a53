"""Loops and tests of answers as the scripts of this API are seen to write them, written anew.

Each is what a script does after the documentation's first example worked: walk, look up, write, read back,
and compare exact codes.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from guildhall.http.docs.examples import WIKI
from tests.live import Live


@pytest.fixture
def session(server: Live) -> Iterator[requests.Session]:
    """A session of `requests` with the key."""
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {server.key}"
        yield session


@pytest.fixture
def org(server: Live) -> str:
    """The address of the organization, version 2."""
    return f"{server.url}/admin/v2/orgs/{server.org_id}"


@pytest.fixture
def active_user(session: requests.Session, org: str) -> str:
    """An account that may join groups."""
    users = session.get(f"{org}/directories/-/users", params={"status": "active", "limit": 1}).json()
    return str(users["data"][0]["accountId"])


@pytest.mark.parametrize("path", ["orgs", "orgs/{org}/events?limit=1"])
def test_a_loop_while_next_is_among_the_links_ends(
    session: requests.Session, server: Live, path: str
) -> None:
    """`null` would be followed for ever (contract 1.4)."""
    url, seen = f"{server.url}/admin/v1/{path.format(org=server.org_id)}", []
    while True:
        page = session.get(url).json()
        seen += [one["id"] for one in page["data"]]
        if "next" not in page["links"]:
            break
        url = page["links"]["next"]
    assert len(seen) == len(set(seen)) >= 1


def test_a_loop_that_stops_at_the_same_cursor_sees_every_group_once(
    session: requests.Session, org: str
) -> None:
    cursor, cursors, names = None, set(), []
    while cursor not in cursors:
        cursors.add(cursor)
        page = session.get(f"{org}/directories/-/groups", params={"limit": 10, "cursor": cursor}).json()
        names += [group["id"] for group in page["data"]]
        cursor = (page.get("links") or {}).get("next")
    assert len(names) == len(set(names)) > 20


def test_a_directory_is_looked_up_before_a_write_and_the_group_by_its_name_after(
    session: requests.Session, org: str, active_user: str, group_name: str
) -> None:
    """A provider's create, read, update and delete, with the exact codes of contract 1.9."""
    directory = session.get(f"{org}/directories").json()["data"][0]["directoryId"]
    groups = f"{org}/directories/{directory}/groups"
    assert session.post(groups, json={"name": group_name, "description": ""}).status_code == 201
    found = session.post(f"{groups}/search", json={"groupNames": [group_name]}).json()["data"]
    assert [group["name"] for group in found] == [group_name]
    assert found[0]["description"] == ""
    group = f"{groups}/{found[0]['id']}"
    role = {"resourceId": WIKI, "roleId": "atlassian/user"}
    assert session.post(f"{group}/memberships", json={"accountId": active_user}).status_code == 204
    assert session.post(f"{group}/role-assignments/assign", json=role).status_code == 200
    assert session.post(groups, json={"name": group_name}).status_code == 409
    assert session.get(group).json()["data"]["counts"] == {"users": 1, "resources": 1}
    assert session.post(f"{group}/role-assignments/revoke", json=role).status_code == 204
    assert session.delete(f"{group}/memberships/{active_user}").status_code == 204
    assert session.delete(group).status_code == 204
    assert session.get(group).status_code == 404
    assert session.delete(group).status_code == 404


def test_a_write_to_all_directories_is_told_which_there_are(session: requests.Session, org: str) -> None:
    """`-` is for reading; the script needs an id, and finds it in the error (contract 1.3)."""
    refused = session.post(f"{org}/directories/-/groups", json={"name": "nowhere"})
    assert refused.status_code == 400
    for directory in session.get(f"{org}/directories").json()["data"]:
        assert directory["directoryId"] in refused.json()["errors"][0]["message"]


def test_a_collector_parses_the_reset_to_the_minute(session: requests.Session, server: Live) -> None:
    """The widespread one knows this form alone (contract 1.7)."""
    keys = f"{server.url}/guildhall/v1/orgs/{server.org_id}/keys"
    made = session.post(keys, json={"name": "collector", "rateLimit": 100}).json()["data"]
    try:
        answer = requests.get(
            f"{server.url}/admin/v1/orgs/{server.org_id}/events",
            headers={"Authorization": f"Bearer {made['secret']}"},
            timeout=10,
        )
        reset = datetime.strptime(answer.headers["X-RateLimit-Reset"], "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC)
        assert abs(reset - datetime.now(UTC)) <= timedelta(minutes=2)
        assert answer.headers["X-RateLimit-Limit"] == "100"
    finally:
        session.delete(f"{keys}/{made['id']}")


@pytest.mark.parametrize("form", ["milliseconds", "RFC 3339"])
def test_a_collector_asks_for_events_since_a_time(session: requests.Session, server: Live, form: str) -> None:
    since = datetime.now(UTC) - timedelta(days=1)
    value: Any = int(since.timestamp() * 1000) if form == "milliseconds" else since.isoformat()
    page = session.get(
        f"{server.url}/admin/v1/orgs/{server.org_id}/events", params={"from": value, "limit": 5}
    ).json()
    assert page["data"]
    assert all(event["message"]["content"] for event in page["data"])


def test_a_poller_asks_the_last_cursor_again_and_misses_nothing(
    session: requests.Session, server: Live, group_name: str
) -> None:
    stream = f"{server.url}/admin/v1/orgs/{server.org_id}/events-stream"
    page = session.get(stream, params={"limit": 500}).json()
    while page["data"]:
        page = session.get(stream, params={"cursor": page["meta"]["next"]}).json()
    session.post(server.url + server.groups, json={"name": group_name}).raise_for_status()
    page = session.get(stream, params={"cursor": page["meta"]["next"]}).json()
    assert [event["attributes"]["action"] for event in page["data"]] == ["group_created"]


@pytest.mark.parametrize(
    "query",
    [
        "groupIds[]={0}&groupIds[]={1}",
        "groupIds[0]={0}&groupIds[1]={1}",
        "groupIds={0}&groupIds={1}",
        "groupIds={0},{1}",
    ],
)
def test_arrays_are_read_as_libraries_write_them(session: requests.Session, org: str, query: str) -> None:
    ids = [group["id"] for group in session.get(f"{org}/directories/-/groups?limit=2").json()["data"]]
    found = session.get(f"{org}/directories/-/groups?{query.format(*ids)}").json()["data"]
    assert {group["id"] for group in found} == set(ids)


@pytest.mark.parametrize(
    "query",
    [
        'counts={"includeUsers":true}',
        "counts[includeUsers]=True",
        "counts.includeUsers=true",
        "includeUsers=TRUE",
    ],
)
def test_counts_are_asked_for_in_any_form(session: requests.Session, org: str, query: str) -> None:
    page = session.get(f"{org}/directories/-/groups?limit=1&sortBy=[object Object]&{query}").json()
    assert set(page["data"][0]["counts"]) == {"users"}


def test_a_body_with_get_is_ignored(session: requests.Session, server: Live) -> None:
    """One widespread client sends one (contract 1.1)."""
    answer = session.get(f"{server.url}/admin/v1/orgs", json={"some": "body"})
    assert answer.json()["data"][0]["id"] == server.org_id


def test_a_script_prints_the_message_of_an_error(session: requests.Session, org: str) -> None:
    answer = session.get(f"{org}/directories/-/groups/00000000-0000-4000-8000-00000000dead")
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/json")
    (error,) = answer.json()["errors"]
    assert error["status"] == "404"
    assert error["message"] == error["detail"]
