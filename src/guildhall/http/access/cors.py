"""Calls from browsers of other origins: none, unless an operator names the origins (contract 1.1)."""

from collections.abc import Sequence

_METHODS = "GET, POST, PUT, PATCH, DELETE"
_EXPOSED = (
    "Location, X-Request-Id, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset,"
    " Guildhall-Position"
)
_HOUR = "3600"


def cors_headers(origin: str | None, allowed: Sequence[str]) -> list[tuple[str, str]]:
    """Return the headers that let a page of an allowed origin read the answer."""
    if origin is None or origin not in allowed:
        return []
    return [
        ("access-control-allow-origin", origin),
        ("access-control-expose-headers", _EXPOSED),
        ("vary", "Origin"),
    ]


def preflight_headers(origin: str | None, allowed: Sequence[str]) -> list[tuple[str, str]]:
    """Return the headers that let a page of an allowed origin send a request with a key."""
    if origin is None or origin not in allowed:
        return []
    return [
        ("access-control-allow-methods", _METHODS),
        ("access-control-allow-headers", "Authorization, Content-Type, Prefer, Guildhall-Position"),
        ("access-control-max-age", _HOUR),
    ]
