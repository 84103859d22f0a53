"""Operations that need no key (contract 1.1, 8)."""

import re

import pytest

from tests import make


async def test_get_health_needs_no_key(world):
    answer = await world.client(None).get("/healthz")
    assert (answer.status_code, answer.json()["status"]) == (200, "alive")
    assert answer.headers["x-request-id"]


async def test_get_readiness_needs_no_key(world):
    answer = await world.client(None).get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")


async def test_get_metrics_needs_no_key_and_shows_operations(world):
    await world.http.get(f"{world.v2()}/groups")
    answer = await world.client(None).get("/metrics")
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (200, "text/plain")
    assert 'guildhall_requests_total{operation="getGroups",status="200"}' in answer.text
    assert "guildhall_request_seconds_bucket" in answer.text


async def test_get_metrics_labels_hold_no_id_and_no_name(world):
    group = await world.group("Very secret", members=1)
    await world.http.get(f"{world.v2()}/groups/{group.id}")
    await world.http.get(f"{world.v2()}/nonsense-{group.id}")
    text = (await world.client(None).get("/metrics")).text
    assert "secret" not in text
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", text)


async def test_get_metrics_may_have_an_address_of_its_own(database_url):
    async with make.open_world(database_url, metrics_address="127.0.0.1:0") as world:
        assert (await world.client(None).get("/metrics")).status_code == 404


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/openapi.json", "/docs"])
async def test_operations_without_key_answer_under_no_other_mount(world, path):
    assert (await world.http.get(f"/admin{path}")).status_code == 404
    answer = await world.http.post(path)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
