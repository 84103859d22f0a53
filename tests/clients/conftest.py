"""One furnished server for all client programs."""

from collections.abc import Iterator

import pytest

from tests import live


@pytest.fixture(scope="session")
def server() -> Iterator[live.Live]:
    """A server with the demonstration's organization."""
    with live.demo() as running:
        yield running


@pytest.fixture
def group_name(request: pytest.FixtureRequest) -> str:
    """A name that no other test uses."""
    return f"group of {request.node.nodeid}"[-200:]
