"""How the wire's objects are spelled as structs.

Unknown members are ignored and most members have a default: a server may say more than the
contract, and an older one less.
"""

import msgspec


class Record(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An object whose members are spelled in camel case, as everything of v2."""


class SnakeRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An object whose members are spelled with underscores, as some of v1."""


class ItemLinks(Record, frozen=True):
    """What identifies one item of a list; its `self` is not a page cursor."""

    self_token: str | None = msgspec.field(default=None, name="self")
