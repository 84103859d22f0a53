"""Workspaces, version 2 (contract 4 and 8)."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from guildhall.api.v2.errors import V2
from guildhall.api.v2.paging import ItemLinks, PageBody, page_response
from guildhall.api.v2.schemas import DEFAULT_LIMIT, Cursor, Limit, SearchTerm
from guildhall.http.request import Request
from guildhall.http.response import Response, known
from guildhall.http.routing import Route
from guildhall.model.errors import InvalidInput
from guildhall.model.names import fold
from guildhall.model.paging import Window
from guildhall.model.permissions import Permission
from guildhall.model.resources import Resource, ResourceStatus
from guildhall.model.workspaces import (
    WorkspaceField,
    WorkspaceFilter,
    WorkspaceView,
    field_condition,
)
from guildhall.operations.workspaces import list_workspaces
from guildhall.store.database import Transaction

_FIELDS = ", ".join(WorkspaceField)
_MOST_CONDITIONS = 100
_DEPTH = 10
"""Of a query's tree (contract 8, "Limits of a request")."""

FieldName = Annotated[WorkspaceField, Meta(description=f"One of {_FIELDS}.")]
Value = Annotated[str, Meta(min_length=1, max_length=300, description="1 to 300 characters.")]


class FieldQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A field that has one of some values."""

    name: FieldName
    values: Annotated[tuple[Value, ...], Meta(min_length=1, max_length=100)]


Queries = Annotated[
    tuple["WorkspaceQuery", ...],
    Meta(min_length=1, max_length=100, description="At most 100 in all, 10 deep."),
]


class WorkspaceQuery(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    rename={"every": "and", "some": "or", "none": "nor"},
):
    """A condition on workspaces: all, one or none of several, a field, or a part of the name."""

    every: Queries = ()
    some: Queries = ()
    none: Queries = ()
    field: FieldQuery | None = None
    search: SearchTerm | None = None


class WorkspaceSort(msgspec.Struct, frozen=True):
    """An order by name."""

    field: Literal["attributes.name"]
    order: Literal["asc", "desc"] = "asc"


class WorkspaceSearchBody(msgspec.Struct, frozen=True):
    """The body of a search for workspaces; `cursor` stands alone."""

    query: WorkspaceQuery | None = None
    sort: Annotated[tuple[WorkspaceSort, ...], Meta(max_length=1)] = ()
    limit: Limit = DEFAULT_LIMIT
    cursor: Cursor | None = None


class WorkspaceAttributes(msgspec.Struct, frozen=True, rename="camel"):
    """What is said of a workspace; `capacity` is the user limit, `usage` the seats in use."""

    name: str
    type_key: str
    type: str
    owner: str
    status: ResourceStatus
    usage: int
    capacity: int | None
    created_at: str
    updated_at: str
    host_url: str | UnsetType = UNSET


class WorkspaceBody(msgspec.Struct, frozen=True):
    """A workspace."""

    id: str
    type: Literal["workspace"]
    attributes: WorkspaceAttributes
    links: ItemLinks


class WorkspacesToken(msgspec.Struct, frozen=True, array_like=True):
    """What a cursor of a list of workspaces carries."""

    view: WorkspaceView
    window: Window

    def at(self, window: Window) -> "WorkspacesToken":
        """Return the token of another page of the same list."""
        return WorkspacesToken(self.view, window)


async def search_workspaces(tx: Transaction, request: Request) -> Response:
    """Search for workspaces."""
    body: WorkspaceSearchBody = request.body
    if body.cursor is not None:
        token = request.read_page_token(body.cursor, WorkspacesToken)
    else:
        descending = any(sort.order == "desc" for sort in body.sort)
        query = body.query or WorkspaceQuery()
        _require_bounds(query)
        token = WorkspacesToken(WorkspaceView(_filter(query), descending), Window(body.limit))
    page = await list_workspaces(tx, request.caller, token.view, token.window)
    return page_response(request, page, token.at, lambda found: _body(request, found))


def _filter(query: WorkspaceQuery) -> WorkspaceFilter:
    return WorkspaceFilter(
        None if query.field is None else field_condition(query.field.name, query.field.values),
        None if query.search is None else fold(query.search),
        tuple(map(_filter, query.every)),
        tuple(map(_filter, query.some)),
        tuple(map(_filter, query.none)),
    )


def _require_bounds(query: WorkspaceQuery) -> None:
    """Raise InvalidInput for a tree that is too large or too deep, before anything is made of it."""
    level, conditions = [query], 0
    if query == WorkspaceQuery():
        return
    for _ in range(_DEPTH):
        conditions += len(level)
        if WorkspaceQuery() in level:
            raise InvalidInput("query: a condition needs one of and, or, nor, field and search.")
        level = [below for part in level for below in (*part.every, *part.some, *part.none)]
    if level or conditions > _MOST_CONDITIONS:
        raise InvalidInput(f"query: takes at most {_MOST_CONDITIONS} conditions, {_DEPTH} deep.")


def _body(request: Request, found: Resource) -> WorkspaceBody:
    attributes = WorkspaceAttributes(
        name=found.name,
        type_key=found.owner,
        type=found.type,
        owner=found.owner,
        status=ResourceStatus(found.status),
        usage=found.seats_used,
        capacity=found.user_limit,
        created_at=found.created_at,
        updated_at=found.updated_at,
        host_url=known(found.host_url),
    )
    return WorkspaceBody(
        found.id, "workspace", attributes, ItemLinks(request.item_token("workspace", found.id))
    )


ROUTES = (
    Route(
        method="POST",
        path="/v2/orgs/{orgId}/workspaces",
        operation="searchWorkspaces",
        wire=V2,
        contract="4",
        summary="Search for workspaces",
        permission=Permission.READ_WORKSPACES,
        handler=search_workspaces,
        body=WorkspaceSearchBody,
        body_required=False,
        answer=PageBody[WorkspaceBody],
    ),
)
