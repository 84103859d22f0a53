"""Operations of version 2: what is called, what is answered, what must have been asked."""

from guildhall.client.v2.users import PermissionRule
from guildhall.client.v2.workspaces import every, field, matching
from tests.client.remote import Reply, page
from tests.client.samples import A_PAGE, ARI, DONE, ONE_GROUP, ONE_USER, ROLE, V2, D

OPERATIONS = {
    "getGroups": (lambda c: c.groups.list(limit=5), A_PAGE, "GET", f"{D}/groups?limit=5", None),
    "searchGroups": (lambda c: c.groups.search(limit=5), A_PAGE, "POST", f"{D}/groups/search", {"limit": 5}),
    "countGroups": (
        lambda c: c.groups.count(role_ids=["atlassian/user"]),
        Reply(body={"count": 1}),
        "GET",
        f"{D}/groups/count?roleIds=atlassian%2Fuser",
        None,
    ),
    "groupStats": (
        lambda c: c.groups.stats(),
        Reply(body={"types": [], "totals": {"all": 0, "synced": 0, "managed": 0}}),
        "GET",
        f"{D}/groups/stats",
        None,
    ),
    "getGroup": (lambda c: c.groups.get("g"), ONE_GROUP, "GET", f"{D}/groups/g", None),
    "createGroup": (
        lambda c: c.groups.create("a", "d"),
        Reply(201, None, {"location": f"{D}/groups/g"}),
        "POST",
        f"{D}/groups",
        {"name": "a", "description": "d"},
    ),
    "updateGroup": (
        lambda c: c.groups.update("g", name="b", description=None),
        DONE,
        "PATCH",
        f"{D}/groups/g",
        {"name": "b", "description": None},
    ),
    "deleteGroup": (lambda c: c.groups.delete("g"), DONE, "DELETE", f"{D}/groups/g", None),
    "getMemberships": (
        lambda c: c.memberships.list("g"),
        A_PAGE,
        "GET",
        f"{D}/groups/g/memberships",
        None,
    ),
    "addMember": (
        lambda c: c.memberships.add("g", "557058:x|y"),
        DONE,
        "POST",
        f"{D}/groups/g/memberships",
        {"accountId": "557058:x|y"},
    ),
    "removeMember": (
        lambda c: c.memberships.remove("g", "557058:x|y"),
        DONE,
        "DELETE",
        f"{D}/groups/g/memberships/557058:x%7Cy",
        None,
    ),
    "getRoleAssignments": (
        lambda c: c.role_assignments.list("g", resource_ids=[ARI], directory_id="d"),
        A_PAGE,
        "GET",
        f"{V2}/directories/d/groups/g/role-assignments?resourceIds=ari%3Acloud%3Ajira%3A%3Asite%2F1",
        None,
    ),
    "assignRole": (
        lambda c: c.role_assignments.assign("g", ARI, "atlassian/user"),
        Reply(200),
        "POST",
        f"{D}/groups/g/role-assignments/assign",
        ROLE,
    ),
    "revokeRole": (
        lambda c: c.role_assignments.revoke("g", ARI, "atlassian/user"),
        DONE,
        "POST",
        f"{D}/groups/g/role-assignments/revoke",
        ROLE,
    ),
    "getDirectories": (
        lambda c: c.directories.list(account_id="u", search_term="x"),
        A_PAGE,
        "GET",
        f"{V2}/directories?accountId=u&searchTerm=x",
        None,
    ),
    "getUsers": (
        lambda c: c.users.list(group_ids=["a", "b"], mfa_enabled=True, email_domains=["x"]),
        A_PAGE,
        "GET",
        f"{D}/users?groupIds=a&groupIds=b&mfaEnabled=true&emailDomains=x",
        None,
    ),
    "searchUsers": (
        lambda c: c.users.search(email_domains=["x"], expand=["groups"], sort_by="-name"),
        A_PAGE,
        "POST",
        f"{D}/users/search",
        {"emailDomains": ["x"], "expand": ["groups"], "sortBy": [{"field": "name", "direction": "desc"}]},
    ),
    "countUsers": (
        lambda c: c.users.count(status=["active"]),
        Reply(body={"count": 1}),
        "GET",
        f"{D}/users/count?status=active",
        None,
    ),
    "userStats": (
        lambda c: c.users.stats(),
        Reply(body={"roles": [], "accountStatus": [{"status": "active", "count": 1}]}),
        "GET",
        f"{D}/users/stats",
        None,
    ),
    "getUser": (lambda c: c.users.get("u"), ONE_USER, "GET", f"{D}/users/u", None),
    "userRoleAssignments": (
        lambda c: c.users.role_assignments("u", directory_ids=["d"], resource_owners=["jira"]),
        A_PAGE,
        "GET",
        f"{D}/users/u/role-assignments?directoryIds=d&resourceOwners=jira",
        None,
    ),
    "suspendUser": (lambda c: c.users.suspend("u"), DONE, "POST", f"{D}/users/u/suspend", None),
    "restoreUser": (lambda c: c.users.restore("u"), DONE, "POST", f"{D}/users/u/restore", None),
    "removeUser": (lambda c: c.users.remove("u"), DONE, "DELETE", f"{D}/users/u", None),
    "inviteUsers": (
        lambda c: c.users.invite(["a@x"], permission_rules=[PermissionRule(resource=ARI, role="r")]),
        Reply(body={"data": [{"id": "u", "results": [{"groupAssignmentResult": [{"status": "INVITED"}]}]}]}),
        "POST",
        f"{V2}/users/invite",
        {"emails": ["a@x"], "permissionRules": [{"resource": ARI, "role": "r"}]},
    ),
    "workspaces": (
        lambda c: c.workspaces.search(every(field("attributes.owner", "jira"), matching("docs")), limit=1),
        page([{"id": ARI, "attributes": {"name": "n", "capacity": None, "usage": 3, "more": []}}]),
        "POST",
        f"{V2}/workspaces",
        {
            "query": {
                "and": [{"field": {"name": "attributes.owner", "values": ["jira"]}}, {"search": "docs"}]
            },
            "limit": 1,
        },
    ),
}
