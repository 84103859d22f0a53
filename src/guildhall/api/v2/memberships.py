"""Members of groups, version 2 (contract 2.8, 2.9, 2.12)."""

import msgspec

from guildhall.api.v2.errors import V2
from guildhall.api.v2.paging import ItemLinks, PageBody, page_response
from guildhall.api.v2.schemas import AccountId, Cursor, MemberLimit
from guildhall.http.request import Request
from guildhall.http.response import Response, empty_response
from guildhall.http.routing import Route
from guildhall.model.memberships import Member
from guildhall.model.paging import Window
from guildhall.model.permissions import Permission
from guildhall.model.times import to_text
from guildhall.model.users import USER_STATUS_WORDS
from guildhall.operations import memberships as rules
from guildhall.store.database import Transaction

_MEMBERSHIPS = "/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}/memberships"
_DEFAULT_LIMIT = 100


class NewMemberBody(msgspec.Struct, frozen=True, rename="camel"):
    """Who is to join the group."""

    account_id: AccountId


class MemberBody(msgspec.Struct, frozen=True, rename="camel"):
    """A member of a group."""

    account_id: str
    name: str
    email: str
    status: str
    added_at: str
    links: ItemLinks


class MemberListQuery(msgspec.Struct, frozen=True):
    """The parameters of the list of members."""

    cursor: Cursor | None = None
    limit: MemberLimit = _DEFAULT_LIMIT


class MembersToken(msgspec.Struct, frozen=True, array_like=True):
    """What a cursor of a list of members carries."""

    window: Window


async def get_members(tx: Transaction, request: Request) -> Response:
    """Get the members of a group."""
    window = Window(request.query.limit)
    if request.query.cursor is not None:
        window = request.read_page_token(request.query.cursor, MembersToken).window
    directory_id, group_id = request.parameters["directoryId"], request.parameters["groupId"]
    page = await rules.list_members(tx, request.caller, directory_id, group_id, window)
    return page_response(request, page, MembersToken, lambda member: _body(request, member))


def _body(request: Request, member: Member) -> MemberBody:
    links = ItemLinks(request.item_token("member", request.parameters["groupId"], member.account_id))
    status = USER_STATUS_WORDS[member.status]
    return MemberBody(member.account_id, member.name, member.email, status, to_text(member.added_at), links)


async def add_member(tx: Transaction, request: Request) -> Response:
    """Add user to group."""
    directory_id, group_id = request.parameters["directoryId"], request.parameters["groupId"]
    await rules.add_member(tx, request.caller, directory_id, group_id, request.body.account_id)
    return empty_response(204)


async def remove_member(tx: Transaction, request: Request) -> Response:
    """Remove user from group."""
    directory_id, group_id = request.parameters["directoryId"], request.parameters["groupId"]
    await rules.remove_member(tx, request.caller, directory_id, group_id, request.parameters["accountId"])
    return empty_response(204)


ROUTES = (
    Route(
        method="GET",
        path=_MEMBERSHIPS,
        operation="getGroupMembers",
        wire=V2,
        contract="2.12",
        summary="Get the members of a group",
        permission=Permission.READ_DIRECTORIES,
        handler=get_members,
        query=MemberListQuery,
        answer=PageBody[MemberBody],
    ),
    Route(
        method="POST",
        path=_MEMBERSHIPS,
        operation="addUserToGroup",
        wire=V2,
        contract="2.8",
        summary="Add user to group",
        permission=Permission.WRITE_GROUPS,
        handler=add_member,
        writes=True,
        body=NewMemberBody,
        status=204,
    ),
    Route(
        method="DELETE",
        path=_MEMBERSHIPS + "/{accountId}",
        operation="removeUserFromGroup",
        wire=V2,
        summary="Remove user from group",
        permission=Permission.WRITE_GROUPS,
        handler=remove_member,
        writes=True,
        status=204,
        stray='"',
        contract="2.9",
    ),
)
