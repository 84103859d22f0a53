"""Organizations: the outermost boundary; nothing is shared between two of them."""

import msgspec


class Org(msgspec.Struct, frozen=True):
    """An organization."""

    org_key: int
    id: str
    name: str
    secret: bytes
    created_at: str
