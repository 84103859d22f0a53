"""What every answer tells whoever stands between, and a browser (docs/asvs.md)."""

import pytest

from guildhall.model.keys import make_key
from tests.contract.answers import refused


@pytest.mark.parametrize(
    "path", ["/admin/v1/orgs", "/admin/v1/nothing", "/healthz", "/docs", "/openapi.json"]
)
async def test_nobody_keeps_an_answer_or_guesses_what_it_is(world, path):
    answer = await world.http.get(path)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert len(answer.headers.get_list("cache-control")) == 1


async def test_documentation_runs_nothing_and_stands_in_no_frame(world):
    headers = (await world.http.get("/docs")).headers
    policy = {rule.strip() for rule in headers["content-security-policy"].split(";")}
    assert {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} <= policy
    assert headers["referrer-policy"] == "no-referrer"


async def test_trace_is_not_supported(world):
    assert (await world.http.request("TRACE", "/admin/v1/orgs")).status_code == 405


async def test_key_in_the_address_is_no_key(world):
    """Addresses are logged on the way: a key counts in the header alone."""
    key = world.http.headers["authorization"].removeprefix("Bearer ")
    nobody = world.client(None)
    for name in ("key", "api_key", "access_token", "token"):
        refused(await nobody.get(f"/admin/v1/orgs?{name}={key}"), 401, "ADMIN-401-1")


def test_secrets_of_keys_have_more_than_128_bits():
    """32 characters of 62 are 190 bits; none is the same twice."""
    secrets = {make_key("b0651300-40d3-53cf-8088-8fdfc3f71668").split("_")[2] for _ in range(1_000)}
    assert len(secrets) == 1_000
    assert {len(secret) for secret in secrets} == {32}
    assert len(set("".join(secrets))) == 62
