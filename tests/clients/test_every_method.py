"""Every method of real client programs is called: each is answered with success, or with 501 and its name.

A script must not take "not implemented" for "already gone" (contract 4), so an operation that the vendor
documents is never 404 here. SERVED is the list of what is served; it grows with the server.
"""

import inspect
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from atlassian import CloudAdmin, cloud_admin
from atlassian_agent.api.api_client_org_cloud import OrgCloudAPI
from atlassian_agent.api.base import BaseAtlassianClient
from zabel.commons.exceptions import ApiError
from zabel.elements.clients import Atlassian

from guildhall.http.docs.examples import GROUP, OLD_GROUPS, WIKI, demo_account
from tests import live
from tests.live import Live

NOT_IMPLEMENTED = 501

SERVED: dict[str, set[str]] = {
    "CloudAdmin": {
        "get_organizations",
        "get_organization",
        "get_directories",
        "search_directory_users",
        "get_directory_user",
        "get_directory_users_count",
        "get_groups",
        "search_directory_groups",
        "get_group",
        "get_events",
        "get_event",
    },
    "CloudAdminOrgs": {"get_organizations", "get_organization"},
    "CloudAdminUsers": set(),
    "Atlassian": set(),
    "OrgCloudAPI": {
        f"org_cloud_{name}"
        for name in (
            "assign_role_to_group",
            "delete_v1_orgs_org_id_directory_groups_group_id",
            "delete_v1_orgs_org_id_directory_groups_group_id_memberships_account_id",
            "delete_v2_orgs_org_id_directories_directory_id_groups_group_id",
            "delete_v2_orgs_org_id_directories_directory_id_groups_group_id_memberships_account_id",
            "delete_v2_orgs_org_id_directories_directory_id_users_account_id",
            "get_directories_for_org",
            "get_directory_user_details",
            "get_directory_users",
            "get_directory_users_count",
            "get_event_actions",
            "get_event_by_id",
            "get_events",
            "get_group",
            "get_group_role_assignments",
            "get_groups",
            "get_groups_count",
            "get_groups_stats",
            "get_org_by_id",
            "get_orgs",
            "get_user_role_assignments",
            "get_user_stats",
            "poll_events",
            "post_v1_orgs_org_id_directory_groups",
            "post_v1_orgs_org_id_directory_groups_group_id_memberships",
            "post_v2_orgs_org_id_directories_directory_id_groups",
            "post_v2_orgs_org_id_directories_directory_id_groups_group_id_memberships",
            "post_v2_orgs_org_id_directories_directory_id_groups_group_id_role_assignments_assign",
            "post_v2_orgs_org_id_directories_directory_id_groups_group_id_role_assignments_revoke",
            "post_v2_orgs_org_id_directories_directory_id_users_account_id_restore",
            "post_v2_orgs_org_id_directories_directory_id_users_account_id_suspend",
            "query_workspaces_v2",
            "revoke_role_to_group",
            "search_groups",
        )
    },
}
"""By class, the methods that are answered with success."""

ROLE = {"resourceId": WIKI, "roleId": "atlassian/user"}
ROLES = {"roleAssociations": [{"resource": WIKI, "role": "atlassian/user"}]}
BODIES = {
    "groups": {"name": "made by a client"},
    "directory_groups": {"name": "made by a client of version 1"},
    "directory_groups_group_id_memberships": {"account_id": demo_account(9)},
    "groups_group_id_memberships": {"accountId": demo_account(9)},
    "assign": ROLE,
    "revoke": ROLE,
    "assign_role_to_group": ROLES,
    "revoke_role_to_group": ROLES,
}
"""By the end of a method's name, what it must be given; the longest end counts."""

DELETED = {
    "org_cloud_delete_v1_orgs_org_id_directory_groups_group_id": OLD_GROUPS[0],
    "org_cloud_delete_v2_orgs_org_id_directories_directory_id_groups_group_id": OLD_GROUPS[1],
}
"""Groups that are there to be deleted."""

REMOVED = "org_cloud_delete_v2_orgs_org_id_directories_directory_id_users_account_id"


@pytest.fixture(scope="module")
def demonstration() -> Iterator[Live]:
    """A server that these calls may change."""
    with live.demo() as running:
        yield running


def clients(server: Live) -> list[Any]:
    """One of each class."""
    return [
        CloudAdmin(server.key),
        cloud_admin.CloudAdminOrgs(server.key),
        cloud_admin.CloudAdminUsers(server.key),
        Atlassian(f"{server.url}/admin/v1/", bearer_auth=server.key),
        OrgCloudAPI(BaseAtlassianClient(f"{server.url}/admin", "", "", bearer_token=server.key)),
    ]


def methods_of(client: Any) -> list[str]:
    """Its own methods but for those of products' sites, which are no part of the Organizations API."""
    return sorted(
        name
        for owner in type(client).__mro__
        if owner.__module__.startswith(("atlassian.cloud_admin", "atlassian_agent", "zabel"))
        for name, value in vars(owner).items()
        if inspect.isfunction(value) and not name.startswith("_") and "site" not in name
    )


def argument(name: str, method: str, server: Live) -> Any:
    """What a parameter of that name is given."""
    known: dict[str, Any] = {
        "org_id": server.org_id,
        "directory_id": server.directory_id,
        "group_id": DELETED.get(method, GROUP),
        "account_id": demo_account(200 if method == REMOVED else 9),
        "user_id": demo_account(9),
        "event_id": newest_event(server) if name == "event_id" else None,
        "operations": [],
        "email": "new@acme.example",
    }
    if name in ("data", "payload"):
        ends = [end for end in BODIES if method.endswith(f"_{end}")]
        return BODIES[max(ends, key=len)] if ends else {}
    return known.get(name, "some-id")


def newest_event(server: Live) -> str:
    """The id of an event."""
    with server.http() as http:
        return str(http.get(f"/admin/v1/orgs/{server.org_id}/events?limit=1").json()["data"][0]["id"])


def status_of(call: Callable[[], Any]) -> int:
    """Call, and return the status that the server answered with."""
    try:
        answer = call()
    except requests.HTTPError as error:
        return int(error.response.status_code)
    except ApiError as error:
        return int(json.loads(str(error))["errors"][0]["status"])
    return int(getattr(answer, "status_code", 200))


def outcomes(client: Any, server: Live) -> dict[str, int]:
    """The status of every method, deletions last."""
    found = {}
    for method in sorted(methods_of(client), key=lambda name: "delete" in name):
        function = getattr(client, method)
        required = [
            one.name
            for one in inspect.signature(function).parameters.values()
            if one.default is inspect.Parameter.empty and one.kind is one.POSITIONAL_OR_KEYWORD
        ]
        if "payload" in inspect.signature(function).parameters:
            required.append("payload")
        arguments = {name: argument(name, method, server) for name in required}
        found[method] = status_of(lambda call=function, given=arguments: call(**given))
    return found


@pytest.mark.parametrize("name", SERVED)
def test_every_method_is_served_or_not_implemented(
    name: str, demonstration: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cloud_admin, "ADMIN_URL", demonstration.url)
    (client,) = (one for one in clients(demonstration) if type(one).__name__ == name)
    answered = outcomes(client, demonstration)
    assert {method for method, status in answered.items() if 200 <= status < 300} == SERVED[name]
    others = {method: status for method, status in answered.items() if method not in SERVED[name]}
    assert {method: status for method, status in others.items() if status != NOT_IMPLEMENTED} == {}
