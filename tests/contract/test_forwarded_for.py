"""Which address the audit log names behind proxies (contract 8, "Proxies")."""

import pytest

from tests import make

ASKING = "127.0.0.1"
"""The address that requests of a world come from."""


async def address_of(world, *lines):
    """The address in the newest event, after a change that was forwarded with these lines."""
    headers = [("X-Forwarded-For", line) for line in lines]
    name = f"group {world.clock.now}"
    assert (await world.http.post(f"{world.v2()}/groups", json={"name": name}, headers=headers)).is_success
    events = (await world.http.get(f"{world.v1()}/events?limit=1")).json()
    return events["data"][0]["attributes"]["location"]["ip"]


@pytest.mark.parametrize(
    ("lines", "right"),
    [
        (["203.0.113.9"], "203.0.113.9"),
        (["6.6.6.6, 203.0.113.9"], "203.0.113.9"),
        (["6.6.6.6", "203.0.113.9"], "203.0.113.9"),
        (["6.6.6.6, 203.0.113.9:5678"], "203.0.113.9"),
        (["6.6.6.6, [2001:db8::1]:443"], "2001:db8::1"),
        (["6.6.6.6, [2001:db8::1]"], "2001:db8::1"),
        (["6.6.6.6, 2001:DB8::1"], "2001:db8::1"),
        (["6.6.6.6, ::ffff:203.0.113.9"], "203.0.113.9"),
        (["6.6.6.6, 203.0.113.9, 10.1.2.3"], "203.0.113.9"),
        (["6.6.6.6, 203.0.113.9", "10.1.2.3", "192.0.2.7:80"], "203.0.113.9"),
        (["10.9.9.9, 10.1.2.3"], "10.9.9.9"),
        (["6.6.6.6, unknown"], ASKING),
        (["6.6.6.6, unknown, 10.1.2.3"], "10.1.2.3"),
        (["6.6.6.6, "], ASKING),
        (["6.6.6.6, 203.0.113.9:port"], ASKING),
        (["6.6.6.6, [203.0.113.9"], ASKING),
        ([], ASKING),
    ],
)
async def test_client_is_the_last_that_no_trusted_proxy_is(tmp_path, lines, right):
    trusted = (ASKING, "10.0.0.0/8", "192.0.2.7")
    url = f"sqlite:///{tmp_path}/guildhall.db"
    async with make.open_world(url, trusted_proxies=trusted) as world:
        assert await address_of(world, *lines) == right


async def test_network_may_be_trusted(tmp_path):
    url = f"sqlite:///{tmp_path}/guildhall.db"
    async with make.open_world(url, trusted_proxies=("127.0.0.0/8",)) as world:
        assert await address_of(world, "203.0.113.9") == "203.0.113.9"


async def test_nobody_is_trusted_unless_named(world):
    assert await address_of(world, "203.0.113.9") == ASKING
