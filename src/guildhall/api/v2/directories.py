"""Directories, version 2 (contract 4)."""

import msgspec
from msgspec import UNSET, UnsetType

from guildhall.api.v2.errors import V2
from guildhall.api.v2.paging import PageBody, page_response
from guildhall.api.v2.schemas import DEFAULT_LIMIT, AccountId, Cursor, Limit, SearchTerm, UUIDs
from guildhall.http.request import Request
from guildhall.http.response import Response, known
from guildhall.http.routing import Route
from guildhall.model.directories import Directory
from guildhall.model.filters import DirectoryCriteria, DirectoryFilter
from guildhall.model.paging import Window
from guildhall.model.permissions import Permission
from guildhall.operations.directories import list_directories
from guildhall.operations.lists.filters import resolve_directory_criteria
from guildhall.store.database import Transaction


class DirectoryBody(msgspec.Struct, frozen=True, rename="camel"):
    """A directory; an icon that is not known is absent."""

    directory_id: str
    name: str
    icon: str | UnsetType = UNSET


class DirectoryListQuery(msgspec.Struct, frozen=True, rename="camel"):
    """The parameters of the list of directories."""

    account_id: AccountId | None = None
    directory_ids: UUIDs | None = None
    search_term: SearchTerm | None = None
    cursor: Cursor | None = None
    limit: Limit = DEFAULT_LIMIT


class DirectoriesToken(msgspec.Struct, frozen=True, array_like=True):
    """What a cursor of a list of directories carries."""

    filter: DirectoryFilter
    window: Window

    def at(self, window: Window) -> "DirectoriesToken":
        """Return the token of another page of the same list."""
        return DirectoriesToken(self.filter, window)


async def get_directories(tx: Transaction, request: Request) -> Response:
    """Get the directories of an organization."""
    query: DirectoryListQuery = request.query
    if query.cursor is not None:
        token = request.read_page_token(query.cursor, DirectoriesToken)
    else:
        criteria = DirectoryCriteria(query.account_id, query.directory_ids, query.search_term)
        chosen = await resolve_directory_criteria(tx, request.caller, criteria)
        token = DirectoriesToken(chosen, Window(query.limit))
    page = await list_directories(tx, request.caller, token.filter, token.window)
    return page_response(request, page, token.at, _body)


def _body(directory: Directory) -> DirectoryBody:
    return DirectoryBody(directory.id, directory.name, known(directory.icon))


ROUTES = (
    Route(
        method="GET",
        path="/v2/orgs/{orgId}/directories",
        operation="getDirectories",
        wire=V2,
        contract="4",
        summary="Get the directories of an organization",
        permission=Permission.READ_DIRECTORIES,
        handler=get_directories,
        query=DirectoryListQuery,
        answer=PageBody[DirectoryBody],
    ),
)
