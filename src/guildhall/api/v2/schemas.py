"""Types of parameters and fields that several operations of version 2 share (contract 1.3 to 1.5)."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from guildhall.http.reading.query import WHOLE
from guildhall.model.ids import ACCOUNT_PATTERN, OWNER_PATTERN, RESOURCE_PATTERN, UUID_PATTERN

UUIDText = Annotated[str, Meta(pattern=UUID_PATTERN, description="A UUID.")]
AccountId = Annotated[
    str,
    Meta(pattern=ACCOUNT_PATTERN, description="An account id: 1 to 128 of A-Z a-z 0-9 _ | : -."),
]
ResourceId = Annotated[
    str,
    Meta(
        pattern=RESOURCE_PATTERN,
        description="An ARI such as ari:cloud:jira::site/1.",
    ),
]
RoleId = Annotated[str, Meta(min_length=1, max_length=129, description="A role such as atlassian/user.")]
Owner = Annotated[
    str, Meta(pattern=OWNER_PATTERN, description="The owner part of a resource, e.g. jira-core.")
]
Name = Annotated[str, Meta(min_length=1, max_length=255, description="1 to 255 characters.")]

UUIDs = Annotated[tuple[UUIDText, ...], Meta(min_length=1, max_length=10)]
AccountIds = Annotated[tuple[AccountId, ...], Meta(min_length=1, max_length=10)]
ResourceIds = Annotated[tuple[ResourceId, ...], Meta(min_length=1, max_length=20, extra=WHOLE)]
RoleIds = Annotated[tuple[RoleId, ...], Meta(min_length=1, max_length=10)]
Owners = Annotated[tuple[Owner, ...], Meta(min_length=1, max_length=10)]
Names = Annotated[tuple[Name, ...], Meta(min_length=1, max_length=10)]

Flag = Annotated[bool, Meta(description="true or false.")]
Limit = Annotated[int, Meta(ge=1, le=100, description="A whole number from 1 to 100.")]
MemberLimit = Annotated[int, Meta(ge=1, le=1000, description="A whole number from 1 to 1000.")]
Cursor = Annotated[str, Meta(min_length=1, description="A token of links.next or links.prev.")]
SearchTerm = Annotated[str, Meta(min_length=1, max_length=255, description="1 to 255 characters.")]

DEFAULT_LIMIT = 20


class NameSort(msgspec.Struct, frozen=True):
    """An order by name."""

    field: Literal["name"]
    direction: Literal["asc", "desc"] = "asc"


class CursorQuery(msgspec.Struct, frozen=True, rename="camel"):
    """The parameters of a list without filters."""

    cursor: Cursor | None = None
    limit: Limit = DEFAULT_LIMIT
