"""API keys: their form, and what is kept of them (contract 1.2).

A key reads `ghk_<organization>_<secret>_<checksum>`: a prefix that secret scanners find, the
organization's id so that a look-up starts with it, 32 random characters, and a checksum that
refuses a mistyped key without a look-up.
"""

import hashlib
import re
import secrets
import string
import uuid
import zlib

import msgspec

PREFIX = "ghk_"
DEFAULT_DAYS = 7
MOST_DAYS = 365
SOON_DAYS = 10
"""So long before its expiry people are told of it."""

_ALPHABET = string.digits + string.ascii_letters
_ORGANIZATION_LENGTH = 22
_SECRET_LENGTH = 32
_CHECKSUM_LENGTH = 6
_FORM = re.compile(r"ghk_([0-9A-Za-z]{22})_([0-9A-Za-z]{32})_([0-9A-Za-z]{6})", re.ASCII)


class APIKey(msgspec.Struct, frozen=True):
    """What is kept of a key; `scopes` are separated by blanks, None is full access.

    `created_at` is RFC 3339; `expires_at` and `last_used_at` are epoch milliseconds or None.
    `rate_limit` is in requests a minute.
    """

    id: str
    name: str
    hash: bytes
    scopes: str | None
    rate_limit: int | None
    created_at: str
    expires_at: int | None
    last_used_at: int | None

    @property
    def granted(self) -> frozenset[str] | None:
        """The scopes as a set; None is full access."""
        return None if self.scopes is None else frozenset(self.scopes.split())

    def has_expired(self, now: int) -> bool:
        """Whether the key is no longer valid at a time in epoch milliseconds."""
        return self.expires_at is not None and now >= self.expires_at


def make_key(org_id: str, secret: str | None = None) -> str:
    """Return a key of the organization: a new one, or that of 32 characters which are no secret."""
    secret = secret or "".join(secrets.choice(_ALPHABET) for _ in range(_SECRET_LENGTH))
    return with_checksum(f"{PREFIX}{_base62(uuid.UUID(org_id).int, _ORGANIZATION_LENGTH)}_{secret}")


def with_checksum(body: str) -> str:
    """Return a key without its checksum, completed by it."""
    return f"{body}_{_base62(zlib.crc32(body.encode()), _CHECKSUM_LENGTH)}"


def organization_of(key: str) -> str | None:
    """Return the organization's id that a key names, or None when the key is not well formed."""
    match = _FORM.fullmatch(key)
    if match is None or with_checksum(key[: -_CHECKSUM_LENGTH - 1]) != key:
        return None
    number = 0
    for character in match[1]:
        number = number * len(_ALPHABET) + _ALPHABET.index(character)
    return str(uuid.UUID(int=number)) if number < 1 << 128 else None


def hash_key(key: str) -> bytes:
    """Return what is kept of a key: a hash is enough for 190 random bits."""
    return hashlib.sha256(key.encode()).digest()


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
