"""Every operation under generated requests: never a 5xx, always what the description says.

The description is the one that the server serves; ids and keys are real most of the time. At the end
every operation must have succeeded, and every error of the contract's table must have occurred.
"""

import asyncio
import collections
import contextlib
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import hypothesis
import pytest
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance

from guildhall.api.v1.errors import V1
from guildhall.api.v2.errors import V2
from guildhall.app import ROUTES
from tests import live
from tests.fuzz import organization
from tests.fuzz.organization import Furnished, Substitution

EXAMPLES = 20

PUBLIC_OPERATIONS = ("getHealth", "getReadiness", "getMetrics", "getDocs", "getFrontPage")

PROVOKED = "provoked"

NOT_FUZZED = {
    "ADMIN-500-1": "our own fault never occurs",
    "ADMIN-UAM-500-1": "our own fault never occurs",
    "ADMIN-503-1": "the store is in order here; tests/store breaks it",
    "ADMIN-UAM-503-1": "the store is in order here; tests/store breaks it",
    **{
        f"{wire}-{status}-1": "no library sends it; tests/sockets does"
        for wire in ("ADMIN", "ADMIN-UAM")
        for status in (408, 414, 431)
    },
    "ADMIN-409-1": "needs a million changes at once; tests/contract does it",
}
"""Codes that a fuzzed server in order does not answer."""


class Fuzzed:
    """A server under fuzz, and what it has answered so far."""

    def __init__(self, url: str, furnished: Furnished) -> None:
        self.url = url
        self.furnished = furnished
        self.http = httpx.Client(base_url=url, headers=self.authorization("full"))
        self.operations: set[str] = set()
        self.succeeded: set[str] = set()
        self.codes: collections.Counter[str] = collections.Counter()

    def authorization(self, key: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.furnished.keys[key]}"}

    def record(self, operation: str, status: int, body: Any) -> None:
        """Remember that an operation succeeded, or with which codes it failed."""
        if operation != PROVOKED:
            self.operations.add(operation)
        if status < 300 and operation != PROVOKED:
            self.succeeded.add(operation)
        if isinstance(body, dict):
            self.codes.update(error["code"] for error in body.get("errors", []))


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzzed]:
    """A server on a database with something of every kind."""
    path: Path = tmp_path_factory.mktemp("fuzz") / "guildhall.db"
    furnished = asyncio.run(organization.furnish(path))
    process = live.start("--database", str(path))
    try:
        fuzzed = Fuzzed(live.first_line(process)["url"], furnished)
        with fuzzed.http:
            send_known_requests(fuzzed)
            yield fuzzed
    finally:
        live.stop(process)


def send_known_requests(fuzzed: Fuzzed) -> None:
    """Before anything has been changed by chance."""
    for known in fuzzed.furnished.known:
        answer = fuzzed.http.request(known.method, known.path, json=known.body)
        assert answer.status_code == known.status, (known, answer.text)
        fuzzed.record(known.operation, answer.status_code, json_of(answer))
    org_id, pools = fuzzed.furnished.org_id, fuzzed.furnished.pools
    events = fuzzed.http.get(f"/admin/v1/orgs/{org_id}/events?limit=5").json()["data"]
    pools["eventId"] = [event["id"] for event in events]
    keys = f"/guildhall/v1/orgs/{org_id}/keys"
    pools["keyId"] = [fuzzed.http.post(keys, json={"name": "spare"}).json()["data"]["id"] for _ in range(5)]


@pytest.fixture(scope="module")
def described(fuzzed: Fuzzed) -> dict[str, Any]:
    """The operations of the served description, by their ids."""
    schema = schemathesis.openapi.from_url(f"{fuzzed.url}/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations()]
    return {operation.definition.raw["operationId"]: operation for operation in operations}


@pytest.mark.parametrize("operation_id", [*(route.operation for route in ROUTES), *PUBLIC_OPERATIONS])
def test_operation_survives_anything(operation_id: str, fuzzed: Fuzzed, described: dict[str, Any]) -> None:
    """No request makes the server fail, and every answer has a form that is described."""
    valid = described[operation_id].as_strategy()
    wrong = described[operation_id].as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE)

    @hypothesis.settings(
        max_examples=EXAMPLES, suppress_health_check=list(hypothesis.HealthCheck), derandomize=True
    )
    @hypothesis.given(case=valid | wrong, draw=hypothesis.strategies.randoms(use_true_random=False))
    def survives(case: schemathesis.Case, draw: random.Random) -> None:
        make_real(case, fuzzed, draw)
        key = draw.choice(["full", "full", "full", "scoped"])
        response = case.call(base_url=fuzzed.url, headers=fuzzed.authorization(key))
        fuzzed.record(operation_id, response.status_code, json_of(response))
        # A seed file is YAML, whose form no JSON schema describes.
        is_json = "json" in response.headers.get("content-type", [""])[0]
        form = [response_schema_conformance] if is_json else []
        case.validate_response(response, checks=[not_a_server_error, *form])

    survives()


def make_real(case: schemathesis.Case, fuzzed: Fuzzed, draw: random.Random) -> None:
    """Put real ids in the place of most generated ones; what may be deleted is made for it."""
    real = Substitution(fuzzed.furnished, draw)
    case.path_parameters = {name: real.value(name, value) for name, value in case.path_parameters.items()}
    case.query = {name: real.value(name, value) for name, value in (case.query or {}).items()}
    if isinstance(case.body, dict):
        case.body = real.value("", case.body)
    if case.method == "DELETE" and "groupId" in case.path_parameters and draw.random() < 0.5:
        case.path_parameters["groupId"] = organization.fresh_group(fuzzed.http, fuzzed.furnished)


def json_of(response: Any) -> Any:
    """Return the decoded body, or None."""
    with contextlib.suppress(ValueError):
        return response.json()
    return None


def test_every_operation_has_succeeded(fuzzed: Fuzzed, described: dict[str, Any]) -> None:
    """Runs behind the test above, on what it has seen."""
    assert fuzzed.operations == set(described)
    assert set(described) - fuzzed.succeeded == set()


def test_every_error_has_occurred(fuzzed: Fuzzed) -> None:
    """Every code of both tables, but for those that a server in order never answers (contract 1.6)."""
    provoke_the_rest(fuzzed)
    table = {form.code for wire in (V1, V2) for form in (*wire.errors.values(), wire.fault)}
    assert table - set(fuzzed.codes) == set(NOT_FUZZED)


def provoke_the_rest(fuzzed: Fuzzed) -> None:
    """Send what no description generates: no key, wrong methods, large bodies, other media types."""
    org_id, directory_id = fuzzed.furnished.org_id, fuzzed.furnished.pools["directoryId"][0]
    v1 = f"/admin/v1/orgs/{org_id}/groups/search"
    v2 = f"/admin/v2/orgs/{org_id}/directories/{directory_id}/groups/search"
    for path in (v1, v2):
        anonymous = {"Authorization": "Basic eDp5"}
        unscoped = fuzzed.authorization("events")
        limited = fuzzed.authorization("limited")
        json_type = {"Content-Type": "application/json"}
        for method, headers, content in (
            ("POST", anonymous, b""),
            ("POST", unscoped, b""),
            ("PUT", {}, b""),
            ("POST", json_type, b" " * (2**20 + 1)),
            ("POST", {"Content-Type": "text/plain"}, b"{}"),
            ("POST", json_type, b'{"cursor": "forged"}'),
            ("POST", limited, b""),
            ("POST", limited, b""),
        ):
            answer = fuzzed.http.request(method, path, headers=headers, content=content)
            fuzzed.record(PROVOKED, answer.status_code, json_of(answer))
    for path in (f"/admin/v1/orgs/{org_id}/users", "/scim/directory/x/Users"):
        answer = fuzzed.http.get(path)
        fuzzed.record(PROVOKED, answer.status_code, json_of(answer))
    for path in ("/admin/v1/nothing", "/admin/v2/nothing", v1.replace(org_id, organization.ELSEWHERE)):
        answer = fuzzed.http.post(path)
        fuzzed.record(PROVOKED, answer.status_code, json_of(answer))
    answer = fuzzed.http.post(v2.replace(org_id, organization.ELSEWHERE))
    fuzzed.record(PROVOKED, answer.status_code, json_of(answer))
