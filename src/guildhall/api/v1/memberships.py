"""Members of groups, version 1 (contract 3)."""

import msgspec

from guildhall.api.v1.errors import DEPRECATED, V1
from guildhall.api.v1.schemas import AccountId, MessageBody
from guildhall.http.docs.examples import OTHER_GROUP, OTHER_MEMBER, Example
from guildhall.http.request import Request
from guildhall.http.response import Response, json_response
from guildhall.http.routing import Route
from guildhall.model.errors import AlreadyMember, UserNotFound
from guildhall.model.permissions import Permission
from guildhall.operations import memberships as rules
from guildhall.store.database import Transaction

_MEMBERSHIPS = "/v1/orgs/{orgId}/directory/groups/{groupId}/memberships"


class NewMemberBody(msgspec.Struct, frozen=True):
    """Who is to join the group; in snake case, as the vendor has it."""

    account_id: AccountId


async def add_member(tx: Transaction, request: Request) -> Response:
    """Add user to group; unlike version 2, a member already is an error."""
    group_id, account_id = request.parameters["groupId"], request.body.account_id
    if not await rules.add_member(tx, request.caller, None, group_id, account_id):
        raise AlreadyMember(f"The user {account_id} is a member of the group already.")
    return json_response(MessageBody(f"User {account_id} was added to group {group_id}"))


async def remove_member(tx: Transaction, request: Request) -> Response:
    """Remove user from group; unlike version 2, no member is an error."""
    group_id, account_id = request.parameters["groupId"], request.parameters["accountId"]
    if not await rules.remove_member(tx, request.caller, None, group_id, account_id):
        raise UserNotFound(f"The user {account_id} is not a member of the group.")
    return json_response(MessageBody(f"User {account_id} was removed from group {group_id}"))


ROUTES = (
    Route(
        method="POST",
        path=_MEMBERSHIPS,
        operation="addUserToGroupV1",
        wire=V1,
        contract="3",
        summary="Add user to group",
        permission=Permission.WRITE_GROUPS,
        handler=add_member,
        writes=True,
        body=NewMemberBody,
        answer=MessageBody,
        deprecation=DEPRECATED,
        example=Example(path={"groupId": OTHER_GROUP}),
    ),
    Route(
        method="DELETE",
        path=_MEMBERSHIPS + "/{accountId}",
        operation="removeUserFromGroupV1",
        wire=V1,
        contract="3",
        summary="Remove user from group",
        permission=Permission.WRITE_GROUPS,
        handler=remove_member,
        writes=True,
        answer=MessageBody,
        deprecation=DEPRECATED,
        example=Example(path={"accountId": OTHER_MEMBER}),
    ),
)
