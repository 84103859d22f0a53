"""Keys that expire soon are told of in the log, once a day, and in the metrics."""

import logging
import re

import pytest

from guildhall.operations.key_expiry import ExpiryWatch
from guildhall.operations.keys import revoke_key
from tests.contract.answers import data
from tests.make import NOW, World

DAY = 86_400_000


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The names of the keys that the log warns of, and when they expire."""
    found = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    caplog.clear()
    return [match[1] for text in found if (match := re.match(r'the API key "(.*?)" .* in \d+ days?; ', text))]


async def expiring_key(world: World) -> dict[str, str]:
    keys = data(await world.http.get(f"/guildhall/v1/orgs/{world.org_id}/keys"))
    (found,) = [key for key in keys if key["expiresAt"]]
    return found


async def test_keys_that_expire_within_ten_days_are_told_of_once_a_day(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    for name, days in (("never", None), ("soon", 3), ("sooner", 1), ("late", 10.5), ("edge", 10)):
        await world.key(name=name, expires_at=None if days is None else NOW + int(days * DAY))
    watch = ExpiryWatch(world.database, world.clock)
    await watch.look()
    assert told(caplog) == ["sooner", "soon", "edge"]
    world.clock.now += DAY // 4
    await watch.look()
    assert told(caplog) == []
    world.clock.now += DAY
    await watch.look()
    assert told(caplog) == ["soon", "edge", "late"]


async def test_a_warning_says_which_key_and_what_to_do(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await world.key(name="nightly", expires_at=NOW + DAY)
    await ExpiryWatch(world.database, world.clock).look()
    (message,) = (record.getMessage() for record in caplog.records)
    key = await expiring_key(world)
    for part in ("nightly", key["id"], key["expiresAt"], "in 1 day;", "keys create"):
        assert part in message
    assert "ghk_" not in message


async def test_metrics_count_the_keys_that_expire_soon(world: World) -> None:
    async def measured() -> str:
        text = (await world.client(None).get("/metrics")).text
        (line,) = re.findall(r"^guildhall_keys_expiring (\S+)$", text, re.MULTILINE)
        return line

    assert await measured() == "0.0"
    await world.key(name="soon", expires_at=NOW + DAY)
    assert await measured() == "1.0"
    await world.write(revoke_key, world.caller, (await expiring_key(world))["id"])
    assert await measured() == "0.0"
