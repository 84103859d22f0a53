"""Exports over HTTP are bounded in number and in time, on both engines (ADR 23)."""

import asyncio
import contextlib

import httpx
import pytest

from guildhall.seeds import writing
from guildhall.store.statement import Statement
from tests.make import open_world

ONE = Statement("SELECT 1")


async def numbers(tx):
    while True:
        yield await tx.value(ONE)


async def test_more_exports_than_there_may_be_are_refused(database_url):
    async with open_world(database_url, lock_timeout=0.1, postgres_connect_timeout=1) as world:
        path = f"{world.ours()}/export"
        async with contextlib.AsyncExitStack() as held:
            while not world.database._streams.is_reached:
                stream = world.database.stream(numbers)
                await held.enter_async_context(contextlib.aclosing(stream))
                await anext(stream)
            answer = await world.http.get(path)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
            assert "As many long answers" in answer.text
            assert (await world.http.get(f"{world.v2()}/groups")).status_code == 200
        assert (await world.http.get(path)).status_code == 200


async def test_export_that_takes_too_long_is_broken_off(database_url, monkeypatch):
    """Its end is never sent, so that nobody takes it for whole; and it lets go of the database."""
    monkeypatch.setattr(writing, "PIECE", 1)
    sent = []

    async with open_world(database_url, export_timeout=0.2) as world:

        async def slow(scope, receive, send):
            async def take(message):
                sent.append(message)
                if len(sent) > 3:
                    await asyncio.Event().wait()
                await send(message)

            await world.server(scope, receive, take)

        transport = httpx.ASGITransport(slow, raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, headers=world.http.headers) as client:
            with pytest.raises(TimeoutError):
                await client.get(f"http://127.0.0.1:8080{world.ours()}/export")
        assert sent[0]["status"] == 200
        assert all(message["more_body"] for message in sent[1:])
        assert not world.database._streams.is_reached
        whole = (await world.http.get(f"{world.ours()}/export")).text
        assert whole.endswith("\n...\n")
