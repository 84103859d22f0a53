"""Requests that are wrong on purpose: each gets a 4xx in the contract's form, and changes nothing."""

import asyncio
import base64
import contextlib
import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import live
from tests.fuzz import organization
from tests.fuzz.organization import Furnished


class Target:
    """A server, its organization, and what must not change."""

    def __init__(self, url: str, furnished: Furnished) -> None:
        key = {"Authorization": f"Bearer {furnished.keys['full']}"}
        self.http = httpx.Client(base_url=url, headers=key, timeout=30)
        self.furnished = furnished
        directory_id = furnished.pools["directoryId"][0]
        self.groups = f"/admin/v2/orgs/{furnished.org_id}/directories/{directory_id}/groups"
        self.group = f"{self.groups}/{furnished.pools['groupId'][0]}"

    def state(self) -> Any:
        """The newest event: nothing changes without one."""
        events = self.http.get(f"/admin/v1/orgs/{self.furnished.org_id}/events?limit=1")
        return events.json()["data"]

    def refuses(self, method: str, path: str, *statuses: int, **parts: Any) -> None:
        """Send a request and check that it was refused, by one of these statuses, and changed nothing."""
        before = self.state()
        answer = self.http.request(method, path, **parts)
        assert answer.status_code in (statuses or (400,)), answer.text[:500]
        if answer.content:
            assert {error["status"] for error in answer.json()["errors"]} == {str(answer.status_code)}
        assert self.state() == before


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A started server."""
    path: Path = tmp_path_factory.mktemp("abuse") / "guildhall.db"
    furnished = asyncio.run(organization.furnish(path))
    process = live.start("--database", str(path))
    try:
        target = Target(live.first_line(process)["url"], furnished)
        with target.http:
            yield target
    finally:
        live.stop(process)


BODIES = {
    "nothing": b"",
    "no JSON": b"{",
    "no object": b"[]",
    "text": b'"name"',
    "wrong type": b'{"name": 7}',
    "null for what is required": b'{"name": null}',
    "missing": b"{}",
    "empty": b'{"name": "   "}',
    "too long": json.dumps({"name": "x" * 256}).encode(),
    "NUL": b'{"name": "a\\u0000b"}',
    "lone surrogate": b'{"name": "a\\ud800b"}',
    "raw bytes": b'{"name": "\xff\xfe"}',
    "line end within": b'{"name": "a\\nb"}',
    "deep": b'{"name": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep and open": b'{"a":' * 100_000,
    "long description": json.dumps({"name": "x", "description": "x" * 1_001}).encode(),
}


@pytest.mark.parametrize("content", BODIES.values(), ids=BODIES.keys())
def test_bodies(target: Target, content: bytes) -> None:
    target.refuses("POST", target.groups, content=content, headers={"Content-Type": "application/json"})


def test_body_of_ten_megabytes(target: Target) -> None:
    """Contract 8: over 1 MiB is 413, as soon as it is read."""
    body = json.dumps({"name": "x", "description": "y" * 10_000_000}).encode()
    target.refuses("POST", target.groups, 413, content=body, headers={"Content-Type": "application/json"})


def test_body_of_a_megabyte_is_read(target: Target) -> None:
    body = b'{"name": 1}'.ljust(2**20)
    target.refuses("POST", target.groups, 400, content=body, headers={"Content-Type": "application/json"})


def test_a_hundred_thousand_parameters(target: Target) -> None:
    """Over a bare connection: client libraries refuse to send it. The HTTP server may cut it off."""
    before = target.state()
    url = target.http.base_url
    connection = http.client.HTTPConnection(str(url.host), url.port, timeout=30)
    with contextlib.closing(connection), contextlib.suppress(ConnectionError, http.client.BadStatusLine):
        connection.request("GET", f"{target.groups}?{'a=b&' * 100_000}", headers=dict(target.http.headers))
        assert connection.getresponse().status in (400, 414, 431)
    few = target.http.get(f"{target.groups}?{'a=b&' * 1_001}")
    assert few.status_code == 400
    assert target.state() == before


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=101", "limit=ten", "limit=-1", "limit=1e3", "limit=99999999999999999999",
        "groupIds=x", "accountIds=a b", "resourceIds=ari", "roleIds=atlassian/nobody", "resourceOwners=A",
        "&".join(f"groupIds={organization.ELSEWHERE}" for _ in range(11)),
        "searchTerm=" + "x" * 256, "searchTerm=%00", "searchTerm=%FF", "%FF=x",
        "sortBy=size", "sortBy=%7B", "sortBy=[]", 'sortBy={"field":"name","direction":"up"}',
        "counts=yes", 'counts={"includeUsers":"maybe"}', "counts[includeUsers]=maybe", "cursor=x",
    ],
)  # fmt: skip
def test_queries(target: Target, query: str) -> None:
    target.refuses("GET", f"{target.groups}?{query}")


def test_ids_of_the_wrong_form_in_a_path_find_nothing(target: Target) -> None:
    """Contract 1.3."""
    org_id = target.furnished.org_id
    for path in (
        f"{target.groups}/x", f"{target.groups}/%00", f"{target.groups}/..", f"{target.groups}/%2e%2e",
        f"{target.groups}/{'f' * 5_000}", f"{target.groups}//", target.groups.replace(org_id, "x"),
        target.groups.replace(org_id, organization.ELSEWHERE), "/admin/v2/orgs", "/admin/v3/orgs", "/admin/",
    ):  # fmt: skip
        target.refuses("GET", path, 404)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "BREW"])
def test_other_methods(target: Target, method: str) -> None:
    target.refuses(method, target.groups, 405)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_forged_and_truncated_cursors(target: Target, data: st.DataObject) -> None:
    """Contract 1.4: any changed byte is detected."""
    page = target.http.get(f"{target.groups}?limit=1&searchTerm=group").json()
    token = page["links"]["next"]
    raw = bytearray(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    position = data.draw(st.integers(0, len(raw) - 1))
    raw[position] ^= data.draw(st.integers(1, 255))
    changed = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    truncated = token[: data.draw(st.integers(1, len(token) - 1))]
    random_text = data.draw(st.text(st.characters(codec="utf-8"), min_size=1, max_size=80))
    for cursor in (changed, truncated, token + "A", random_text):
        answer = target.http.get(target.groups, params={"cursor": cursor})
        assert answer.status_code == 400, cursor
        assert answer.json()["errors"][0]["code"] == "ADMIN-UAM-400-1"


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
_NAMES = st.sampled_from(
    ["directoryIds", "accountIds", "groupIds", "groupNames", "resourceIds", "roleIds", "searchTerm", "limit",
     "cursor", "expand", "sortBy", "counts"]
) | st.text(max_size=10)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(body=st.dictionaries(_NAMES, _VALUES, max_size=6))
def test_search_bodies(target: Target, body: dict[str, Any]) -> None:
    """Whatever is searched for, the answer is a page or a 400."""
    answer = target.http.post(f"{target.groups}/search", json=body)
    assert answer.status_code in (200, 400), answer.text
    assert ("data" if answer.status_code == 200 else "errors") in answer.json()
