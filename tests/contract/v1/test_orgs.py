"""Organizations, version 1 (contract 4)."""

import httpx

from guildhall.model.permissions import Permission
from tests.contract.answers import refused
from tests.make import World


async def test_get_orgs_lists_the_organization_of_the_key(world: World) -> None:
    """Contract 4: `meta` is null; 1.4: a link that does not exist is absent."""
    body = (await world.http.get("/admin/v1/orgs")).json()
    assert [org["id"] for org in body["data"]] == [world.org_id]
    assert body["meta"] is None
    assert list(body["links"]) == ["self"]
    assert body["links"]["self"].startswith("http://127.0.0.1:8080/admin/v1/orgs?cursor=")


async def test_get_orgs_self_returns_the_same_page(world: World) -> None:
    """Contract 8, Cursors."""
    first = await world.http.get("/admin/v1/orgs")
    again = await world.http.get(first.json()["links"]["self"])
    assert again.json() == first.json()


async def test_get_orgs_refuses_a_forged_cursor(world: World) -> None:
    """Contract 1.4: a bad token is 400 `ADMIN-400-1`."""
    refused(await world.http.get("/admin/v1/orgs?cursor=x"), 400, "ADMIN-400-1", "cursor")


async def test_get_org_by_id(world: World) -> None:
    """Contract 4: links are absolute URLs below the mount of the request, and lead to what is served."""
    for mount in ("/admin", "/gateway/api/admin"):
        answer = await world.http.get(f"{mount}/v1/orgs/{world.org_id}")
        url = f"http://127.0.0.1:8080{mount}/v1/orgs/{world.org_id}"
        assert answer.json()["data"] == {
            "id": world.org_id,
            "type": "orgs",
            "attributes": {"name": "Example"},
            "relationships": {},
            "links": {"self": url},
        }


async def test_get_org_of_another_key_is_not_found(world: World) -> None:
    """Contract 1.2: indistinguishable from one that does not exist."""
    other = "99999999-9999-4999-8999-999999999999"
    refused(await world.http.get(f"/admin/v1/orgs/{other}"), 404, "ADMIN-404-2", other)


async def test_get_orgs_needs_its_scope(world: World) -> None:
    """Contract 1.2: `read:orgs:admin`."""
    client: httpx.AsyncClient = world.client(await world.key(Permission.READ_GROUPS))
    async with client:
        refused(await client.get("/admin/v1/orgs"), 401, "ADMIN-401-2", Permission.READ_ORGS)
