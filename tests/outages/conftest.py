"""PostgreSQL fails here, in one way or another."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests import postgres
from tests.make import World, open_world
from tests.relay import Relay, relaying


@pytest.fixture
def database_url(postgres_url: str) -> Iterator[str]:
    """The URL of an empty database on PostgreSQL."""
    with postgres.empty_database(postgres_url) as url:
        yield url


@pytest.fixture
async def relay(database_url: str) -> AsyncIterator[Relay]:
    async with relaying(database_url) as opened:
        yield opened


@pytest.fixture
async def world(relay: Relay) -> AsyncIterator[World]:
    """A server that waits for little, and whose database is reached by the relay."""
    limits = {"connect": 0.5, "statement": 0.5, "lock": 0.25}
    settings = {f"postgres_{name}_timeout": seconds for name, seconds in limits.items()}
    async with open_world(relay.url, postgres_connections=2, **settings) as opened:
        yield opened
