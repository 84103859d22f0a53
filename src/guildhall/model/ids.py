"""Identifiers and their forms (contract 1.3)."""

import re
from typing import NamedTuple

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)
_ACCOUNT = re.compile(r"[A-Za-z0-9_|:-]{1,128}", re.ASCII)
_ARI = re.compile(r"ari:cloud:([a-z0-9-]{1,64})::(site|org)/([A-Za-z0-9_-]{1,128})", re.ASCII)
_ROLE = re.compile(r"[a-z0-9-]{1,64}/[a-z0-9-]{1,64}", re.ASCII)

ANY_DIRECTORY = "-"
"""In the place of a directory id of a read: all directories that the key may read."""


class ResourceName(NamedTuple):
    """The parts of a resource's ARI: `ari:cloud:<owner>::<kind>/<local_id>`."""

    owner: str
    kind: str
    local_id: str


def parse_uuid(text: str) -> str | None:
    """Return the UUID in lower case, or None when `text` is not one."""
    lowered = text.lower()
    return lowered if _UUID.fullmatch(lowered) else None


def is_account_id(text: str) -> bool:
    """Whether `text` has the form of an account id."""
    return _ACCOUNT.fullmatch(text) is not None


def is_role_id(text: str) -> bool:
    """Whether `text` has the form of a role id such as `atlassian/user`."""
    return _ROLE.fullmatch(text) is not None


def parse_resource_id(text: str) -> ResourceName | None:
    """Split an ARI into its parts, or return None when `text` is not one."""
    match = _ARI.fullmatch(text)
    return ResourceName(*match.groups()) if match else None


def organization_resource_id(org_id: str) -> str:
    """Return the ARI of the organization itself, which platform roles stand on."""
    return f"ari:cloud:platform::org/{org_id}"
