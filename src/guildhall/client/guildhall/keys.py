"""API keys of an organization (contract 1.2 and 6a)."""

from collections.abc import Sequence
from typing import TypedDict, Unpack

from guildhall.client.answers import data, nothing, page
from guildhall.client.calls import FURNISHING, Call, fields
from guildhall.client.guildhall.listings import Listing
from guildhall.client.paging import Page
from guildhall.client.records import ItemLinks, Record
from guildhall.client.subjects import S, Subject, operation, walking


class Key(Record, frozen=True):
    """An API key; no `scopes` is full access, `secret` is there only in the answer of its creation."""

    id: str
    name: str | None = None
    scopes: tuple[str, ...] | None = None
    rate_limit: int | None = None
    created_at: str | None = None
    expires_at: str | None = None
    last_used_at: str | None = None
    links: ItemLinks | None = None
    secret: str | None = None


class KeyFields(TypedDict, total=False):
    """What a key is given beside its name; without an expiry it lasts 7 days.

    `expires_at` is RFC 3339; `rate_limit` is in requests a minute.
    """

    scopes: Sequence[str]
    expires_in_days: int | None
    expires_at: str | None
    no_expiry: bool | None
    rate_limit: int | None


class Keys(Subject[S]):
    """API keys."""

    def _list(self, **query: Unpack[Listing]) -> Call[Page[Key]]:
        """Get a page of keys."""
        given = fields(Listing, query)
        return Call(method="GET", path=(*FURNISHING, "keys"), query=given, decode=page(Key))

    list = operation(_list)
    list_all = walking(_list)

    @operation
    def create(self, name: str, **given: Unpack[KeyFields]) -> Call[Key]:
        """Create a key. Never repeated after a broken connection."""
        body = {"name": name, **fields(KeyFields, given)}
        return Call(method="POST", path=(*FURNISHING, "keys"), body=body, decode=data(Key), idempotent=False)

    @operation
    def revoke(self, key_id: str) -> Call[None]:
        """End a key at once."""
        path = (*FURNISHING, "keys", key_id)
        return Call(method="DELETE", path=path, decode=nothing, settled_by=frozenset({"ADMIN-UAM-404-1"}))
