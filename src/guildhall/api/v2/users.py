"""Users, version 2: lists, one user, and a user's roles (contract 4)."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from guildhall.api.v2.errors import DEPRECATED_LISTS, V2
from guildhall.api.v2.paging import DataBody, PageBody, page_response
from guildhall.api.v2.schemas import (
    DEFAULT_LIMIT,
    AccountIds,
    Cursor,
    CursorQuery,
    Flag,
    Limit,
    Owners,
    ResourceIds,
    RoleIds,
    SearchTerm,
    UUIDs,
)
from guildhall.api.v2.user_bodies import (
    UserBody,
    UserCountBody,
    UserRolesBody,
    UserStatsBody,
    one_user_expansions,
    user_body,
    user_roles_body,
    user_stats_body,
)
from guildhall.http.docs.examples import Example
from guildhall.http.request import Request
from guildhall.http.response import Response, json_response
from guildhall.http.routing import Route
from guildhall.model.filters import AssignmentCriteria, AssignmentFilter
from guildhall.model.paging import Page, Window
from guildhall.model.permissions import Permission
from guildhall.model.user_lists import (
    Expansion,
    UserCriteria,
    UserFilter,
    UserRow,
    UserSort,
    UserView,
    order_of,
)
from guildhall.operations.lists import user_details as details
from guildhall.operations.lists import user_lists as rules
from guildhall.operations.lists.filters import resolve_assignment_criteria
from guildhall.store.database import Transaction

_USERS = "/v2/orgs/{orgId}/directories/{directoryId}/users"
_USER = _USERS + "/{accountId}"
_SEARCH_LIMIT = 50
_MOST_WORDS = Meta(min_length=1, max_length=10)

StatusWord = Annotated[
    Literal["active", "suspended", "not_invited", "deactivated", "for_deletion"],
    Meta(description="One of active, suspended, not_invited, deactivated, for_deletion."),
]
AccountStatusWord = Annotated[
    Literal["active", "inactive", "closed"], Meta(description="One of active, inactive, closed.")
]
MembershipStatusWord = Annotated[
    Literal["active", "suspended", "no_membership"],
    Meta(description="One of active, suspended, no_membership."),
]
ClaimStatusWord = Annotated[Literal["managed", "unmanaged"], Meta(description="One of managed, unmanaged.")]
Statuses = Annotated[tuple[StatusWord, ...], _MOST_WORDS]
AccountStatuses = Annotated[tuple[AccountStatusWord, ...], _MOST_WORDS]
MembershipStatuses = Annotated[tuple[MembershipStatusWord, ...], _MOST_WORDS]
ClaimStatuses = Annotated[tuple[ClaimStatusWord, ...], _MOST_WORDS]
Email = Annotated[str, Meta(min_length=1, max_length=320, description="An e-mail address.")]
Emails = Annotated[tuple[Email, ...], _MOST_WORDS]
Domain = Annotated[str, Meta(min_length=1, max_length=255, description="What stands behind the @.")]
Domains = Annotated[tuple[Domain, ...], _MOST_WORDS]


class UserFilters(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """The filters of users that a query and a body write alike."""

    directory_ids: UUIDs | None = None
    account_ids: AccountIds | None = None
    group_ids: UUIDs | None = None
    resource_ids: ResourceIds | None = None
    role_ids: RoleIds | None = None
    mfa_enabled: Flag | None = None
    search_term: SearchTerm | None = None
    emails: Emails | None = None
    email_domains: Domains | None = None


class UserFilterQuery(UserFilters, frozen=True, rename="camel", kw_only=True):
    """The filters of users as parameters."""

    status: Statuses | None = None
    account_status: AccountStatuses | None = None
    membership_status: MembershipStatuses | None = None
    claim_status: ClaimStatuses | None = None


class UserNameSort(msgspec.Struct, frozen=True):
    """An order by name, or by nickname where one is known."""

    field: Literal["nick_name", "name"]
    direction: Literal["asc", "desc"] = "asc"


class UserListQuery(UserFilterQuery, frozen=True, rename="camel", kw_only=True):
    """The parameters of the list of users."""

    cursor: Cursor | None = None
    limit: Limit = DEFAULT_LIMIT
    sort_by: UserNameSort | None = None


class UserSearchBody(UserFilters, frozen=True, rename="camel", kw_only=True):
    """The body of a search for users; a single word may stand for an array of one."""

    status: Statuses | StatusWord | None = None
    account_status: AccountStatuses | AccountStatusWord | None = None
    membership_status: MembershipStatuses | MembershipStatusWord | None = None
    claim_status: ClaimStatuses | ClaimStatusWord | None = None
    expand: tuple[Expansion, ...] = ()
    sort_by: (
        Annotated[
            UserNameSort | Annotated[list[UserNameSort], Meta(max_length=1)],
            Meta(description="One object: field nick_name or name, direction asc or desc."),
        ]
        | None
    ) = None
    cursor: Cursor | None = None
    limit: Limit = _SEARCH_LIMIT


class UserRolesQuery(CursorQuery, frozen=True, rename="camel", kw_only=True):
    """The parameters of the list of a user's roles."""

    directory_ids: UUIDs | None = None
    resource_owners: Owners | None = None
    resource_ids: ResourceIds | None = None
    role_ids: RoleIds | None = None


class UsersToken(msgspec.Struct, frozen=True, array_like=True):
    """What a cursor of a list of users carries."""

    view: UserView
    expand: tuple[Expansion, ...]
    window: Window

    def at(self, window: Window) -> "UsersToken":
        """Return the token of another page of the same list."""
        return UsersToken(self.view, self.expand, window)


class UserRolesToken(msgspec.Struct, frozen=True, array_like=True):
    """What a cursor of a list of a user's roles carries."""

    filter: AssignmentFilter
    window: Window

    def at(self, window: Window) -> "UserRolesToken":
        """Return the token of another page of the same list."""
        return UserRolesToken(self.filter, window)


async def get_users(tx: Transaction, request: Request) -> Response:
    """Get users in a directory."""
    query: UserListQuery = request.query
    if query.cursor is not None:
        return await _page(tx, request, request.read_page_token(query.cursor, UsersToken))
    chosen = await rules.resolve_first_page(tx, request.caller, _criteria(request, query))
    window = Window(query.limit)
    view, page = await rules.begin_list(tx, request.caller, _view(chosen, query.sort_by), window)
    return await _response(tx, request, page, UsersToken(view, (), window))


async def search_users(tx: Transaction, request: Request) -> Response:
    """Search for users."""
    body: UserSearchBody = request.body
    if body.cursor is not None:
        return await _page(tx, request, request.read_page_token(body.cursor, UsersToken))
    sort = next(iter(body.sort_by), None) if isinstance(body.sort_by, list) else body.sort_by
    chosen = await _resolve(tx, request, body)
    return await _page(tx, request, UsersToken(_view(chosen, sort), body.expand, Window(body.limit)))


def _view(chosen: UserFilter, sort: UserNameSort | None) -> UserView:
    if sort is None:
        return UserView(chosen, order_of(chosen))
    field = UserSort.NAME if sort.field == "name" else UserSort.NICKNAME
    return UserView(chosen, field, descending=sort.direction == "desc")


async def _resolve(tx: Transaction, request: Request, given: UserFilterQuery | UserSearchBody) -> UserFilter:
    criteria = _criteria(request, given)
    return await rules.resolve_user_criteria(tx, request.caller, criteria)


def _criteria(request: Request, given: UserFilterQuery | UserSearchBody) -> UserCriteria:
    return UserCriteria(
        directory_id=request.parameters["directoryId"],
        directory_ids=given.directory_ids,
        account_ids=given.account_ids,
        group_ids=given.group_ids,
        resource_ids=given.resource_ids,
        role_ids=given.role_ids,
        statuses=_words(given.status),
        account_statuses=_words(given.account_status),
        membership_statuses=_words(given.membership_status),
        claim_statuses=_words(given.claim_status),
        mfa_enabled=given.mfa_enabled,
        search_term=given.search_term,
        emails=given.emails,
        email_domains=given.email_domains,
    )


def _words(given: tuple[str, ...] | str | None) -> tuple[str, ...] | None:
    return (given,) if isinstance(given, str) else given


async def _page(tx: Transaction, request: Request, token: UsersToken) -> Response:
    page = await rules.list_user_rows(tx, request.caller, token.view, token.window)
    return await _response(tx, request, page, token)


async def _response(tx: Transaction, request: Request, page: Page[UserRow], token: UsersToken) -> Response:
    users = await details.with_details(tx, request.caller, page.items, token.expand)
    shown = Page(users, page.this, page.previous, page.next)
    return page_response(request, shown, token.at, lambda user: user_body(request, user, token.expand))


async def get_user_count(tx: Transaction, request: Request) -> Response:
    """Get the count of users in a directory."""
    chosen = await _resolve(tx, request, request.query)
    return json_response(UserCountBody(await rules.count_users(tx, request.caller, chosen)))


async def get_user_stats(tx: Transaction, request: Request) -> Response:
    """Get user stats."""
    chosen = await _resolve(tx, request, request.query)
    return json_response(user_stats_body(await rules.get_user_stats(tx, request.caller, chosen)))


async def get_user(tx: Transaction, request: Request) -> Response:
    """Get user details."""
    directory_id, account_id = request.parameters["directoryId"], request.parameters["accountId"]
    row = await details.get_user_row(tx, request.caller, directory_id, account_id)
    expand = one_user_expansions()
    users = await details.with_details(tx, request.caller, [row], expand)
    return json_response(DataBody(user_body(request, users[0], expand)))


async def get_user_role_assignments(tx: Transaction, request: Request) -> Response:
    """Get user role assignments."""
    directory_id, account_id = request.parameters["directoryId"], request.parameters["accountId"]
    token = await _roles_token(tx, request)
    place = await details.get_user_directory(
        tx, request.caller, directory_id, account_id, token.filter.directories
    )
    page = await details.list_user_roles(tx, request.caller, place, token.filter, token.window)
    return page_response(
        request, page, token.at, lambda access: user_roles_body(access, place.directory_id, place.status)
    )


async def _roles_token(tx: Transaction, request: Request) -> UserRolesToken:
    query: UserRolesQuery = request.query
    if query.cursor is not None:
        return request.read_page_token(query.cursor, UserRolesToken)
    criteria = AssignmentCriteria(
        query.directory_ids, query.resource_owners, query.resource_ids, query.role_ids
    )
    resolved = await resolve_assignment_criteria(tx, request.caller, criteria)
    return UserRolesToken(resolved, Window(query.limit))


ROUTES = (
    Route(
        method="GET",
        path=_USERS,
        operation="getUsers",
        wire=V2,
        contract="4",
        summary="Get users in a directory",
        permission=Permission.READ_DIRECTORIES,
        handler=get_users,
        query=UserListQuery,
        answer=PageBody[UserBody],
        deprecation=DEPRECATED_LISTS,
    ),
    Route(
        method="POST",
        path=_USERS + "/search",
        operation="searchUsers",
        wire=V2,
        contract="4",
        summary="Search for users",
        permission=Permission.READ_DIRECTORIES,
        handler=search_users,
        body=UserSearchBody,
        body_required=False,
        answer=PageBody[UserBody],
        example=Example(body={"searchTerm": "ada", "limit": 5}),
    ),
    Route(
        method="GET",
        path=_USERS + "/count",
        operation="getUserCount",
        wire=V2,
        contract="4",
        summary="Get the count of users in a directory",
        permission=Permission.READ_DIRECTORIES,
        handler=get_user_count,
        query=UserFilterQuery,
        answer=UserCountBody,
    ),
    Route(
        method="GET",
        path=_USERS + "/stats",
        operation="getUserStats",
        wire=V2,
        contract="4",
        summary="Get user stats",
        permission=Permission.READ_DIRECTORIES,
        handler=get_user_stats,
        query=UserFilterQuery,
        answer=UserStatsBody,
    ),
    Route(
        method="GET",
        path=_USER,
        operation="getUser",
        wire=V2,
        contract="4",
        summary="Get user details",
        permission=Permission.READ_DIRECTORIES,
        handler=get_user,
        answer=DataBody[UserBody],
    ),
    Route(
        method="GET",
        path=_USER + "/role-assignments",
        operation="getUserRoleAssignments",
        wire=V2,
        contract="4",
        summary="Get user role assignments",
        permission=Permission.READ_DIRECTORIES,
        handler=get_user_role_assignments,
        query=UserRolesQuery,
        answer=PageBody[UserRolesBody],
    ),
)
