"""Roles of groups on resources, version 2 (contract 2.10, 2.11)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from guildhall.api.v2.errors import V2
from guildhall.api.v2.paging import PageBody, page_response
from guildhall.api.v2.schemas import CursorQuery, Owners, ResourceIds, RoleIds, UUIDs
from guildhall.http.docs.schemas import RESOURCE_REQUIRED
from guildhall.http.request import Request
from guildhall.http.response import Response, empty_response
from guildhall.http.routing import Route
from guildhall.model.filters import AssignmentCriteria, AssignmentFilter
from guildhall.model.paging import Window
from guildhall.model.permissions import Permission
from guildhall.model.role_assignments import ResourceRoles
from guildhall.operations import role_assignments as rules
from guildhall.operations.lists.filters import resolve_assignment_criteria
from guildhall.store.database import Transaction

_ROLE_ASSIGNMENTS = "/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}/role-assignments"


class RoleAssignmentListQuery(CursorQuery, frozen=True, rename="camel", kw_only=True):
    """The parameters of the list of a group's roles."""

    directory_ids: UUIDs | None = None
    resource_owners: Owners | None = None
    resource_ids: ResourceIds | None = None
    role_ids: RoleIds | None = None


class RoleAssignmentBody(msgspec.Struct, frozen=True, rename="camel"):
    """All roles of a group on one resource."""

    resource_id: str
    resource_owner: str
    default_role: str | None
    roles: tuple[str, ...]


class GrantBody(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A role on a resource."""

    resource_id: Annotated[str, RESOURCE_REQUIRED] = ""
    role_id: Annotated[str, Meta(min_length=1, description="A role such as atlassian/user.")]


class RoleAssignmentsToken(msgspec.Struct, frozen=True, array_like=True):
    """What a cursor of a list of a group's roles carries."""

    filter: AssignmentFilter
    window: Window

    def at(self, window: Window) -> "RoleAssignmentsToken":
        """Return the token of another page of the same list."""
        return RoleAssignmentsToken(self.filter, window)


async def get_role_assignments(tx: Transaction, request: Request) -> Response:
    """Get group role assignments."""
    token = await _token(tx, request)
    directory_id, group_id = request.parameters["directoryId"], request.parameters["groupId"]
    page = await rules.list_group_roles(
        tx, request.caller, directory_id, group_id, token.filter, token.window
    )
    return page_response(request, page, token.at, _body)


async def _token(tx: Transaction, request: Request) -> RoleAssignmentsToken:
    query: RoleAssignmentListQuery = request.query
    if query.cursor is not None:
        return request.read_page_token(query.cursor, RoleAssignmentsToken)
    criteria = AssignmentCriteria(
        query.directory_ids, query.resource_owners, query.resource_ids, query.role_ids
    )
    resolved = await resolve_assignment_criteria(tx, request.caller, criteria)
    return RoleAssignmentsToken(resolved, Window(query.limit))


def _body(row: ResourceRoles) -> RoleAssignmentBody:
    return RoleAssignmentBody(row.resource_id, row.owner, row.default_role, row.roles)


async def assign_role(tx: Transaction, request: Request) -> Response:
    """Grant access to group."""
    await rules.assign_roles(tx, request.caller, *_change(request))
    return empty_response(200)


async def revoke_role(tx: Transaction, request: Request) -> Response:
    """Remove access from group."""
    await rules.revoke_roles(tx, request.caller, *_change(request))
    return empty_response(204)


def _change(request: Request) -> tuple[str, str, list[rules.Grant]]:
    grant = rules.Grant(request.body.resource_id, request.body.role_id)
    return request.parameters["directoryId"], request.parameters["groupId"], [grant]


ROUTES = (
    Route(
        method="GET",
        path=_ROLE_ASSIGNMENTS,
        operation="getGroupRoleAssignments",
        wire=V2,
        contract="2.10",
        summary="Get group role assignments",
        permission=Permission.READ_GROUPS,
        handler=get_role_assignments,
        query=RoleAssignmentListQuery,
        answer=PageBody[RoleAssignmentBody],
    ),
    Route(
        method="POST",
        path=_ROLE_ASSIGNMENTS + "/assign",
        operation="assignRoleToGroup",
        wire=V2,
        contract="2.11",
        summary="Grant access to group",
        permission=Permission.WRITE_GROUPS,
        handler=assign_role,
        writes=True,
        body=GrantBody,
    ),
    Route(
        method="POST",
        path=_ROLE_ASSIGNMENTS + "/revoke",
        operation="revokeRoleFromGroup",
        wire=V2,
        contract="2.11",
        summary="Remove access from group",
        permission=Permission.WRITE_GROUPS,
        handler=revoke_role,
        writes=True,
        body=GrantBody,
        status=204,
        stray="'",
    ),
)
