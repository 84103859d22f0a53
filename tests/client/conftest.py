from collections.abc import AsyncIterator, Iterator

import pytest

from guildhall.client import AsyncGuildhall, Guildhall, Options, RetryPolicy
from tests.client.remote import DIRECTORY, ORG, Remote

FAST = RetryPolicy(attempts=4, total_time=5.0, first_delay=0.001, longest_delay=0.01)


@pytest.fixture
def remote() -> Iterator[Remote]:
    server = Remote()
    yield server
    server.close()


@pytest.fixture
def client(remote: Remote) -> Iterator[Guildhall]:
    with Guildhall(remote.url, "a-key", Options(org_id=ORG, directory_id=DIRECTORY, retries=FAST)) as opened:
        yield opened


@pytest.fixture
async def async_client(remote: Remote) -> AsyncIterator[AsyncGuildhall]:
    options = Options(org_id=ORG, directory_id=DIRECTORY, retries=FAST)
    async with AsyncGuildhall(remote.url, "a-key", options) as opened:
        yield opened
