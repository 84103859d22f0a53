"""Types of fields that several operations of version 1 share (contract 1.3 to 1.5, 3)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from guildhall.model.ids import ACCOUNT_PATTERN, UUID_PATTERN

UUIDText = Annotated[str, Meta(pattern=UUID_PATTERN, description="A UUID.")]
AccountId = Annotated[
    str,
    Meta(pattern=ACCOUNT_PATTERN, description="An account id: 1 to 128 of A-Z a-z 0-9 _ | : -."),
]
Name = Annotated[str, Meta(min_length=1, max_length=100, description="1 to 100 characters.")]
NamePart = Annotated[str, Meta(max_length=100, description="At most 100 characters.")]

UUIDs = Annotated[tuple[UUIDText, ...], Meta(min_length=1, max_length=100)]
Names = Annotated[tuple[Name, ...], Meta(min_length=1, max_length=100)]

Flag = Annotated[bool, Meta(description="true or false.")]
Limit = Annotated[int, Meta(ge=1, le=1000, description="A whole number from 1 to 1000.")]
Cursor = Annotated[str, Meta(min_length=1, description="A token of links.next or links.self.")]

DEFAULT_LIMIT = 1_000


class MessageBody(msgspec.Struct, frozen=True):
    """What version 1 says after a change."""

    message: str
