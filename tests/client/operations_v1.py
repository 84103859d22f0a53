"""Operations of version 1: what is called, what is answered, what must have been asked."""

from datetime import UTC, datetime

from guildhall.client.v1.groups import GroupNames
from tests.client.remote import ORG, Reply
from tests.client.samples import A_PAGE, ARI, ASSOCIATIONS, DONE, ROLES, SAID, V1

OPERATIONS = {
    "v1SearchGroups": (
        lambda c: c.v1.groups.search(group_names=GroupNames(eq=("a",)), expand=["USERS"]),
        A_PAGE,
        "POST",
        f"{V1}/groups/search",
        {"groupNames": {"eq": ["a"]}, "expand": ["USERS"]},
    ),
    "v1CreateGroup": (
        lambda c: c.v1.groups.create("a"),
        SAID,
        "POST",
        f"{V1}/directory/groups",
        {"name": "a"},
    ),
    "v1DeleteGroup": (
        lambda c: c.v1.groups.delete("g", force_if_not_empty=True),
        SAID,
        "DELETE",
        f"{V1}/directory/groups/g?forceIfNotEmpty=true",
        None,
    ),
    "v1AssignRoles": (
        lambda c: c.v1.role_assignments.assign("g", ASSOCIATIONS),
        Reply(202, {"message": "in progress"}),
        "POST",
        f"{V1}/directory/groups/g/roles/assign",
        ROLES,
    ),
    "v1RevokeRoles": (
        lambda c: c.v1.role_assignments.revoke("g", ASSOCIATIONS),
        Reply(202, {"message": "in progress"}),
        "POST",
        f"{V1}/directory/groups/g/roles/revoke",
        ROLES,
    ),
    "v1AddMember": (
        lambda c: c.v1.memberships.add("g", "u"),
        SAID,
        "POST",
        f"{V1}/directory/groups/g/memberships",
        {"account_id": "u"},
    ),
    "v1RemoveMember": (
        lambda c: c.v1.memberships.remove("g", "u"),
        SAID,
        "DELETE",
        f"{V1}/directory/groups/g/memberships/u",
        None,
    ),
    "getOrgs": (lambda c: c.orgs.list(), A_PAGE, "GET", "/admin/v1/orgs", None),
    "getOrg": (
        lambda c: c.orgs.get(),
        Reply(body={"data": {"id": ORG, "attributes": {"name": "n"}}}),
        "GET",
        V1,
        None,
    ),
    "v1AssignUserRole": (
        lambda c: c.v1.users.assign_role("u", ARI, "atlassian/user"),
        DONE,
        "POST",
        f"{V1}/users/u/roles/assign",
        {"role": "atlassian/user", "resource": ARI},
    ),
    "v1RevokeUserRole": (
        lambda c: c.v1.users.revoke_role("u", ARI, "atlassian/user"),
        DONE,
        "POST",
        f"{V1}/users/u/roles/revoke",
        {"role": "atlassian/user", "resource": ARI},
    ),
    "v1AssignPlatformRole": (
        lambda c: c.v1.users.assign_platform_role("u"),
        DONE,
        "POST",
        f"{V1}/users/u/role-assignments/assign",
        {"role": "atlassian/org-admin"},
    ),
    "v1RevokePlatformRole": (
        lambda c: c.v1.users.revoke_platform_role("u"),
        DONE,
        "POST",
        f"{V1}/users/u/role-assignments/revoke",
        {"role": "atlassian/org-admin"},
    ),
    "v1GetUsers": (lambda c: c.v1.users.list(), A_PAGE, "GET", f"{V1}/users", None),
    "lastActiveDates": (
        lambda c: c.v1.users.last_active_dates("u"),
        Reply(body={"data": {"product_access": [], "added_to_org": "2025-01-01"}, "links": {"next": None}}),
        "GET",
        f"{V1}/directory/users/u/last-active-dates",
        None,
    ),
    "getEvents": (
        lambda c: c.events.list(q="x", since=datetime(2025, 1, 1, tzinfo=UTC), until=None),
        A_PAGE,
        "GET",
        f"{V1}/events?q=x&from=1735689600000",
        None,
    ),
    "pollEvents": (
        lambda c: c.events.poll(until=datetime(2025, 1, 1, tzinfo=UTC), sort_order="desc"),
        A_PAGE,
        "GET",
        f"{V1}/events-stream?to=1735689600000&sortOrder=desc",
        None,
    ),
    "getEvent": (
        lambda c: c.events.get("e"),
        Reply(body={"data": {"id": "e"}}),
        "GET",
        f"{V1}/events/e",
        None,
    ),
    "eventActions": (
        lambda c: c.events.actions(),
        Reply(body={"data": [{"id": "group_created", "attributes": {"displayName": "d"}}]}),
        "GET",
        f"{V1}/event-actions",
        None,
    ),
}
