"""A part of the suite again, on hash partitions by `org_key`; `make test-partitions` runs all of it."""

from collections.abc import Iterator

import pytest

from tests import partitioned, postgres

MODULUS = 4


@pytest.fixture
def database_url(postgres_url: str) -> Iterator[str]:
    """The URL of a database with the partitioned schema."""
    with postgres.empty_database(postgres_url) as url:
        if not partitioned.MODULUS:
            partitioned.prepare(url, MODULUS)
        yield url
