"""Examples of request bodies for the documentation, made from their schemas."""

from collections.abc import Callable, Mapping
from typing import Any

Resolve = Callable[[Mapping[str, Any]], Mapping[str, Any]]

_ARI = "ari:cloud:jira::site/70ef3a32-d0da-4e09-b35e-0109f91969c3"
_GROUP = "4f8c1f6e-2f0c-4f0e-9d0a-6a1d5b7c9e21"
_ACCOUNT = "712020:5cd11f9b-b2bd-47d5-a1d3-84f6c8fde7a1"

_BY_NAME: Mapping[str, Any] = {
    "name": "jira-users",
    "description": "Everyone who works with Jira",
    "accountId": _ACCOUNT,
    "account_id": _ACCOUNT,
    "accountIds": [_ACCOUNT],
    "resourceId": _ARI,
    "resource": _ARI,
    "roleId": "atlassian/user",
    "role": "atlassian/user",
    "scopes": ["read:groups:admin"],
    "searchTerm": "jira",
    "query": {"field": {"name": "attributes.owner", "values": ["confluence"]}},
    "emails": ["ada@example.com"],
    "email": "ada@example.com",
    "additionalGroups": [_GROUP],
    "permissionRules": [{"resource": _ARI, "role": "atlassian/user"}],
    "limit": 20,
}
_OPTIONAL = ("searchTerm", "query", "description", "email", "name")
"""Fields that an example shows though they may be left out."""


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
