"""LDAP messages as bytes (RFC 4511, in the encoding of X.690), made once and sent many times."""

from collections.abc import Sequence

# One request at a time is under way on a connection, so that all of them can have the same message id.
_MESSAGE_ID = 1

_BIND, _SEARCH, _MODIFY, _COMPARE = 0x60, 0x63, 0x66, 0x6E
_INTEGER, _TEXT, _ENUMERATED, _BOOLEAN, _SEQUENCE, _SET = 0x02, 0x04, 0x0A, 0x01, 0x30, 0x31
_AND, _EQUALITY, _SUBSTRINGS, _ANY, _CONTROLS = 0xA0, 0xA3, 0xA4, 0x81, 0xA0
_PAGED_RESULTS = "1.2.840.113556.1.4.319"

COOKIE_BYTES = 8
"""Length of slapd's paging cookie; zeros stand where the one of the page before goes."""

BASE, SUBTREE = 0, 2
"""Scopes of a search."""


def bind(name: str, password: str) -> bytes:
    """Return a simple bind."""
    return _message(_tlv(_BIND, _integer(3), _text(name), _tlv(0x80, password.encode())))


def search(base: str, scope: int, matching: bytes, attributes: Sequence[str], controls: bytes = b"") -> bytes:
    """Return a search without limits of its own."""
    limits = (_tlv(_ENUMERATED, b"\0"), _integer(0), _integer(0), _tlv(_BOOLEAN, b"\0"))
    wanted = _tlv(_SEQUENCE, *map(_text, attributes))
    body = (_text(base), _tlv(_ENUMERATED, bytes([scope])), *limits, matching, wanted)
    return _message(_tlv(_SEARCH, *body), controls)


def equals(attribute: str, value: str) -> bytes:
    """Return the filter `(attribute=value)`."""
    return _tlv(_EQUALITY, _text(attribute), _text(value))


def contains(attribute: str, value: str) -> bytes:
    """Return the filter `(attribute=*value*)`."""
    return _tlv(_SUBSTRINGS, _text(attribute), _tlv(_SEQUENCE, _tlv(_ANY, value.encode())))


def both(*filters: bytes) -> bytes:
    """Return the filter `(&...)`."""
    return _tlv(_AND, *filters)


def page(size: int, cookie: bytes = b"") -> bytes:
    """Return the control that asks for a page (RFC 2696); its cookie is the end of the whole message."""
    value = _tlv(_SEQUENCE, _integer(size), _tlv(_TEXT, cookie))
    control = _tlv(_SEQUENCE, _text(_PAGED_RESULTS), _tlv(_BOOLEAN, b"\xff"), _tlv(_TEXT, value))
    return _tlv(_CONTROLS, control)


def add_value(entry: str, attribute: str, value: str) -> bytes:
    """Return a modification that adds one value to an attribute."""
    changed = _tlv(_SEQUENCE, _text(attribute), _tlv(_SET, _text(value)))
    change = _tlv(_SEQUENCE, _tlv(_ENUMERATED, b"\0"), changed)
    return _message(_tlv(_MODIFY, _text(entry), _tlv(_SEQUENCE, change)))


def compare(entry: str, attribute: str, value: str) -> bytes:
    """Return the question whether an attribute has a value."""
    return _message(_tlv(_COMPARE, _text(entry), _tlv(_SEQUENCE, _text(attribute), _text(value))))


def _message(operation: bytes, controls: bytes = b"") -> bytes:
    return _tlv(_SEQUENCE, _integer(_MESSAGE_ID), operation, controls)


def _integer(number: int) -> bytes:
    return _tlv(_INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def _text(text: str) -> bytes:
    return _tlv(_TEXT, text.encode())


def _tlv(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + content
