"""What every list of the furnishing operations takes."""

from typing import TypedDict


class Listing(TypedDict, total=False):
    """Which page of a list."""

    cursor: str | None
    limit: int | None
