"""A key must be valid, and have the scope, when the change is made (contract 8).

Here another process changes the key: the server, which looks keys up once a second, has not been told.
"""

import contextlib
from collections.abc import AsyncIterator

import httpx
import pytest

from guildhall.http.access import authentication
from guildhall.model.keys import APIKey
from guildhall.operations.keys import NewKey, create_key, revoke_key
from guildhall.store.database import Transaction
from guildhall.store.statement import Statement
from tests.contract.answers import actions, data, done, refused
from tests.contract.test_authentication import WRITE_GROUPS, require_scope, targets
from tests.make import ADMIN, NOW, World

_CHANGE_KEY = Statement(
    "UPDATE api_keys SET scopes = :scopes, expires_at = :expires_at WHERE org_key = :org_key AND id = :key_id"
)


@pytest.fixture(autouse=True)
def _never_looked_up_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authentication, "FRESH_SECONDS", 3_600.0)


@contextlib.asynccontextmanager
async def known_key(world: World) -> AsyncIterator[tuple[APIKey, httpx.AsyncClient]]:
    """A key that the server has just looked up, and its client."""
    made = await world.write(create_key, world.caller, NewKey(name="k", expires_at=None))
    async with world.client(made.secret) as client:
        refused(await client.post(f"{world.v2()}/groups", json={"name": " "}), 400, "ADMIN-UAM-400-1")
        yield made.key, client


async def change(
    world: World, key: APIKey, *, scopes: str | None = None, expires_at: int | None = None
) -> None:
    async def run(tx: Transaction) -> None:
        changes = {"scopes": scopes, "expires_at": expires_at}
        await tx.run(_CHANGE_KEY, org_key=world.caller.org_key, key_id=key.id, **changes)

    await world.write(run)


async def refused_everywhere(world: World, client: httpx.AsyncClient) -> None:
    async for method, path, scope, body in targets(world):
        if scope == WRITE_GROUPS:
            code = "ADMIN-401-1" if "/v1/" in path else "ADMIN-UAM-401-1"
            refused(await client.request(method, path, json=body), 401, code)


async def test_a_key_that_was_revoked_changes_nothing(world: World) -> None:
    async with known_key(world) as (key, client):
        await world.write(revoke_key, world.caller, key.id)
        before = await actions(world)
        await refused_everywhere(world, client)
        assert await actions(world) == before


async def test_a_key_that_was_made_to_expire_changes_nothing(world: World) -> None:
    async with known_key(world) as (key, client):
        await change(world, key, expires_at=NOW)
        before = await actions(world)
        await refused_everywhere(world, client)
        assert await actions(world) == before


async def test_a_key_that_lost_its_scope_changes_nothing(world: World) -> None:
    async with known_key(world) as (key, client), world.client(await world.key()) as right:
        await change(world, key, scopes="read:groups:admin")
        async for method, path, scope, body in targets(world):
            if scope == WRITE_GROUPS:
                await require_scope(client, right, method, path, scope, body)


async def test_what_a_key_may_change_is_told_by_its_scopes_of_now(world: World) -> None:
    """Contract 1.2: a key with scopes does not change who gets admin access, also if it had none before."""
    group, resource, user = await world.group(), await world.resource(), await world.user()
    await world.role(group, resource, ADMIN)
    path = f"{world.v2()}/groups/{group.id}/memberships"
    async with known_key(world) as (key, client):
        await change(world, key, scopes=WRITE_GROUPS)
        refused(await client.post(path, json={"accountId": user.id}), 403, "ADMIN-UAM-403-1")
        await change(world, key)
        done(await client.post(path, json={"accountId": user.id}))


async def test_a_key_may_revoke_itself(world: World) -> None:
    path = f"/guildhall/v1/orgs/{world.org_id}/keys"
    async with known_key(world) as (key, client):
        done(await client.delete(f"{path}/{key.id}"))
        assert key.id not in [kept["id"] for kept in data(await world.http.get(path))]
        refused(await client.get(path), 401, "ADMIN-UAM-401-1")
