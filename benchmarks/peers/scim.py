"""The words of SCIM (RFC 7643 and 7644) that more than one peer is spoken to with."""

from typing import Any
from urllib.parse import quote, urlencode

from benchmarks.peers.portions import User

MEDIA_TYPE = "application/scim+json"
WITHOUT_MEMBERS = {"excludedAttributes": "members"}
"""A list of groups is asked for without members: Guildhall's tells only their number."""

_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
_GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
_PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def user(one: User) -> dict[str, Any]:
    """Return what creates a user."""
    return {
        "schemas": [_USER],
        "userName": one.account_id,
        "displayName": one.name,
        "name": {"formatted": one.name, "familyName": one.name.rpartition(" ")[2]},
        "emails": [{"value": one.email}],
        "active": True,
    }


def group(name: str, members: list[dict[str, str]]) -> dict[str, Any]:
    """Return what creates a group."""
    return {"schemas": [_GROUP], "displayName": name, "members": members}


def addition(member: dict[str, str]) -> dict[str, Any]:
    """Return what adds one member (RFC 7644 §3.5.2.1)."""
    return {"schemas": [_PATCH], "Operations": [{"op": "add", "path": "members", "value": [member]}]}


def path(*parts: str, **query: str) -> str:
    """Return a path of escaped parts, and a query behind it."""
    joined = "/".join(quote(part, safe=":/") for part in parts)
    return f"/{joined}?{urlencode(query)}" if query else f"/{joined}"
