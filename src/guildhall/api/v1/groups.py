"""Groups, version 1: search, create and delete (contract 3)."""

import itertools
from collections.abc import Sequence
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from guildhall.api.v1.errors import DEPRECATED, V1
from guildhall.api.v1.paging import TokenPageBody, token_page_response
from guildhall.api.v1.schemas import DEFAULT_LIMIT, Cursor, Flag, Limit, MessageBody, NamePart, Names, UUIDs
from guildhall.http.docs.examples import OLD_GROUPS, Example
from guildhall.http.request import Request
from guildhall.http.response import Response, json_response
from guildhall.http.routing import Route
from guildhall.model.filters import GroupCriteria, GroupView
from guildhall.model.groups import MANAGED_BY_WORDS, Group
from guildhall.model.ids import ANY_DIRECTORY
from guildhall.model.memberships import Member
from guildhall.model.paging import Window
from guildhall.model.permissions import Permission
from guildhall.model.role_assignments import GroupRole
from guildhall.operations import groups as rules
from guildhall.operations.authorize import management_access
from guildhall.operations.lists.filters import resolve_group_criteria
from guildhall.operations.memberships import list_first_members
from guildhall.operations.role_assignments import list_roles_of_groups
from guildhall.store.database import Transaction

_GROUPS = "/v1/orgs/{orgId}/directory/groups"

MEMBERS_SHOWN = 100
"""Members of each group that `USERS` shows."""

Expansion = Literal["USERS", "META", "ROLE_ASSIGNMENTS", "MANAGEMENT_ACCESS"]


class GroupNames(msgspec.Struct, frozen=True):
    """Names to search for; both given are joined by AND (contract 8)."""

    eq: Names | None = None
    contains: NamePart | None = None


class GroupSearchBody(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """The body of a search for groups."""

    group_ids: UUIDs | None = None
    group_names: GroupNames | None = None
    cursor: Cursor | None = None
    limit: Limit = DEFAULT_LIMIT
    expand: tuple[Expansion, ...] = ()


class UserBody(msgspec.Struct, frozen=True, rename="camel"):
    """A member of a found group."""

    account_id: str
    name: str
    email: str


class GroupRoleBody(msgspec.Struct, frozen=True, rename="camel"):
    """A role of a found group, which is the principal."""

    resource_id: str
    principal_id: str
    role_id: str


class AccessBody(msgspec.Struct, frozen=True):
    """What the key that asks may do with the group."""

    deletable: bool
    modifiable: bool
    readable: bool


class MetaBody(msgspec.Struct, frozen=True, rename="camel"):
    """Where a found group is and who manages it."""

    directory_id: str
    external_synced: bool
    managed_by: Literal["external", "admins", "team-members", "open"]


class FoundGroupBody(msgspec.Struct, frozen=True, rename="camel"):
    """A found group; of the members below the description only those that were expanded are there."""

    id: str
    name: str
    description: str
    users: list[UserBody] | UnsetType = UNSET
    users_total: int | UnsetType = UNSET
    role_assignments: list[GroupRoleBody] | UnsetType = UNSET
    management_access: AccessBody | UnsetType = UNSET
    meta: MetaBody | UnsetType = UNSET


class NewGroupBody(msgspec.Struct, frozen=True):
    """What a group is created with."""

    name: str
    description: str | None = None


class CreatedBody(MessageBody, frozen=True, rename="camel"):
    """What is said of a new group."""

    group_id: str


class DeleteGroupQuery(msgspec.Struct, frozen=True, rename="camel"):
    """Whether a group goes even when it has members."""

    force_if_not_empty: Flag = False


class SearchToken(msgspec.Struct, frozen=True, array_like=True):
    """What a cursor of a search carries.

    Keys of groups travel as the steps between them: a hundred names in many directories stay short.
    """

    view: GroupView
    steps: tuple[int, ...] | None
    expand: tuple[Expansion, ...]
    window: Window

    @classmethod
    def of(cls, view: GroupView, expand: tuple[Expansion, ...], window: Window) -> "SearchToken":
        """Return the token of a page."""
        keys = view.filter.groups
        steps = None
        if keys is not None:
            ordered = sorted(keys)
            steps = tuple(key - before for before, key in itertools.pairwise((0, *ordered)))
        bare = msgspec.structs.replace(view.filter, groups=None)
        return cls(msgspec.structs.replace(view, filter=bare), steps, expand, window)

    def whole_view(self) -> GroupView:
        """Return the view with the groups that the steps lead to."""
        if self.steps is None:
            return self.view
        whole = msgspec.structs.replace(self.view.filter, groups=tuple(itertools.accumulate(self.steps)))
        return msgspec.structs.replace(self.view, filter=whole)


class _Expanded(msgspec.Struct):
    """What was read beside the groups of a page, by the group's key; None where it was not asked for."""

    users: dict[int, list[Member]] | None
    roles: dict[int, list[GroupRole]] | None


async def search_groups(tx: Transaction, request: Request) -> Response:
    """Search for groups within an organization."""
    token = await _token(tx, request)
    view = token.whole_view()
    page = await rules.list_groups(tx, request.caller, view, token.window)
    expanded = await _expand(tx, request, token.expand, page.items)
    return token_page_response(
        request,
        page,
        lambda window: SearchToken.of(view, token.expand, window),
        lambda group: _body(request, group, token.expand, expanded),
    )


async def _token(tx: Transaction, request: Request) -> SearchToken:
    body: GroupSearchBody = request.body
    if body.cursor is not None:
        return request.read_page_token(body.cursor, SearchToken)
    names = body.group_names or GroupNames()
    criteria = GroupCriteria(
        ANY_DIRECTORY, group_ids=body.group_ids, group_names=names.eq, search_term=names.contains or None
    )
    view = GroupView(await resolve_group_criteria(tx, request.caller, criteria))
    return SearchToken.of(view, body.expand, Window(body.limit))


async def _expand(
    tx: Transaction, request: Request, expand: tuple[Expansion, ...], found: Sequence[Group]
) -> _Expanded:
    """Read what was asked for: members group by group, since each list ends early, roles at once."""
    expanded = _Expanded(None, None)
    if "USERS" in expand:
        expanded.users = {
            group.group_key: await list_first_members(tx, request.caller, group, MEMBERS_SHOWN)
            for group in found
        }
    if "ROLE_ASSIGNMENTS" in expand:
        expanded.roles = await list_roles_of_groups(tx, request.caller, found)
    return expanded


def _body(
    request: Request, group: Group, expand: tuple[Expansion, ...], expanded: _Expanded
) -> FoundGroupBody:
    users, roles = expanded.users, expanded.roles
    return FoundGroupBody(
        group.id,
        group.name,
        group.description or "",
        UNSET if users is None else [_user_body(member) for member in users[group.group_key]],
        UNSET if users is None else group.users,
        UNSET if roles is None else [_role_body(group, role) for role in roles.get(group.group_key, ())],
        _access_body(request, group) if "MANAGEMENT_ACCESS" in expand else UNSET,
        _meta_body(group) if "META" in expand else UNSET,
    )


def _user_body(member: Member) -> UserBody:
    return UserBody(member.account_id, member.name, member.email)


def _role_body(group: Group, role: GroupRole) -> GroupRoleBody:
    return GroupRoleBody(role.resource_id, group.id, role.role_id)


def _access_body(request: Request, group: Group) -> AccessBody:
    access = management_access(request.caller, group)
    return AccessBody(access.deletable, access.modifiable, access.readable)


def _meta_body(group: Group) -> MetaBody:
    managed_by = MANAGED_BY_WORDS[group.managed_by]
    return MetaBody(group.directory_id, bool(group.synced), managed_by)  # type: ignore[arg-type]


async def create_group(tx: Transaction, request: Request) -> Response:
    """Create group."""
    new = rules.NewGroup(request.body.name, request.body.description)
    group = await rules.create_group(tx, request.caller, None, new)
    return json_response(CreatedBody(f"Group {group.name} was created", group.id))


async def delete_group(tx: Transaction, request: Request) -> Response:
    """Delete group."""
    group = await rules.delete_group(
        tx, request.caller, None, request.parameters["groupId"], force=request.query.force_if_not_empty
    )
    return json_response(MessageBody(f"Group {group.id} was removed"))


ROUTES = (
    Route(
        method="POST",
        path="/v1/orgs/{orgId}/groups/search",
        operation="searchGroupsV1",
        wire=V1,
        contract="3",
        summary="Search for groups within an organization",
        permission=Permission.READ_GROUPS,
        handler=search_groups,
        body=GroupSearchBody,
        body_required=False,
        answer=TokenPageBody[FoundGroupBody],
        deprecation=DEPRECATED,
    ),
    Route(
        method="POST",
        path=_GROUPS,
        operation="createGroupV1",
        wire=V1,
        contract="3",
        summary="Create group",
        permission=Permission.WRITE_GROUPS,
        handler=create_group,
        writes=True,
        body=NewGroupBody,
        answer=CreatedBody,
        deprecation=DEPRECATED,
        example=Example(body={"name": "release-notes", "description": "Who writes them"}),
    ),
    Route(
        method="DELETE",
        path=_GROUPS + "/{groupId}",
        operation="deleteGroupV1",
        wire=V1,
        contract="3",
        summary="Delete group",
        permission=Permission.WRITE_GROUPS,
        handler=delete_group,
        writes=True,
        query=DeleteGroupQuery,
        answer=MessageBody,
        deprecation=DEPRECATED,
        example=Example(path={"groupId": OLD_GROUPS[1]}),
    ),
)
