"""What a client prefers: the `Prefer` headers of RFC 7240."""

from collections.abc import Iterable
from urllib.request import parse_http_list


def read_preferences(headers: Iterable[str]) -> dict[str, str]:
    """Return the preferences of all headers in lower case; of one that stands twice the first counts."""
    preferences: dict[str, str] = {}
    for header in headers:
        for preference in parse_http_list(header):
            name, _, value = preference.partition(";")[0].partition("=")
            preferences.setdefault(name.strip().lower(), value.strip().strip('"').lower())
    return preferences
