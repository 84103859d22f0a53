"""Furnishing directories (contract 6a)."""

import msgspec
from msgspec import UNSET, UnsetType

from guildhall.api.guildhall.errors import GUILDHALL
from guildhall.api.guildhall.paging import WindowToken, requested_window
from guildhall.api.guildhall.schemas import ORGANIZATION, URL, ListQuery, Name
from guildhall.http.docs.examples import OLD_DIRECTORY, Example, demo_id
from guildhall.http.paging import DataBody, ItemLinks, PageBody, page_response
from guildhall.http.request import Request
from guildhall.http.response import Response, empty_response, json_response
from guildhall.http.routing import Route
from guildhall.model.directories import Directory
from guildhall.model.filters import DirectoryFilter
from guildhall.model.permissions import Permission
from guildhall.operations import directories as rules
from guildhall.store.database import Transaction

_DIRECTORIES = ORGANIZATION + "/directories"
_DIRECTORY = _DIRECTORIES + "/{directoryId}"


class PutDirectoryBody(msgspec.Struct, frozen=True):
    """What a directory is to be; what is left out stays as it is. A null or empty icon is no icon."""

    name: Name
    icon: URL | UnsetType | None = UNSET
    default: bool | UnsetType = UNSET
    """True demotes the default directory before; an organization's first one is the default."""


class FurnishedDirectoryBody(msgspec.Struct, frozen=True, rename="camel"):
    """A directory."""

    directory_id: str
    name: str
    icon: str | None
    default: bool
    links: ItemLinks


def _body(request: Request, directory: Directory) -> FurnishedDirectoryBody:
    links = ItemLinks(request.item_token("directory", directory.id))
    return FurnishedDirectoryBody(directory.id, directory.name, directory.icon, directory.is_default, links)


async def list_directories(tx: Transaction, request: Request) -> Response:
    """List the directories, the default one first."""
    page = await rules.list_directories(tx, request.caller, DirectoryFilter(), requested_window(request))
    return page_response(request, page, WindowToken, lambda directory: _body(request, directory))


async def get_directory(tx: Transaction, request: Request) -> Response:
    """Get a directory."""
    found = await rules.find_directory(tx, request.caller, request.parameters["directoryId"])
    return json_response(DataBody(_body(request, found)))


async def put_directory(tx: Transaction, request: Request) -> Response:
    """Create a directory or change it."""
    body: PutDirectoryBody = request.body
    changes = rules.DirectoryChanges(name=body.name, icon=body.icon, default=body.default)
    directory_id = request.parameters["directoryId"]
    found, created = await rules.put_directory(tx, request.caller, directory_id, changes)
    return json_response(DataBody(_body(request, found)), 201 if created else 200)


async def delete_directory(tx: Transaction, request: Request) -> Response:
    """Delete a directory without users and groups."""
    await rules.delete_directory(tx, request.caller, request.parameters["directoryId"])
    return empty_response(204)


ROUTES = (
    Route(
        method="GET",
        path=_DIRECTORIES,
        operation="listFurnishedDirectories",
        mount="",
        wire=GUILDHALL,
        contract="6a",
        summary="List directories",
        permission=Permission.FULL_ACCESS,
        handler=list_directories,
        query=ListQuery,
        answer=PageBody[FurnishedDirectoryBody],
    ),
    Route(
        method="GET",
        path=_DIRECTORY,
        operation="getFurnishedDirectory",
        mount="",
        wire=GUILDHALL,
        contract="6a",
        summary="Get a directory",
        permission=Permission.FULL_ACCESS,
        handler=get_directory,
        answer=DataBody[FurnishedDirectoryBody],
    ),
    Route(
        method="PUT",
        path=_DIRECTORY,
        operation="furnishDirectory",
        mount="",
        wire=GUILDHALL,
        contract="6a",
        summary="Create or change a directory",
        permission=Permission.FULL_ACCESS,
        handler=put_directory,
        writes=True,
        body=PutDirectoryBody,
        answer=DataBody[FurnishedDirectoryBody],
        other_answers=((201, DataBody[FurnishedDirectoryBody]),),
        example=Example(path={"directoryId": demo_id("Guests")}, body={"name": "Guests"}),
    ),
    Route(
        method="DELETE",
        path=_DIRECTORY,
        operation="deleteDirectory",
        mount="",
        wire=GUILDHALL,
        contract="6a",
        summary="Delete a directory",
        permission=Permission.FULL_ACCESS,
        handler=delete_directory,
        writes=True,
        status=204,
        example=Example(path={"directoryId": OLD_DIRECTORY}),
    ),
)
