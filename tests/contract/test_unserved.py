"""Contract 4: what the vendor documents and nobody has built answers 501, and names itself."""

import re

import pytest

from guildhall.app import UNSERVED
from tests.contract.answers import refused

PLACES = {"orgId": "0e5ee2f6-0d0f-4b7d-8f5e-0d6c9c1c2b11"}
V1_ORG, V2_ORG = "/admin/v1/orgs/o", "/admin/v2/orgs/o"
NAMED = [
    ("GET", f"{V1_ORG}/users", "managed accounts"),
    ("HEAD", f"{V1_ORG}/users", ""),
    ("POST", f"{V1_ORG}/users/u/roles/assign", "Grant user access"),
    ("DELETE", f"{V1_ORG}/directory/users/u", "Remove a user"),
    ("GET", f"{V1_ORG}/policies/p/validate", "Validate a policy"),
    ("GET", f"{V2_ORG}/domains/d", "domain"),
    ("POST", f"{V2_ORG}/users/invite", "Invite users"),
    ("DELETE", "/users/u/manage/api-tokens/t", "API token"),
    ("POST", "/users/u/manage/lifecycle/disable", "Deactivate"),
    ("PUT", "/users/u/manage/anything/else", "User management"),
    ("GET", "/admin/api-access/v1/orgs/o/api-keys", "API keys"),
    ("PATCH", "/admin/api-access/v1/orgs/o/api-keys/revoke/k", "API access"),
    ("GET", "/admin/dlp/v1/orgs/o/classification-levels", "Data loss prevention"),
    ("DELETE", "/admin/control/v1/orgs/o/policies/p/resources/r", "Admin control"),
    ("POST", "/admin/control/v2/orgs/o/policies", "Admin control"),
    ("GET", "/admin/user-provisioning/v1/org/o/user/u/get-scim-links", "SCIM links"),
    ("GET", "/user-provisioning/v1/anything", "User provisioning"),
    ("PATCH", "/scim/directory/d/Groups/g", "SCIM"),
]


def code_of(path):
    return "ADMIN-501-1" if "/admin/v1/" in path else "ADMIN-UAM-501-1"


def filled(operation, mount):
    path = re.sub(r"\{(\w+)\}", lambda found: PLACES.get(found[1], "x"), operation.path)
    return mount + path.replace("*", "any/thing")


@pytest.mark.parametrize("operation", UNSERVED, ids=lambda o: f"{o.method} {o.mount}{o.path}")
async def test_unserved_operations_are_501(world, operation):
    """Below both mounts; a key changes nothing, for path and method alone say it (contract 8)."""
    mounts = (operation.mount, "/gateway/api/admin") if operation.mount else ("",)
    method = "GET" if operation.is_prefix else operation.method
    for mount in mounts:
        path = filled(operation, mount)
        for client in (world.http, world.client(None)):
            answer = await client.request(method, path)
            refused(answer, 501, code_of(path.replace("/gateway/api", "")), operation.summary, operation.path)


@pytest.mark.parametrize(("method", "path", "words"), NAMED)
async def test_known_clients_are_told_what_is_missing(world, method, path, words):
    answer = await world.http.request(method, path)
    assert answer.status_code == 501
    if method != "HEAD":
        refused(answer, 501, code_of(path), words)


async def test_other_methods_of_an_unserved_path_are_405(world):
    answer = await world.http.request("PATCH", f"{V1_ORG}/users")
    refused(answer, 405, "ADMIN-405-1")
    assert answer.headers["allow"] == "OPTIONS"
    for path in (f"{V1_ORG}/users", "/admin/dlp/v1/orgs/o/classification-levels", "/scim/directory/d/Users"):
        answer = await world.http.options(path)
        assert (answer.status_code, answer.headers["allow"]) == (204, "OPTIONS")


@pytest.mark.parametrize(
    "path",
    [
        "/admin/v1/orgs/o/nothing",
        "/admin/v1/orgs/o/users/",
        "/admin/v1/orgs/o/users/u/nothing",
        "/admin/v2/orgs/o/users",
        "/admin/v3/orgs",
        "/admin/nothing",
        "/users/u",
        "/users/u/nothing",
        "/nothing",
    ],
)
async def test_unknown_paths_stay_404(world, path):
    code = "ADMIN-404-1" if "/v1/" in path else "ADMIN-UAM-404-1"
    refused(await world.http.get(path), 404, code)


async def test_links_lead_only_to_what_is_served(world):
    """Contract 4: no link or relationship of an answer is an address that nobody serves."""
    user, group = await world.user(), await world.group()
    await world.http.post(f"{world.v2()}/groups/{group.id}/memberships", json={"accountId": user.id})
    org = f"/admin/v1/orgs/{world.org_id}"
    pages = ["/admin/v1/orgs", org, f"{org}/events?limit=1", f"{org}/events-stream?limit=1"]
    found = [url for page in pages for url in urls((await world.http.get(page)).json())]
    assert len(found) > 8
    for url in found:
        assert (await world.http.get(url)).status_code == 200, url


def urls(value):
    if isinstance(value, str):
        return [value] if value.startswith("http") else []
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [url for part in parts for url in urls(part)]
