"""Times as texts: RFC 3339 in UTC with milliseconds (contract 1.5)."""

import re
from datetime import UTC, datetime, timedelta

_ZONE = r"[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d"
_FORM = re.compile(rf"\d{{4}}-\d\d-\d\d(?:[Tt]\d\d:\d\d:\d\d(?:\.\d{{1,9}})?(?:{_ZONE}))?", re.ASCII)
"""RFC 3339 §5.6; what the form cannot tell, as 30 February, `datetime` does."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_FURTHEST = 253_402_300_800_000
"""The year 10000, which no text of this form can name."""


def to_text(milliseconds: int) -> str:
    """Return epoch milliseconds as e.g. `2026-07-01T00:00:00.000Z`."""
    seconds, rest = divmod(milliseconds, 1_000)
    return f"{datetime.fromtimestamp(seconds, UTC).isoformat()[:-6]}.{rest:03d}Z"


def parse_time(text: str) -> int | None:
    """Return the epoch milliseconds of an RFC 3339 time, or None when `text` is not one.

    A bare date is its first instant in UTC; what is finer than a millisecond is cut off.
    """
    if not _FORM.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text.upper())
        milliseconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - _EPOCH) // _MILLISECOND
    except ValueError:
        return None
    return milliseconds if 0 <= milliseconds < _FURTHEST else None
