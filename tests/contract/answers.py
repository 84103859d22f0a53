"""What answers must look like, whatever they answer, and requests as no client library would send them."""

import re
from typing import Any

import httpx

from guildhall.model.groups import Group
from guildhall.model.resources import Resource
from guildhall.operations.effects.grants import update_flags
from guildhall.operations.role_assignments import find_role
from guildhall.store.role_assignments import INSERT_DEFAULT_GROUP
from tests.make import USER, World

_ENVELOPE = {"id", "code", "status", "title", "detail", "message"}


def refused(answer: httpx.Response, status: int, code: str, *words: str) -> list[dict[str, str]]:
    """Check an error's envelope (contract 1.6) and that its details name `words`; return its elements."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert list(answer.json()) == ["errors"]
    errors: list[dict[str, str]] = answer.json()["errors"]
    for error in errors:
        assert set(error) == _ENVELOPE
        assert (error["code"], error["status"]) == (code, str(status)), error
        assert error["message"] == error["detail"] != ""
        assert re.fullmatch("[0-9a-f]{8}", error["id"])
        assert error["id"] == answer.headers["x-request-id"]
    details = " ".join(error["detail"] for error in errors)
    assert all(word in details for word in words), details
    return errors


def done(answer: httpx.Response, status: int = 204) -> httpx.Response:
    """Check a success without a body; return it."""
    assert (answer.status_code, answer.content) == (status, b""), answer.text
    assert re.fullmatch("[0-9a-f]{8}", answer.headers["x-request-id"])
    return answer


def data(answer: httpx.Response) -> Any:
    """Check a success; return what it says."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    return answer.json()["data"]


def names(answer: httpx.Response) -> list[str]:
    """The names of a page of groups, in order."""
    return [item["name"] for item in data(answer)]


def group_id(created: httpx.Response) -> str:
    """The id of a group that was just created."""
    assert created.status_code == 201, created.text
    return created.headers["location"].rpartition("/")[2]


async def events(world: World, action_prefix: str = "group_") -> list[dict[str, Any]]:
    """What was recorded through the API, oldest first, as attributes of events."""
    page = await world.http.get(f"{world.v1()}/events", params={"limit": 500})
    recorded = [event["attributes"] for event in data(page)]
    return [
        event
        for event in reversed(recorded)
        if event["action"].startswith(action_prefix) and event["actor"]["id"] != "system"
    ]


async def actions(world: World) -> list[str]:
    """The actions on groups that were recorded through the API, oldest first."""
    return [event["action"] for event in await events(world)]


async def make_default(world: World, group: Group, resource: Resource, role_id: str = USER) -> None:
    """Make a group the default access group of a resource for a role that it holds there."""

    async def insert(tx: Any) -> None:
        role = await find_role(tx, world.caller, role_id)
        key = {"org_key": world.caller.org_key, "group_key": group.group_key}
        await tx.run(INSERT_DEFAULT_GROUP, **key, resource_key=resource.resource_key, role_key=role.role_key)
        await update_flags(tx, world.caller, group)

    await world.write(insert)


async def raw(world: World, method: str, path: str, **parts: bytes) -> httpx.Response:
    """Send a path as it stands, without the encoding of a client library; `query`, `body`, other headers."""
    query, body = parts.pop("query", b""), parts.pop("body", b"")
    headers = {b"authorization": f"Bearer {world.secret}".encode()}
    headers |= {name.replace("_", "-").encode(): value for name, value in parts.items()}
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await world.server(_scope(method, path, query, headers), receive, send)
    start, *rest = sent
    return httpx.Response(
        start["status"],
        headers=start["headers"],
        content=b"".join(message["body"] for message in rest),
    )


def _scope(method: str, path: str, query: bytes, headers: dict[bytes, bytes]) -> dict[str, Any]:
    return {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "headers": [*headers.items()],
        "client": ("127.0.0.1", 50_000),
        "scheme": "http",
    }
