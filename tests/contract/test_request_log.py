"""The log answers what a client called, and gives no secret away."""

import json
import logging
from typing import Any

import pytest

from guildhall.http.monitoring.logs import JSONFormatter, TextFormatter
from tests.contract.answers import refused
from tests.make import World, open_world

NAMES = ("status", "method", "path", "operation", "code", "key")


def lines(caplog: pytest.LogCaptureFixture) -> list[Any]:
    """The records of requests."""
    return [record for record in caplog.records if record.name == "guildhall.requests"]


@pytest.fixture(autouse=True)
def _listening(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "guildhall.requests")


async def _fail(*_: Any, **__: Any) -> None:
    raise ZeroDivisionError


@pytest.mark.parametrize(
    ("which", "expected"), [("all", [200, 400, 401, 500]), ("errors", [400, 401, 500]), ("none", [500])]
)
async def test_setting_says_which_requests_have_a_line(
    database_url: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    which: str,
    expected: list[int],
) -> None:
    async with open_world(database_url, log_requests=which) as world:
        assert (await world.http.get(f"{world.v2()}/groups")).status_code == 200
        refused(await world.http.get(f"{world.v2()}/groups?limit=0"), 400, "ADMIN-UAM-400-1")
        refused(await world.client(None).get(f"{world.v2()}/groups"), 401, "ADMIN-UAM-401-1")
        monkeypatch.setattr(world.database, "write", _fail)
        refused(await world.http.post(f"{world.v2()}/groups", json={"name": "x"}), 500, "ADMIN-UAM-500-1")
        monkeypatch.undo()
    assert [line.status for line in lines(caplog)] == expected
    assert lines(caplog)[-1].exc_info[0] is ZeroDivisionError


async def test_a_line_says_what_was_called_and_by_which_key(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    async with world.client(await world.key(name="nightly sync")) as client:
        answer = await client.delete(f"{world.v1()}/directory/groups/{world.org_id}")
    (line,) = lines(caplog)
    path = f"{world.v1()}/directory/groups/{world.org_id}"
    called = (404, "DELETE", path, "deleteGroupV1", "ADMIN-404-10", "nightly sync")
    assert tuple(getattr(line, name) for name in NAMES) == called
    assert line.request_id == answer.headers["x-request-id"]
    assert 0 < line.duration_ms < 60_000
    written = json.loads(JSONFormatter().format(line))
    assert tuple(written[name] for name in NAMES) == called
    text = TextFormatter().format(line)
    assert "\n" not in text
    assert all(str(part) in text for part in (404, "DELETE", path, "nightly sync", line.request_id))


async def test_a_line_holds_no_query_no_body_and_no_key(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    secret = world.secret
    await world.http.post(
        f"{world.v2()}/groups?hidden=query", json={"name": " ", "description": "hidden body"}
    )
    await world.http.get(f"/admin/{secret}/groups")
    await world.client(secret[:-1]).get(f"{world.v2()}/groups")
    assert len(lines(caplog)) == 3
    for line in lines(caplog):
        for formatter in (JSONFormatter(), TextFormatter()):
            text = formatter.format(line)
            assert "hidden" not in text
            assert secret[:-1] not in text


async def test_a_line_cannot_steer_a_terminal(world: World, caplog: pytest.LogCaptureFixture) -> None:
    await world.server.__call__(
        {
            "type": "http",
            "method": "GET",
            "path": "/",
            "raw_path": "/\x9b31m\u0085x".encode("latin-1"),
            "query_string": b"",
            "headers": [],
        },
        None,
        _ignore,
    )
    text = TextFormatter().format(lines(caplog)[-1])
    assert text.isprintable()


async def _ignore(_message: Any) -> None:
    """Take what is sent."""
