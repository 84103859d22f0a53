"""Page tokens: opaque, signed, bound to an operation and to every id in its path (contract 1.4)."""

import base64
import binascii
import hashlib
import hmac
from functools import lru_cache
from typing import TypeVar

import msgspec

from guildhall.model.errors import InvalidCursor, InvalidInput

Token = TypeVar("Token", bound=msgspec.Struct)

LONGEST = 8_192
"""Characters that a token may have (contract 1.4)."""

_SIGNATURE_BYTES = 16
_LONGEST_PAYLOAD = LONGEST // 4 * 3 - _SIGNATURE_BYTES
_ENCODER = msgspec.msgpack.Encoder()
_ITEM_BYTES = 11
_PAGE = b"page"
_ITEM = b"item"


def encode(secret: bytes, binding: bytes, token: msgspec.Struct) -> str:
    """Return `token` as text that `decode` accepts with the same secret and binding only.

    Raises InvalidInput for a query that no cursor of `LONGEST` characters can carry.
    """
    payload = _ENCODER.encode(token)
    if len(payload) > _LONGEST_PAYLOAD:
        raise InvalidInput("The query is too large to be walked by cursors; ask for less at once.")
    return base64.urlsafe_b64encode(_signature(secret, binding, payload) + payload).rstrip(b"=").decode()


def decode(secret: bytes, binding: bytes, text: str, kind: type[Token]) -> Token:
    """Return the token in `text`; raises InvalidCursor when a byte of it, or its place, is another."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _invalid() from None
    signature, payload = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
    canonical = base64.urlsafe_b64encode(raw).rstrip(b"=").decode() == text
    if not canonical or not hmac.compare_digest(signature, _signature(secret, binding, payload)):
        raise _invalid()
    try:
        return msgspec.msgpack.decode(payload, type=kind)
    except msgspec.MsgspecError:
        raise _invalid() from None


def item_token(secret: bytes, *identity: str) -> str:
    """Return the token of one item, of 22 characters; no list accepts it as a cursor."""
    keyed = _keyed(secret).copy()
    keyed.update("\0".join(identity).encode())
    return keyed.hexdigest()


@lru_cache(1_024)
def _keyed(secret: bytes) -> "hashlib.blake2b":
    """Return the hash of item tokens with an organization's key taken in, to be copied."""
    return hashlib.blake2b(key=secret, digest_size=_ITEM_BYTES, person=_ITEM)


def _signature(secret: bytes, binding: bytes, payload: bytes) -> bytes:
    message = len(binding).to_bytes(4) + binding + payload
    return hashlib.blake2b(message, key=secret, digest_size=_SIGNATURE_BYTES, person=_PAGE).digest()


def _invalid() -> InvalidCursor:
    return InvalidCursor(
        "cursor: is not a page token of this list. Send links.next or links.prev of one of its pages"
        " unchanged."
    )
