"""The directories of an organization (contract 4)."""

from collections.abc import Sequence
from typing import TypedDict, Unpack

from guildhall.client.answers import page
from guildhall.client.calls import V2, Call, fields
from guildhall.client.paging import Page
from guildhall.client.records import Record
from guildhall.client.subjects import S, Subject, operation, walking


class Directory(Record, frozen=True):
    """A directory."""

    directory_id: str
    name: str | None = None
    icon: str | None = None


class DirectoryListing(TypedDict, total=False):
    """Which directories; `account_id` selects those that the account is in."""

    account_id: str | None
    directory_ids: Sequence[str]
    search_term: str | None
    cursor: str | None
    limit: int | None


class Directories(Subject[S]):
    """Directories of version 2."""

    def _list(self, **query: Unpack[DirectoryListing]) -> Call[Page[Directory]]:
        """Get a page of directories, the default one first."""
        given = fields(DirectoryListing, query)
        return Call(method="GET", path=(*V2, "directories"), query=given, decode=page(Directory))

    list = operation(_list)
    list_all = walking(_list)
