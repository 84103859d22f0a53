"""`atlassian-python-api` works unchanged, its base URL apart (contract 7)."""

from typing import Any

import pytest
import requests
from atlassian import CloudAdmin, cloud_admin

from tests.live import Live


@pytest.fixture
def client(server: Live, monkeypatch: pytest.MonkeyPatch) -> CloudAdmin:
    """Its client of organizations; the base URL is a constant of its module."""
    monkeypatch.setattr(cloud_admin, "ADMIN_URL", server.url)
    return CloudAdmin(server.key)


def test_organizations(client: CloudAdmin, server: Live) -> None:
    listed = client.get_organizations()
    assert [org["id"] for org in listed["data"]] == [server.org_id]
    assert client.get_organization(server.org_id)["data"]["attributes"]["name"]


def test_directories(client: CloudAdmin, server: Live) -> None:
    listed = client.get_directories(server.org_id)["data"]
    assert listed[0]["directoryId"] == server.directory_id
    found = client.get_directories(server.org_id, search_term=listed[0]["name"][1:-1])
    assert server.directory_id in [directory["directoryId"] for directory in found["data"]]


def test_users(client: CloudAdmin, server: Live) -> None:
    page = client.search_directory_users(server.org_id, server.directory_id, {"limit": 2})["data"]
    assert len(page) == 2
    user = client.get_directory_user(server.org_id, server.directory_id, page[0]["accountId"])
    assert user["data"]["email"] == page[0]["email"]
    found = client.search_directory_users(server.org_id, server.directory_id, {"emails": [page[1]["email"]]})
    assert [one["accountId"] for one in found["data"]] == [page[1]["accountId"]]
    assert client.get_directory_users_count(server.org_id, server.directory_id)["count"] > 2


def test_groups_are_walked_searched_and_read(client: CloudAdmin, server: Live) -> None:
    total = client.get(f"admin/v2/orgs/{server.org_id}/directories/{server.directory_id}/groups/count")
    walked: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = client.get_groups(server.org_id, server.directory_id, cursor=cursor, limit=7)
        walked += page["data"]
        cursor = page["links"]["next"]
        if cursor is None:
            break
    assert len(walked) == len({group["id"] for group in walked}) == total["count"]
    group = walked[3]
    found = client.search_directory_groups(
        server.org_id, server.directory_id, {"groupNames": [group["name"].upper()]}
    )
    assert [one["id"] for one in found["data"]] == [group["id"]]
    read = client.get_group(server.org_id, server.directory_id, group["id"])["data"]
    assert read["name"] == group["name"]
    assert set(read["counts"]) == {"users", "resources"}


def test_events(client: CloudAdmin, server: Live) -> None:
    page = client.get_events(server.org_id, limit=1)["data"]
    assert client.get_event(server.org_id, page[0]["id"])["data"]["id"] == page[0]["id"]


def test_workspaces(client: CloudAdmin, server: Live) -> None:
    found = client.post(
        f"admin/v2/orgs/{server.org_id}/workspaces",
        data={"query": {"field": {"name": "attributes.owner", "values": ["confluence"]}}},
    )
    assert {workspace["attributes"]["owner"] for workspace in found["data"]} == {"confluence"}


def test_errors_reach_its_exceptions_as_text(client: CloudAdmin, server: Live) -> None:
    """It reads `errors[].message` and nothing else."""
    with pytest.raises(requests.HTTPError, match="There is no group"):
        client.get_group(server.org_id, server.directory_id, "00000000-0000-4000-8000-00000000dead")
