"""Roles of groups on resources, version 1 (contract 3)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from guildhall.api.v1.errors import DEPRECATED, V1
from guildhall.api.v1.schemas import MessageBody
from guildhall.http.docs.schemas import RESOURCE_REQUIRED
from guildhall.http.request import Request
from guildhall.http.response import Response, json_response
from guildhall.http.routing import Route
from guildhall.model.permissions import Permission
from guildhall.operations import role_assignments as rules
from guildhall.store.database import Transaction

_ROLES = "/v1/orgs/{orgId}/directory/groups/{groupId}/roles"
_UNDER_WAY = "is in progress. Changes may take up to 30 seconds to reflect."
"""What the vendor says; here every change is there at once (contract 1.8)."""


class RoleAssociation(msgspec.Struct, frozen=True, kw_only=True):
    """A role on a resource."""

    resource: Annotated[str, RESOURCE_REQUIRED] = ""
    role: Annotated[str, Meta(min_length=1, description="A role such as atlassian/user.")]

    @property
    def short_role(self) -> str:
        """The role's name behind the slash, as the messages print it."""
        return self.role.rpartition("/")[2]


class RolesBody(msgspec.Struct, frozen=True, rename="camel"):
    """Which roles are to be given or taken: all of them or none."""

    role_associations: Annotated[
        tuple[RoleAssociation, ...], Meta(min_length=1, max_length=100, description="1 to 100 associations.")
    ]


async def assign_roles(tx: Transaction, request: Request) -> Response:
    """Assign roles to a group."""
    body: RolesBody = request.body
    group = await rules.assign_roles(tx, request.caller, None, request.parameters["groupId"], _grants(body))
    said = " and ".join(
        f"ROLE `{given.short_role}` for RESOURCE `{given.resource}`" for given in body.role_associations
    )
    return json_response(MessageBody(f"Group {group.id} added Roles. {said} {_UNDER_WAY}"), 202)


async def revoke_roles(tx: Transaction, request: Request) -> Response:
    """Revoke roles from a group."""
    body: RolesBody = request.body
    group = await rules.revoke_roles(tx, request.caller, None, request.parameters["groupId"], _grants(body))
    said = " and ".join(f"{taken.short_role} for {taken.resource}" for taken in body.role_associations)
    return json_response(MessageBody(f"Group {group.id} revoked Roles. {said} {_UNDER_WAY}"), 202)


def _grants(body: RolesBody) -> list[rules.Grant]:
    return [
        rules.Grant(
            given.resource, given.role, f"roleAssociations[{i}].resource", f"roleAssociations[{i}].role"
        )
        for i, given in enumerate(body.role_associations)
    ]


ROUTES = (
    Route(
        method="POST",
        path=_ROLES + "/assign",
        operation="assignRolesV1",
        wire=V1,
        contract="3",
        summary="Assign roles to a group",
        permission=Permission.WRITE_GROUPS,
        handler=assign_roles,
        writes=True,
        body=RolesBody,
        answer=MessageBody,
        status=202,
        deprecation=DEPRECATED,
    ),
    Route(
        method="POST",
        path=_ROLES + "/revoke",
        operation="revokeRolesV1",
        wire=V1,
        contract="3",
        summary="Revoke roles from a group",
        permission=Permission.WRITE_GROUPS,
        handler=revoke_roles,
        writes=True,
        body=RolesBody,
        answer=MessageBody,
        status=202,
        deprecation=DEPRECATED,
    ),
)
