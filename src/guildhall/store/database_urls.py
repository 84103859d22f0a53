"""Which database a setting names, and how its URL may be shown."""

import re
import urllib.parse
from pathlib import Path

from guildhall.store.database import StartRefused

_POSTGRES = ("postgresql://", "postgres://")
_SQLITE = "sqlite:///"
_RIGHT = "Write postgresql://user:password@host/name, sqlite:///path, or a path."

# A scheme has two letters at least: one is a drive. A name that only looks like one can be written ./name.
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(?=/)|(postgres(?:ql)?|sqlite):", re.IGNORECASE)
_KEYWORDS = re.compile(r"(?:^|\s)(?:host|hostaddr|port|dbname|user|password|service)\s*=", re.IGNORECASE)
_SECRET = re.compile(r"password", re.IGNORECASE)


def sqlite_path(url: str) -> Path | None:
    """Return the file that a database setting names, or None for PostgreSQL.

    Raises StartRefused for what is neither; its text shows nothing of it but the scheme.
    """
    if url.startswith(_POSTGRES):
        return None
    path = url.removeprefix(_SQLITE)
    if path == url:
        _require_path(url)
    return Path(path)


def _require_path(text: str) -> None:
    """Raise StartRefused for what was meant to be a URL: as a name it would be printed, password and all."""
    scheme = _SCHEME.match(text)
    if scheme is not None:
        name = scheme[1] or scheme[2]
        raise StartRefused(f"The database cannot be named by {name}:… {_RIGHT}")
    if _KEYWORDS.search(text):
        raise StartRefused(f"The database cannot be named by keywords such as host=…. {_RIGHT}")
    account, at, _ = text.partition("/")[0].rpartition("@")
    if at and ":" in account:
        raise StartRefused(f"The name of the database has an account and no scheme. {_RIGHT}")


def without_password(url: str) -> str:
    """Return a database's URL as it may be shown."""
    try:
        parts = urllib.parse.urlsplit(_without_account_password(url))
    except ValueError:
        return f"{url.partition('://')[0]}://…"
    pairs = [pair for pair in urllib.parse.parse_qsl(parts.query) if not _SECRET.search(pair[0])]
    return parts._replace(query=urllib.parse.urlencode(pairs, safe="/")).geturl()


def _without_account_password(url: str) -> str:
    """Leave out what is between the account and the last @: a password may hold what should be encoded."""
    scheme, slashes, rest = url.partition("//")
    before, at, place = rest.rpartition("@")
    return f"{scheme}{slashes}{before.partition(':')[0]}{at}{place}"
