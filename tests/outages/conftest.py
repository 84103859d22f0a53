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
    limits = {
        "postgres_connect_timeout": 0.5,
        "postgres_statement_timeout": 0.5,
        "lock_timeout": 0.25,
    }
    async with open_world(relay.url, postgres_connections=2, **limits) as opened:
        yield opened
