"""Furnishing directories (contract 6a)."""

from typing import TypedDict, Unpack

from guildhall.client.answers import data, nothing, page
from guildhall.client.calls import FURNISHING, Call, changes, fields
from guildhall.client.guildhall.listings import Listing
from guildhall.client.paging import Page
from guildhall.client.records import ItemLinks, Record
from guildhall.client.subjects import S, Subject, operation, walking


class FurnishedDirectory(Record, frozen=True):
    """A directory with all that can be set."""

    directory_id: str
    name: str | None = None
    icon: str | None = None
    default: bool | None = None
    links: ItemLinks | None = None


class DirectoryFields(TypedDict, total=False):
    """What a directory is given beside its name; what is left out stays as it is.

    `default` makes it the organization's default one.
    """

    icon: str | None
    default: bool


class FurnishingDirectories(Subject[S]):
    """Directories, created and changed by id."""

    def _list(self, **query: Unpack[Listing]) -> Call[Page[FurnishedDirectory]]:
        """Get a page of directories, the default one first."""
        given = fields(Listing, query)
        return Call(
            method="GET", path=(*FURNISHING, "directories"), query=given, decode=page(FurnishedDirectory)
        )

    list = operation(_list)
    list_all = walking(_list)

    @operation
    def get(self, directory_id: str) -> Call[FurnishedDirectory]:
        """Get one directory."""
        path = (*FURNISHING, "directories", directory_id)
        return Call(method="GET", path=path, decode=data(FurnishedDirectory))

    @operation
    def put(self, directory_id: str, name: str, **given: Unpack[DirectoryFields]) -> Call[FurnishedDirectory]:
        """Create a directory, or change it."""
        body = {"name": name, **changes(DirectoryFields, given)}
        path = (*FURNISHING, "directories", directory_id)
        return Call(method="PUT", path=path, body=body, decode=data(FurnishedDirectory))

    @operation
    def delete(self, directory_id: str) -> Call[None]:
        """Remove a directory without users and groups."""
        path = (*FURNISHING, "directories", directory_id)
        return Call(method="DELETE", path=path, decode=nothing, settled_by=frozenset({"ADMIN-UAM-404-1"}))
