"""PostgreSQL fails here, in one way or another."""

from collections.abc import AsyncIterator

import pytest

from tests.make import World, open_world
from tests.relay import Relay


@pytest.fixture
def database_url(postgres_database_url: str) -> str:
    """That of the database, past the relay."""
    return postgres_database_url


@pytest.fixture
async def world(relay: Relay) -> AsyncIterator[World]:
    """A server that waits for little, and whose database is reached by the relay."""
    limits = {"connect": 0.5, "statement": 0.5, "lock": 0.25}
    settings = {f"postgres_{name}_timeout": seconds for name, seconds in limits.items()}
    async with open_world(relay.url, postgres_connections=2, **settings) as opened:
        yield opened
