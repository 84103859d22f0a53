"""Organizations: the outermost boundary; nothing is shared between two of them."""

import msgspec


class Org(msgspec.Struct, frozen=True):
    """An organization."""

    org_key: int
    id: str
    name: str
    secret: bytes
    created_at: str


class OrgSize(msgspec.Struct, frozen=True):
    """How many of each kind an organization has."""

    directories: int
    users: int
    groups: int
    resources: int
    keys: int


class OrgRows(msgspec.Struct, frozen=True):
    """What an organization has most of, which takes longer to count."""

    memberships: int
    roles: int
    events: int
