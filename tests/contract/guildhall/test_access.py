"""Contract 6a, 1.2: our own operations need a key without scopes, of that organization."""

from guildhall.model.permissions import GRANTABLE
from tests.contract.answers import refused

UUID = "99999999-0000-4000-8000-000000000000"
ARI = "ari:cloud:jira::site%2F1"
OPERATIONS = [
    ("GET", "/directories"),
    ("GET", f"/directories/{UUID}"),
    ("PUT", f"/directories/{UUID}"),
    ("DELETE", f"/directories/{UUID}"),
    ("GET", "/users"),
    ("GET", "/users/abc"),
    ("PUT", "/users/abc"),
    ("PUT", "/users/by-email"),
    ("GET", "/resources"),
    ("GET", f"/resources/{ARI}"),
    ("PUT", f"/resources/{ARI}"),
    ("DELETE", f"/resources/{ARI}"),
    ("PUT", f"/groups/{UUID}/default-roles/{ARI}"),
    ("DELETE", f"/groups/{UUID}/default-roles/{ARI}"),
    ("POST", "/keys"),
    ("GET", "/keys"),
    ("DELETE", f"/keys/{UUID}"),
]


async def test_operations_need_a_key_without_scopes(world):
    async with world.client(await world.key(*GRANTABLE)) as limited, world.client(None) as unknown:
        for method, path in OPERATIONS:
            answer = await limited.request(method, world.ours() + path)
            refused(answer, 403, "ADMIN-UAM-403-1", "without scopes")
            refused(await unknown.request(method, world.ours() + path), 401, "ADMIN-UAM-401-1")


async def test_operations_know_no_other_organization(world):
    other = await world.organization()
    for method, path in OPERATIONS:
        answer = await world.http.request(method, other.ours() + path)
        refused(answer, 404, "ADMIN-UAM-404-2", other.org_id)


async def test_operations_stand_below_no_mount(world):
    for mount in ("/admin", "/gateway/api/admin"):
        refused(await world.http.get(f"{mount}{world.ours()}/users"), 404, "ADMIN-UAM-404-1")
