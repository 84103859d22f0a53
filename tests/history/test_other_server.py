"""Servers are stateless: what one of them made or learned holds on the other (contract 1.2, 1.5)."""

import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from guildhall.app import Server
from guildhall.settings import Settings
from tests import make, postgres
from tests.contract.answers import actions


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Any) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/guildhall.db"
        return
    with postgres.empty_database(request.getfixturevalue("postgres_url")) as found:
        yield found


@contextlib.asynccontextmanager
async def two_servers(url: str) -> AsyncIterator[tuple[make.World, httpx.AsyncClient]]:
    """A world, and a client of another server on its database."""
    async with make.open_world(url) as world:
        server = Server(Settings(database=url), clock=world.clock)
        await server.start()
        headers = {"authorization": f"Bearer {world.secret}"}
        transport = httpx.ASGITransport(server)
        base_url = "http://127.0.0.1:8080"
        try:
            async with httpx.AsyncClient(transport=transport, base_url=base_url, headers=headers) as other:
                yield world, other
        finally:
            await server.stop()


async def test_cursor_of_one_server_goes_on_at_the_other(url: str) -> None:
    async with two_servers(url) as (world, other):
        for _ in range(4):
            await world.group()
        groups = f"{world.v2()}/groups?limit=1"
        names, cursor, clients = [], "", [world.http, other]
        while cursor is not None:
            clients.reverse()
            page = (await clients[0].get(groups + (cursor and f"&cursor={cursor}"))).json()
            names += [group["name"] for group in page["data"]]
            cursor = page["links"].get("next")
        assert names == sorted(names)
        assert len(names) == 4


async def test_retry_at_the_other_server_changes_nothing_more(url: str) -> None:
    async with two_servers(url) as (world, other):
        group, user = await world.group(), await world.user()
        path = f"{world.v2()}/groups/{group.id}/memberships"
        for client in (world.http, other):
            answer = await client.post(path, json={"accountId": user.id})
            assert answer.status_code == 204
        assert (await other.get(f"{world.v2()}/groups/{group.id}")).json()["data"]["counts"]["users"] == 1
        assert (await actions(world)).count("group_member_added") == 1


async def test_key_that_one_server_revokes_ends_at_the_other_within_a_second(url: str) -> None:
    async with two_servers(url) as (world, other):
        secret = await world.key(name="to be revoked")
        keys = (await world.http.get(f"{world.ours()}/keys")).json()["data"]
        doomed = next(key for key in keys if key["name"] == "to be revoked")
        headers = {"authorization": f"Bearer {secret}"}
        assert (await other.get("/admin/v1/orgs", headers=headers)).status_code == 200
        revoked = await world.http.delete(f"{world.ours()}/keys/{doomed['id']}")
        assert revoked.status_code == 204
        begun = time.monotonic()
        while (await other.get("/admin/v1/orgs", headers=headers)).status_code != 401:
            pass
        assert time.monotonic() - begun < 1.5
