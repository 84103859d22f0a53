"""Groups, version 2 (contract 2.1 to 2.7 and 2.12)."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from guildhall.api.v2.errors import DEPRECATED_LISTS, V2
from guildhall.api.v2.group_bodies import BOTH_COUNTS, CountsAsked, GroupBody, group_body
from guildhall.api.v2.paging import DataBody, PageBody, page_response
from guildhall.api.v2.schemas import (
    DEFAULT_LIMIT,
    AccountIds,
    Cursor,
    Limit,
    Names,
    NameSort,
    Owners,
    ResourceIds,
    RoleIds,
    SearchTerm,
    UUIDs,
)
from guildhall.http.docs.examples import OLD_GROUPS, Example
from guildhall.http.reading.shapes import NEVER_ABSENT
from guildhall.http.request import Request
from guildhall.http.response import Response, empty_response, json_response
from guildhall.http.routing import Route
from guildhall.model.errors import InvalidInput
from guildhall.model.filters import GroupCriteria, GroupView
from guildhall.model.groups import Group
from guildhall.model.paging import Page, Window
from guildhall.model.permissions import Permission
from guildhall.operations import groups as rules
from guildhall.operations.lists.filters import resolve_first_page, resolve_group_criteria
from guildhall.store.database import Transaction

_GROUPS = "/v2/orgs/{orgId}/directories/{directoryId}/groups"
_GROUP = _GROUPS + "/{groupId}"


class GroupFilterQuery(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """The filters of groups (contract 2.2)."""

    directory_ids: UUIDs | None = None
    account_ids: AccountIds | None = None
    group_ids: UUIDs | None = None
    resource_owners: Owners | None = None
    resource_ids: ResourceIds | None = None
    role_ids: RoleIds | None = None
    search_term: SearchTerm | None = None


class GroupListQuery(GroupFilterQuery, frozen=True, rename="camel", kw_only=True):
    """The parameters of the list of groups."""

    cursor: Cursor | None = None
    limit: Limit = DEFAULT_LIMIT
    counts: CountsAsked | None = None
    sort_by: NameSort | None = None


class GroupSearchBody(GroupFilterQuery, frozen=True, rename="camel", kw_only=True):
    """The body of a search for groups (contract 2.3)."""

    cursor: Cursor | None = None
    limit: Limit = DEFAULT_LIMIT
    group_names: Names | None = None
    expand: tuple[Literal["counts.users", "counts.resources"], ...] = ()
    sort_by: NameSort | Annotated[list[NameSort], Meta(max_length=1)] | None = None


class NewGroupBody(msgspec.Struct, frozen=True):
    """What a group is created with."""

    name: str
    description: str | None = None


class GroupChangesBody(msgspec.Struct, frozen=True):
    """What of a group is to change; a description that is null or empty is cleared (contract 2.12)."""

    name: (
        Annotated[
            str,
            Meta(min_length=1, extra={NEVER_ABSENT: True}, description="A name of 1 to 255 characters."),
        ]
        | UnsetType
    ) = UNSET
    description: str | UnsetType | None = UNSET


class GroupCountBody(msgspec.Struct, frozen=True):
    """How many groups match."""

    count: int


class TypeCount(msgspec.Struct, frozen=True):
    """How many groups are of one type."""

    type: Literal["TEAM", "GROUP", "USERBASE_GROUP"]
    count: int


class GroupTotalsBody(msgspec.Struct, frozen=True):
    """How many groups there are, and of which origin."""

    all: int
    synced: int
    managed: int


class GroupStatsBody(msgspec.Struct, frozen=True):
    """The statistics of groups (contract 2.7)."""

    types: list[TypeCount]
    totals: GroupTotalsBody


class GroupsToken(msgspec.Struct, frozen=True, array_like=True):
    """What a cursor of a list of groups carries."""

    view: GroupView
    counts: CountsAsked
    window: Window

    def at(self, window: Window) -> "GroupsToken":
        """Return the token of another page of the same list."""
        return GroupsToken(self.view, self.counts, window)


async def get_groups(tx: Transaction, request: Request) -> Response:
    """Get groups in an organization."""
    query: GroupListQuery = request.query
    if query.cursor is not None:
        return await _page(tx, request, request.read_page_token(query.cursor, GroupsToken))
    view = await _view(tx, request, _criteria(request, query), query.sort_by)
    return await _first_page(tx, request, view, query.counts or CountsAsked(), query.limit)


async def search_groups(tx: Transaction, request: Request) -> Response:
    """Search for groups."""
    body: GroupSearchBody = request.body
    if body.cursor is not None:
        return await _page(tx, request, request.read_page_token(body.cursor, GroupsToken))
    if body.group_names is not None and (body.search_term is not None or body.group_ids is not None):
        raise InvalidInput("groupNames: cannot be combined with searchTerm or groupIds.")
    sort = next(iter(body.sort_by), None) if isinstance(body.sort_by, list) else body.sort_by
    view = await _view(tx, request, _criteria(request, body, body.group_names), sort)
    counts = CountsAsked("counts.users" in body.expand, "counts.resources" in body.expand)
    return await _first_page(tx, request, view, counts, body.limit)


def _criteria(
    request: Request, given: GroupFilterQuery, group_names: tuple[str, ...] | None = None
) -> GroupCriteria:
    return GroupCriteria(
        directory_id=request.parameters["directoryId"],
        directory_ids=given.directory_ids,
        account_ids=given.account_ids,
        group_ids=given.group_ids,
        group_names=group_names,
        resource_owners=given.resource_owners,
        resource_ids=given.resource_ids,
        role_ids=given.role_ids,
        search_term=given.search_term,
    )


async def _view(
    tx: Transaction, request: Request, criteria: GroupCriteria, sort: NameSort | None
) -> GroupView:
    resolved = await resolve_first_page(tx, request.caller, criteria)
    return GroupView(resolved, descending=sort is not None and sort.direction == "desc")


async def _first_page(
    tx: Transaction, request: Request, view: GroupView, counts: CountsAsked, limit: int
) -> Response:
    window = Window(limit)
    known, page = await rules.begin_list(tx, request.caller, view, window)
    return _response(request, page, GroupsToken(known, counts, window))


async def _page(tx: Transaction, request: Request, token: GroupsToken) -> Response:
    page = await rules.list_groups(tx, request.caller, token.view, token.window)
    return _response(request, page, token)


def _response(request: Request, page: Page[Group], token: GroupsToken) -> Response:
    return page_response(request, page, token.at, lambda group: group_body(request, group, token.counts))


async def get_group_count(tx: Transaction, request: Request) -> Response:
    """Get the count of groups in an organization."""
    view = GroupView(await resolve_group_criteria(tx, request.caller, _criteria(request, request.query)))
    return json_response(GroupCountBody(await rules.count_groups(tx, request.caller, view)))


async def get_group_stats(tx: Transaction, request: Request) -> Response:
    """Get group stats."""
    totals = await rules.get_group_totals(tx, request.caller, request.parameters["directoryId"])
    types = [
        TypeCount("TEAM", totals.teams),
        TypeCount("GROUP", totals.groups),
        TypeCount("USERBASE_GROUP", totals.userbase_groups),
    ]
    everything = totals.teams + totals.groups + totals.userbase_groups
    return json_response(GroupStatsBody(types, GroupTotalsBody(everything, totals.synced, totals.managed)))


async def get_group(tx: Transaction, request: Request) -> Response:
    """Get group details."""
    parameters = request.parameters
    group = await rules.get_group(tx, request.caller, parameters["directoryId"], parameters["groupId"])
    return json_response(DataBody(group_body(request, group, BOTH_COUNTS)))


async def create_group(tx: Transaction, request: Request) -> Response:
    """Create group."""
    new = rules.NewGroup(request.body.name, request.body.description)
    group = await rules.create_group(tx, request.caller, request.parameters["directoryId"], new)
    org_id, directory_id = request.parameters["orgId"], group.directory_id
    location = request.url(f"/v2/orgs/{org_id}/directories/{directory_id}/groups/{group.id}")
    headers = [("location", location)]
    if request.prefers_representation:
        headers.append(("preference-applied", "return=representation"))
        return json_response(DataBody(group_body(request, group, BOTH_COUNTS)), 201, headers)
    return empty_response(201, headers)


async def update_group(tx: Transaction, request: Request) -> Response:
    """Rename a group or change its description."""
    changes = rules.GroupChanges(request.body.name, request.body.description)
    parameters = request.parameters
    await rules.rename_group(tx, request.caller, parameters["directoryId"], parameters["groupId"], changes)
    return empty_response(204)


async def delete_group(tx: Transaction, request: Request) -> Response:
    """Delete group."""
    directory_id = request.parameters["directoryId"]
    await rules.delete_group(tx, request.caller, directory_id, request.parameters["groupId"])
    return empty_response(204)


ROUTES = (
    Route(
        method="GET",
        path=_GROUPS,
        operation="getGroups",
        wire=V2,
        contract="2.2",
        summary="Get groups in an organization",
        permission=Permission.READ_GROUPS,
        handler=get_groups,
        query=GroupListQuery,
        answer=PageBody[GroupBody],
        deprecation=DEPRECATED_LISTS,
    ),
    Route(
        method="POST",
        path=_GROUPS + "/search",
        operation="searchGroups",
        wire=V2,
        contract="2.3",
        summary="Search for groups",
        permission=Permission.READ_GROUPS,
        handler=search_groups,
        body=GroupSearchBody,
        body_required=False,
        answer=PageBody[GroupBody],
    ),
    Route(
        method="POST",
        path=_GROUPS,
        operation="createGroup",
        wire=V2,
        contract="2.4",
        summary="Create group",
        permission=Permission.WRITE_GROUPS,
        handler=create_group,
        writes=True,
        body=NewGroupBody,
        status=201,
    ),
    Route(
        method="GET",
        path=_GROUPS + "/count",
        operation="getGroupCount",
        wire=V2,
        contract="2.7",
        summary="Get the count of groups in an organization",
        permission=Permission.READ_GROUPS,
        handler=get_group_count,
        query=GroupFilterQuery,
        answer=GroupCountBody,
    ),
    Route(
        method="GET",
        path=_GROUPS + "/stats",
        operation="getGroupStats",
        wire=V2,
        contract="2.7",
        summary="Get group stats",
        permission=Permission.READ_GROUPS,
        handler=get_group_stats,
        answer=GroupStatsBody,
    ),
    Route(
        method="GET",
        path=_GROUP,
        operation="getGroup",
        wire=V2,
        contract="2.5",
        summary="Get group details",
        permission=Permission.READ_GROUPS,
        handler=get_group,
        answer=DataBody[GroupBody],
    ),
    Route(
        method="PATCH",
        path=_GROUP,
        operation="updateGroup",
        wire=V2,
        contract="2.12",
        summary="Rename a group or change its description",
        permission=Permission.WRITE_GROUPS,
        handler=update_group,
        writes=True,
        body=GroupChangesBody,
        status=204,
        example=Example(body={"description": "Who keeps the platform running"}),
    ),
    Route(
        method="DELETE",
        path=_GROUP,
        operation="deleteGroup",
        wire=V2,
        contract="2.6",
        summary="Delete group",
        permission=Permission.WRITE_GROUPS,
        handler=delete_group,
        writes=True,
        status=204,
        example=Example(path={"groupId": OLD_GROUPS[0]}),
    ),
)
