"""`atlassian-agent`'s OrgCloudAPI works unchanged: every group operation of both versions (contract 7)."""

import pytest
from atlassian_agent.api.api_client_org_cloud import OrgCloudAPI
from atlassian_agent.api.base import BaseAtlassianClient

from tests.live import Live

_V2 = "org_cloud_{}_v2_orgs_org_id_directories_directory_id_groups"
_V1 = "org_cloud_{}_v1_orgs_org_id_directory_groups"


@pytest.fixture
def api(server: Live) -> OrgCloudAPI:
    """Its client; every call returns a status code and the decoded body."""
    return OrgCloudAPI(BaseAtlassianClient(f"{server.url}/admin", "", "", bearer_token=server.key))


def member_of(api: OrgCloudAPI, server: Live) -> str:
    """An account of the default directory that may join groups."""
    users = api.org_cloud_get_directory_users(server.org_id, server.directory_id).data["data"]
    return str(next(user["accountId"] for user in users if user["membershipStatus"] == "active"))


def resource_of(api: OrgCloudAPI, server: Live) -> str:
    """A resource without a user limit."""
    answer = api.base_api.request("POST", f"/v2/orgs/{server.org_id}/workspaces", json={"limit": 100})
    return str(
        next(
            one["id"]
            for one in answer.data["data"]
            if one["attributes"]["capacity"] is None
            and one["attributes"]["status"] == "online"
            and one["attributes"]["owner"] != "platform"
        )
    )


def call(api: OrgCloudAPI, name: str, *arguments: object, **keywords: object) -> object:
    """Call an operation; return its status code."""
    return getattr(api, name)(*arguments, **keywords).status_code


def test_reads(api: OrgCloudAPI, server: Live) -> None:
    org, directory = server.org_id, server.directory_id
    groups = api.org_cloud_get_groups(org, directory).data["data"]
    assert groups
    assert api.org_cloud_get_group(org, directory, groups[0]["id"]).data["data"]["id"] == groups[0]["id"]
    assert api.org_cloud_get_groups_count(org, directory).data["count"] >= len(groups)
    stats = api.org_cloud_get_groups_stats(org, directory).data
    assert sum(row["count"] for row in stats["types"]) == stats["totals"]["all"]
    assert api.org_cloud_get_group_role_assignments(org, directory, groups[0]["id"]).status_code == 200
    assert api.org_cloud_get_orgs().data["data"][0]["id"] == org
    assert api.org_cloud_get_directories_for_org(org).data["data"][0]["directoryId"] == directory
    assert api.org_cloud_get_directory_users_count(org, directory).data["count"] > 0
    assert api.org_cloud_get_user_stats(org, directory).data["roles"]
    assert api.org_cloud_get_events(org).data["data"]
    assert api.org_cloud_poll_events(org).data["meta"]["next"]
    assert api.org_cloud_get_event_actions(org).data["data"]


def test_version_2_writes(api: OrgCloudAPI, server: Live, group_name: str) -> None:
    org, directory = server.org_id, server.directory_id
    account_id, resource_id = member_of(api, server), resource_of(api, server)
    assert call(api, _V2.format("post"), org, directory, payload={"name": group_name}) == 201
    found = api.org_cloud_search_groups(org, payload={"groupNames": {"eq": [group_name]}}).data["data"]
    group_id = found[0]["id"]
    assign = _V2.format("post") + "_group_id_role_assignments_assign"
    revoke = _V2.format("post") + "_group_id_role_assignments_revoke"
    grant = {"resourceId": resource_id, "roleId": "atlassian/user"}
    assert call(api, assign, org, directory, group_id, payload=grant) == 200
    add = _V2.format("post") + "_group_id_memberships"
    assert call(api, add, org, directory, group_id, payload={"accountId": account_id}) == 204
    assert api.org_cloud_get_group(org, directory, group_id).data["data"]["counts"] == {
        "users": 1,
        "resources": 1,
    }
    remove = _V2.format("delete") + "_group_id_memberships_account_id"
    assert call(api, remove, org, directory, group_id, account_id) == 204
    assert call(api, revoke, org, directory, group_id, payload=grant) == 204
    assert call(api, _V2.format("delete") + "_group_id", org, directory, group_id) == 204
    assert call(api, "org_cloud_get_group", org, directory, group_id) == 404


def test_version_1_writes(api: OrgCloudAPI, server: Live, group_name: str) -> None:
    org = server.org_id
    account_id, resource_id = member_of(api, server), resource_of(api, server)
    created = getattr(api, _V1.format("post"))(org, payload={"name": group_name})
    assert created.status_code == 200
    assert created.data["message"] == f"Group {group_name} was created"
    group_id = created.data["groupId"]
    roles = {"roleAssociations": [{"resource": resource_id, "role": "atlassian/user"}]}
    assert call(api, "org_cloud_assign_role_to_group", org, group_id, payload=roles) == 202
    add = _V1.format("post") + "_group_id_memberships"
    assert call(api, add, org, group_id, payload={"account_id": account_id}) == 200
    assert call(api, add, org, group_id, payload={"account_id": account_id}) == 409
    remove = _V1.format("delete") + "_group_id_memberships_account_id"
    assert call(api, remove, org, group_id, account_id) == 200
    assert call(api, "org_cloud_revoke_role_to_group", org, group_id, payload=roles) == 202
    assert call(api, _V1.format("delete") + "_group_id", org, group_id) == 200
