"""Examples for the documentation: they name what the demonstration holds, so that they work there."""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

Resolve = Callable[[Mapping[str, Any]], Mapping[str, Any]]


class Example(msgspec.Struct, frozen=True):
    """A call of an operation; what it leaves out is made from the route."""

    path: Mapping[str, str] = {}
    """Values of path parameters, by name."""
    query: Mapping[str, str] = {}
    """Parameters that the call shows."""
    body: Any = None
    """The body as a JSON value."""


def demo_id(of: str) -> str:
    """Return the id of a thing of the demonstration, which is the same at every start."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"https://guildhall.example/demo/{of}"))


def demo_account(number: int) -> str:
    """Return the account id of a user of the demonstration."""
    return f"{number:024x}"


GROUP = demo_id("group/team-platform")
OTHER_GROUP = demo_id("group/team-mobile")
WIKI_GROUP = demo_id("group/confluence-users")
OLD_GROUPS = demo_id("group/retired-team"), demo_id("group/retired-project")
"""Empty groups that are there to be deleted."""
OLD_DIRECTORY = demo_id("Retired")
"""A directory that is there to be deleted."""
KEY = demo_id("key/ci")
"""A key that is there to be revoked."""
WIKI = "ari:cloud:confluence::site/acme"
OLD_RESOURCE = "ari:cloud:jira::site/acme-retired"
"""A resource that is there to be deleted."""
NEW_RESOURCE = "ari:cloud:jira::site/acme-sandbox"
NEW_ACCOUNT = demo_account(1_001)
SUSPENDED = demo_account(40)
"""A suspended user, who is a member of no group."""

LEAVER = demo_account(80)
"""A suspended user who is there to be removed."""

OTHER_MEMBER = demo_account(11)
_MEMBER = demo_account(1)

_BY_NAME: Mapping[str, Any] = {
    "name": "release-managers",
    "description": "Who may press the button",
    "accountId": SUSPENDED,
    "account_id": SUSPENDED,
    "accountIds": [_MEMBER],
    "resourceId": WIKI,
    "resource": WIKI,
    "roleId": "atlassian/user",
    "role": "atlassian/user",
    "scopes": ["read:groups:admin"],
    "searchTerm": "jira",
    "query": {"field": {"name": "attributes.owner", "values": ["confluence"]}},
    "emails": ["ada@acme.example"],
    "email": "ada@acme.example",
    "limit": 20,
}
_OPTIONAL = ("searchTerm", "query", "description", "email", "name")
"""Fields that an example shows though they may be left out."""

EVENT = "$EVENT"
"""A shell variable: ids of events hold their time, so that no two demonstrations have the same."""

_IN_PATH: Mapping[str, str] = {
    "orgId": "$GUILDHALL_ORG",
    "directoryId": "$GUILDHALL_DIRECTORY",
    "groupId": GROUP,
    "accountId": _MEMBER,
    "userId": _MEMBER,
    "resourceId": WIKI,
    "keyId": KEY,
    "eventId": EVENT,
}


def path_value(example: Example, name: str) -> str:
    """Return what stands for a path parameter: a value, or a variable of the shell."""
    return example.path.get(name) or _IN_PATH.get(name, f"${name}")


def example_of(schema: Mapping[str, Any], resolve: Resolve) -> Any:
    """Return a value that the schema allows: what is required, and little more."""
    shape = resolve(schema)
    if "anyOf" in shape:
        return example_of(shape["anyOf"][0], resolve)
    if "enum" in shape:
        return shape["enum"][0]
    if shape.get("type") == "array":
        return [example_of(shape["items"], resolve)] if shape.get("items") else []
    if shape.get("type") == "object":
        return _object(shape, resolve)
    return {"integer": 1, "number": 1, "boolean": True}.get(shape.get("type", ""), "text")


def _object(shape: Mapping[str, Any], resolve: Resolve) -> dict[str, Any]:
    properties = shape.get("properties", {})
    required = shape.get("required", [])
    shown = [name for name in properties if name in required or name in _OPTIONAL]
    return {
        name: _BY_NAME[name] if name in _BY_NAME else example_of(properties[name], resolve) for name in shown
    }
