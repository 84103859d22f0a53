"""Users, their roles and their way in and out of a directory (contract 4)."""

from collections.abc import Sequence
from typing import Any, TypedDict, Unpack

import msgspec

from guildhall.client.answers import data, nothing, page, whole
from guildhall.client.calls import V2, Call, fields, reading, sort_order, writing
from guildhall.client.paging import Page
from guildhall.client.records import ItemLinks, Record
from guildhall.client.subjects import S, Subject, operation, walking
from guildhall.client.v2.groups import Count


class UserCounts(Record, frozen=True):
    """The counts of a user."""

    resources: int | None = None


class ProductAccess(Record, frozen=True):
    """A product that a user can use, and when that was last done."""

    key: str | None = None
    id: str | None = None
    last_active_timestamp: str | None = None


class UserGroup(Record, frozen=True):
    """A group of a user."""

    id: str
    name: str | None = None
    description: str | None = None


class User(Record, frozen=True):
    """A user in one directory; the last four members are there only where asked for."""

    account_id: str
    account_type: str | None = None
    status: str | None = None
    account_status: str | None = None
    membership_status: str | None = None
    added_to_org: str | None = None
    name: str | None = None
    nickname: str | None = None
    email: str | None = None
    email_verified: bool | None = None
    claim_status: str | None = None
    picture: str | None = None
    avatar: str | None = None
    management_source: str | None = None
    mfa_enabled: bool | None = None
    job_title: str | None = None
    department: str | None = None
    organization: str | None = None
    location: str | None = None
    time_zone: str | None = None
    deactivated_on: str | None = None
    links: ItemLinks | None = None
    platform_roles: tuple[str, ...] | None = None
    counts: UserCounts | None = None
    product_access: tuple[ProductAccess, ...] | None = None
    groups: tuple[UserGroup, ...] | None = None


class RoleCount(Record, frozen=True):
    """How many users have a role; servers call it `roleId`, or `role`."""

    count: int
    role_id: str = ""
    role: str = ""

    def __post_init__(self) -> None:
        name = self.role_id or self.role
        msgspec.structs.force_setattr(self, "role_id", name)
        msgspec.structs.force_setattr(self, "role", name)


class StatusCount(Record, frozen=True):
    """How many accounts have a status."""

    status: str
    count: int


class UserStats(Record, frozen=True):
    """Users by role and by account status."""

    roles: tuple[RoleCount, ...] = ()
    account_status: tuple[StatusCount, ...] = ()


class HeldRole(Record, frozen=True):
    """A role that a user has, `direct` or `group_direct`."""

    role: str
    role_assignment_methods: tuple[str, ...] = ()


class UserRoleAssignment(Record, frozen=True):
    """The roles that a user has on one resource."""

    resource_id: str
    resource_owner: str | None = None
    directory_id: str | None = None
    user_directory_status: str | None = None
    role_assignments: tuple[HeldRole, ...] = ()
    roles: tuple[str, ...] = ()


class PermissionRule(Record, frozen=True):
    """A role on a resource that an invited user shall have."""

    resource: str
    role: str


class GroupAssignmentResult(Record, frozen=True):
    """Whether an invited user is in a group: `INVITED` or `ERROR`."""

    group: str | None = None
    status: str | None = None
    status_reason: str | None = None


class RoleAssignmentResult(Record, frozen=True):
    """Whether an invited user has a role: `INVITED` or `ERROR`."""

    resource: str | None = None
    role: str | None = None
    status: str | None = None
    status_reason: str | None = None


class InvitationResult(Record, frozen=True):
    """What came of the roles and groups of an invitation."""

    role_assignment_result: tuple[RoleAssignmentResult, ...] = ()
    group_assignment_result: tuple[GroupAssignmentResult, ...] = ()


class InvitedUser(Record, frozen=True):
    """A user who was invited."""

    id: str | None = None
    email: str | None = None
    results: tuple[InvitationResult, ...] = ()


class UserFilters(TypedDict, total=False):
    """Which users; roles and resources mean what a user effectively has."""

    directory_ids: Sequence[str]
    account_ids: Sequence[str]
    group_ids: Sequence[str]
    resource_ids: Sequence[str]
    role_ids: Sequence[str]
    status: Sequence[str]
    account_status: Sequence[str]
    membership_status: Sequence[str]
    claim_status: Sequence[str]
    mfa_enabled: bool | None
    search_term: str | None
    emails: Sequence[str]
    email_domains: Sequence[str]


class UserListing(UserFilters, total=False):
    """Get a page of users; `sort_by` is `name` or `nick_name`, with `-` before it backwards."""

    sort_by: str | None
    cursor: str | None
    limit: int | None


class UserSearch(UserFilters, total=False):
    """A search: `expand` of `platformRoles`, `counts.resources`, `productAccess` and `groups`."""

    expand: Sequence[str]
    sort_by: str | None
    cursor: str | None
    limit: int | None


class UserRoleListing(TypedDict, total=False):
    """Which role assignments of a user."""

    directory_ids: Sequence[str]
    resource_owners: Sequence[str]
    resource_ids: Sequence[str]
    role_ids: Sequence[str]
    cursor: str | None
    limit: int | None


class Invitation(TypedDict, total=False):
    """What invited users get: `additional_groups` are group ids."""

    permission_rules: Sequence[PermissionRule]
    additional_groups: Sequence[str]
    send_notification: bool | None
    notification_text: str | None


class Users(Subject[S]):
    """Users of version 2. Without `directory_id`, reads cover all directories."""

    def _list(self, directory_id: str | None = None, **query: Unpack[UserListing]) -> Call[Page[User]]:
        """Get a page of users."""
        given = _sorted(fields(UserListing, query))
        return Call(method="GET", path=(*reading(directory_id), "users"), query=given, decode=page(User))

    list = operation(_list)
    list_all = walking(_list)

    def _search(self, directory_id: str | None = None, **query: Unpack[UserSearch]) -> Call[Page[User]]:
        """Get a page of users; `search_term` excludes `emails`."""
        body = _sorted(fields(UserSearch, query))
        path = (*reading(directory_id), "users", "search")
        return Call(method="POST", path=path, body=body, decode=page(User))

    search = operation(_search)
    search_all = walking(_search)

    @operation
    def count(self, directory_id: str | None = None, **filters: Unpack[UserFilters]) -> Call[Count]:
        """Count the users that match."""
        path = (*reading(directory_id), "users", "count")
        return Call(method="GET", path=path, query=fields(UserFilters, filters), decode=whole(Count))

    @operation
    def stats(self, directory_id: str | None = None, **filters: Unpack[UserFilters]) -> Call[UserStats]:
        """Get the numbers of users by role and by account status."""
        path = (*reading(directory_id), "users", "stats")
        return Call(method="GET", path=path, query=fields(UserFilters, filters), decode=whole(UserStats))

    @operation
    def get(self, account_id: str, *, directory_id: str | None = None) -> Call[User]:
        """Get one user."""
        return Call(method="GET", path=(*reading(directory_id), "users", account_id), decode=data(User))

    def _role_assignments(
        self, account_id: str, *, directory_id: str | None = None, **query: Unpack[UserRoleListing]
    ) -> Call[Page[UserRoleAssignment]]:
        """Get a page of what a user may do, one row for each resource."""
        path = (*reading(directory_id), "users", account_id, "role-assignments")
        given = fields(UserRoleListing, query)
        return Call(method="GET", path=path, query=given, decode=page(UserRoleAssignment))

    role_assignments = operation(_role_assignments)
    all_role_assignments = walking(_role_assignments)

    @operation
    def suspend(self, account_id: str, *, directory_id: str | None = None) -> Call[None]:
        """Suspend a user, who keeps memberships and frees seats."""
        path = (*writing(directory_id), "users", account_id, "suspend")
        return Call(method="POST", path=path, decode=nothing)

    @operation
    def restore(self, account_id: str, *, directory_id: str | None = None) -> Call[None]:
        """Let a suspended user in again."""
        path = (*writing(directory_id), "users", account_id, "restore")
        return Call(method="POST", path=path, decode=nothing)

    @operation
    def remove(self, account_id: str, *, directory_id: str | None = None) -> Call[None]:
        """Take a user out of a directory, memberships included."""
        path = (*writing(directory_id), "users", account_id)
        return Call(method="DELETE", path=path, decode=nothing, settled_by=_USER_GONE)

    @operation
    def invite(
        self, emails: Sequence[str], **invitation: Unpack[Invitation]
    ) -> Call[tuple[InvitedUser, ...]]:
        """Invite users by e-mail. Never repeated after a broken connection."""
        body = {"emails": emails, **fields(Invitation, invitation)}
        path = (*V2, "users", "invite")
        return Call(
            method="POST", path=path, body=body, decode=data(tuple[InvitedUser, ...]), idempotent=False
        )


def _sorted(given: dict[str, Any]) -> dict[str, Any]:
    return {**given, "sortBy": sort_order(given["sortBy"])} if given.get("sortBy") else given


_USER_GONE = frozenset({"ADMIN-UAM-404-1"})
