"""What every test may ask for: a database of its own, on each engine."""

import contextlib
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import hypothesis
import pytest

from tests import make, partitioned, postgres
from tests.relay import Relay, relaying

# Of partitions SQLite has none: with GUILDHALL_TEST_PARTITIONS everything runs on PostgreSQL only.
ENGINES = ("postgres",) if partitioned.MODULUS else ("sqlite", "postgres")
if partitioned.MODULUS:
    postgres.PREPARE.append(partitioned.prepare)

# A slow machine is no reason to fail. The parent is hypothesis's own choice: with CI set, it always tries
# the same examples.
hypothesis.settings.register_profile("guildhall", hypothesis.settings.default, deadline=None)
hypothesis.settings.load_profile("guildhall")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The server of GUILDHALL_TEST_POSTGRES, else one of our own, started by the first test that asks."""
    if url := os.environ.get("GUILDHALL_TEST_POSTGRES"):
        yield url
        return
    with postgres.running_server() as url:
        yield url


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database, for one test; the test runs once on each engine."""
    with _empty_database(request, tmp_path) as url:
        yield url


@pytest.fixture(scope="module", params=ENGINES)
def module_database_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The same, shared by the tests of a module."""
    with _empty_database(request, tmp_path_factory.mktemp("database")) as url:
        yield url


@pytest.fixture
def postgres_database_url(postgres_url: str) -> Iterator[str]:
    """The URL of an empty database on PostgreSQL, for one test."""
    with postgres.empty_database(postgres_url) as url:
        yield url


@pytest.fixture
async def relay(postgres_database_url: str) -> AsyncIterator[Relay]:
    """What leads to that database, and can fail."""
    async with relaying(postgres_database_url) as opened:
        yield opened


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[make.World]:
    """A server in this process with an organization to furnish, on each engine."""
    async with make.open_world(database_url) as opened:
        yield opened


@contextlib.contextmanager
def _empty_database(request: pytest.FixtureRequest, directory: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{directory}/guildhall.db"
        return
    with postgres.empty_database(request.getfixturevalue("postgres_url")) as url:
        yield url
