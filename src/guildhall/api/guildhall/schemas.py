"""Types of parameters and fields that several of our own operations share (contract 1.3 to 1.5)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from guildhall.model.errors import InvalidInput
from guildhall.model.ids import RESOURCE_PATTERN, UUID_PATTERN
from guildhall.model.times import parse_time

ORGANIZATION = "/guildhall/v1/orgs/{orgId}"
"""Where the paths of all these operations begin."""


DirectoryId = Annotated[str, Meta(pattern=UUID_PATTERN, description="A directory's UUID.")]
ResourceId = Annotated[
    str,
    Meta(
        pattern=RESOURCE_PATTERN,
        description="An ARI such as ari:cloud:jira::site/1.",
    ),
]
RoleId = Annotated[str, Meta(min_length=1, max_length=129, description="A role such as atlassian/user.")]
Name = Annotated[
    str, Meta(min_length=1, description="1 to 255 characters, white space at the ends not counted.")
]
URL = Annotated[str, Meta(max_length=2_048, description="A URL of at most 2048 characters.")]
Text = Annotated[str, Meta(max_length=255, description="At most 255 characters.")]
Time = Annotated[
    str, Meta(min_length=10, max_length=40, description="An RFC 3339 time, e.g. 2026-07-01T00:00:00.000Z.")
]

Limit = Annotated[int, Meta(ge=1, le=100, description="A whole number from 1 to 100.")]
Cursor = Annotated[str, Meta(min_length=1, description="A token of links.next or links.prev.")]

DEFAULT_LIMIT = 20


class ListQuery(msgspec.Struct, frozen=True):
    """The parameters of a list."""

    cursor: Cursor | None = None
    limit: Limit = DEFAULT_LIMIT


def to_milliseconds(field: str, text: str) -> int:
    """Return the epoch milliseconds of a time; raises InvalidInput that names the field."""
    found = parse_time(text)
    if found is None:
        raise InvalidInput(
            f"{field}: must be an RFC 3339 time from 1970 on, e.g. 2026-07-01T00:00:00.000Z, or a date."
        )
    return found
