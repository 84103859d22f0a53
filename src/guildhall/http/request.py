"""A request as handlers see it: everything decoded and checked before a transaction starts."""

from collections.abc import Callable
from typing import Any

import msgspec

from guildhall.http import cursor
from guildhall.model.permissions import Caller


class Request(msgspec.Struct, kw_only=True):
    """One request. `query` and `body` are instances of the types that the route declares."""

    id: str
    operation: str
    mount: str
    parameters: dict[str, str]
    """The path's parameters; UUIDs in lower case."""
    caller: Caller
    base: Callable[[], str]
    """Returns what `base_url` is; few answers need it."""
    header: Callable[[bytes], str | None]
    """Returns the first request header of a lower-case name."""
    prefers_representation: bool = False
    """Whether the client sent `Prefer: return=representation`."""
    forget_keys: Callable[[], None]
    """Lets a revoked key fail on this worker at once: an effect for after the commit."""
    query: Any = None
    body: Any = None

    @property
    def base_url(self) -> str:
        """Scheme, host and port that clients reach this server by (contract 1.1)."""
        return self.base()

    def url(self, path: str) -> str:
        """Return the absolute URL of a path below the mount that the request came in by."""
        return f"{self.base_url}{self.mount}{path}"

    def page_token(self, token: msgspec.Struct) -> str:
        """Return `token` as a cursor for this operation and these path parameters."""
        return cursor.encode(self.caller.secret, self._binding(), token)

    def read_page_token(self, text: str, kind: type[cursor.Token]) -> cursor.Token:
        """Return what a cursor carries; raises InvalidCursor for one that is not of this list."""
        return cursor.decode(self.caller.secret, self._binding(), text, kind)

    def item_token(self, *identity: str) -> str:
        """Return the token that identifies one item; the same item has the same token for ever."""
        return cursor.item_token(self.caller.secret, *identity)

    def _binding(self) -> bytes:
        return "\0".join([self.operation, *self.parameters.values()]).encode()
