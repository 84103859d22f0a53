"""Which group an invited user is put into for a role on a resource (contract 5, 6a)."""

import msgspec

from guildhall.api.guildhall.errors import GUILDHALL
from guildhall.api.guildhall.schemas import ORGANIZATION, RoleId
from guildhall.http.docs.examples import WIKI_GROUP, Example
from guildhall.http.paging import DataBody
from guildhall.http.request import Request
from guildhall.http.response import Response, empty_response, json_response
from guildhall.http.routing import Route
from guildhall.model.permissions import Permission
from guildhall.operations import default_groups as rules
from guildhall.operations.role_assignments import Grant
from guildhall.store.database import Transaction

_DEFAULT_ROLE = ORGANIZATION + "/groups/{groupId}/default-roles/{resourceId}"


class PutDefaultRoleBody(msgspec.Struct, frozen=True, rename="camel"):
    """The role that the group is to be the default for; the group is given it when it does not hold it."""

    role_id: RoleId


class DefaultRoleBody(msgspec.Struct, frozen=True, rename="camel"):
    """A group's default role on a resource."""

    group_id: str
    resource_id: str
    role_id: str


async def put_default_role(tx: Transaction, request: Request) -> Response:
    """Make a group the default access group of a resource for a role."""
    group_id, resource_id = request.parameters["groupId"], request.parameters["resourceId"]
    grant = Grant(resource_id, request.body.role_id)
    created = await rules.set_default_role(tx, request.caller, group_id, grant)
    body = DefaultRoleBody(group_id, resource_id, grant.role_id)
    return json_response(DataBody(body), 201 if created else 200)


async def delete_default_role(tx: Transaction, request: Request) -> Response:
    """Make a group a default access group of a resource no longer; it keeps the role."""
    group_id, resource_id = request.parameters["groupId"], request.parameters["resourceId"]
    await rules.clear_default_role(tx, request.caller, group_id, resource_id)
    return empty_response(204)


ROUTES = (
    Route(
        method="PUT",
        path=_DEFAULT_ROLE,
        operation="putDefaultRole",
        mount="",
        wire=GUILDHALL,
        contract="6a",
        summary="Make a group the default for a role",
        permission=Permission.FULL_ACCESS,
        handler=put_default_role,
        writes=True,
        body=PutDefaultRoleBody,
        answer=DataBody[DefaultRoleBody],
        other_answers=((201, DataBody[DefaultRoleBody]),),
        example=Example(path={"groupId": WIKI_GROUP}, body={"roleId": "atlassian/user"}),
    ),
    Route(
        method="DELETE",
        path=_DEFAULT_ROLE,
        operation="deleteDefaultRole",
        mount="",
        wire=GUILDHALL,
        contract="6a",
        summary="Make a group the default no longer",
        permission=Permission.FULL_ACCESS,
        handler=delete_default_role,
        writes=True,
        status=204,
        example=Example(path={"groupId": WIKI_GROUP}),
    ),
)
