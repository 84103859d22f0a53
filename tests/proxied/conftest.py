"""Everything here runs on PostgreSQL behind a PgBouncer whose pool mode is `transaction`."""

from collections.abc import Iterator

import pytest

from tests import pgbouncer, postgres


@pytest.fixture(scope="session")
def proxy_url(postgres_url: str) -> Iterator[str]:
    with pgbouncer.running_pgbouncer(postgres_url) as url:
        yield url


@pytest.fixture
def database_url(proxy_url: str) -> Iterator[str]:
    """The URL of an empty database, through the proxy."""
    with postgres.empty_database(proxy_url) as url:
        yield url
