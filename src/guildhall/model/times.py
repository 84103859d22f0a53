"""Times as texts: RFC 3339 in UTC with milliseconds (contract 1.5)."""

from datetime import UTC, datetime


def to_text(milliseconds: int) -> str:
    """Return epoch milliseconds as e.g. `2026-07-01T00:00:00.000Z`."""
    seconds, rest = divmod(milliseconds, 1_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:03d}Z"
