"""Identifiers and their forms (contract 1.3)."""

import re
from functools import lru_cache
from typing import NamedTuple

# `$` alone would let a line end through behind the id.
_END = r"$(?!\n)"

UUID_PATTERN = r"^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}" + _END
ACCOUNT_PATTERN = r"^[A-Za-z0-9_|:\-]{1,128}" + _END
RESOURCE_PATTERN = r"^ari:cloud:([a-z0-9\-]{1,64})::(site|org)/([A-Za-z0-9_\-]{1,128})" + _END
OWNER_PATTERN = r"^[a-z0-9\-]{1,64}" + _END
"""The forms of ids as regular expressions that OpenAPI's dialect shares."""

_UUID_LENGTH = 36
_UUID = re.compile(UUID_PATTERN)
_ACCOUNT = re.compile(ACCOUNT_PATTERN)
_ARI = re.compile(RESOURCE_PATTERN)
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
    return _parse_uuid(text) if len(text) == _UUID_LENGTH else None


@lru_cache(4_096)
def _parse_uuid(text: str) -> str | None:
    """Remembers those of the organization and its directories, which every request names."""
    lowered = text.lower()
    return lowered if _UUID.match(lowered) else None


def is_account_id(text: str) -> bool:
    """Whether `text` has the form of an account id."""
    return _ACCOUNT.match(text) is not None


def is_role_id(text: str) -> bool:
    """Whether `text` has the form of a role id such as `atlassian/user`."""
    return _ROLE.fullmatch(text) is not None


def parse_resource_id(text: str) -> ResourceName | None:
    """Split an ARI into its parts, or return None when `text` is not one."""
    match = _ARI.match(text)
    return ResourceName(*match.groups()) if match else None


def organization_resource_id(org_id: str) -> str:
    """Return the ARI of the organization itself, which platform roles stand on."""
    return f"ari:cloud:platform::org/{org_id}"
