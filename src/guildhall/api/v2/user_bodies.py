"""Users as version 2 shows them (contract 4)."""

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from guildhall.api.v2.paging import ItemLinks
from guildhall.http.request import Request
from guildhall.http.response import known
from guildhall.model.roles import PLATFORM
from guildhall.model.times import to_text
from guildhall.model.user_lists import (
    Expansion,
    ResourceAccess,
    UserDetails,
    UserGroup,
    UserStats,
    account_status,
    membership_status,
)
from guildhall.model.users import (
    CLAIM_STATUS_WORDS,
    MANAGEMENT_SOURCE_WORDS,
    USER_STATUS_WORDS,
    Profile,
)

_ONE_USER = frozenset({Expansion.PLATFORM_ROLES, Expansion.RESOURCE_COUNT, Expansion.PRODUCT_ACCESS})


class UserCounts(msgspec.Struct, frozen=True):
    """The counts of a user."""

    resources: int


class ProductAccessBody(msgspec.Struct, frozen=True, rename="camel"):
    """A product that a user holds a role on, and when the user was last active there."""

    key: str
    id: str
    last_active_timestamp: str | UnsetType = UNSET


class UserGroupBody(msgspec.Struct, frozen=True):
    """A group of a user."""

    id: str
    name: str
    description: str


class UserBody(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A user in one directory; unknown values are null or absent, each as contract 4 says.

    The four members before the links stand only where they were asked for. When an account was deactivated
    is not recorded.
    """

    account_id: str
    account_type: Literal["atlassian"] = "atlassian"
    status: str
    account_status: str
    membership_status: str
    added_to_org: str
    name: str
    nickname: str | UnsetType = UNSET
    email: str
    email_verified: bool | UnsetType = UNSET
    claim_status: str
    picture: str | UnsetType = UNSET
    avatar: str | UnsetType = UNSET
    management_source: str | None
    mfa_enabled: bool
    job_title: str | UnsetType = UNSET
    department: str | None
    organization: str | None
    location: str | None
    time_zone: str | None
    deactivated_on: None = None
    platform_roles: list[str] | UnsetType = UNSET
    counts: UserCounts | UnsetType = UNSET
    product_access: list[ProductAccessBody] | UnsetType = UNSET
    groups: list[UserGroupBody] | UnsetType = UNSET
    links: ItemLinks


class UserCountBody(msgspec.Struct, frozen=True):
    """How many users match."""

    count: int


class RoleCountBody(msgspec.Struct, frozen=True, rename="camel"):
    """How many users hold one role."""

    role_id: str
    count: int


class StatusCountBody(msgspec.Struct, frozen=True):
    """How many users have one account status."""

    status: str
    count: int


class UserStatsBody(msgspec.Struct, frozen=True, rename="camel"):
    """The statistics of users: every role of the catalogue, every account status."""

    roles: list[RoleCountBody]
    account_status: list[StatusCountBody]


class HeldRoleBody(msgspec.Struct, frozen=True, rename="camel"):
    """A role, and whether it is held directly, through groups, or both."""

    role: str
    role_assignment_methods: list[str]


class UserRolesBody(msgspec.Struct, frozen=True, rename="camel"):
    """All roles of a user on one resource; the organization's own belongs to no directory (contract 4)."""

    resource_id: str
    resource_owner: str
    directory_id: str | None
    user_directory_status: str | None
    role_assignments: list[HeldRoleBody]
    roles: list[str]


def user_body(request: Request, user: UserDetails, expand: tuple[Expansion, ...]) -> UserBody:
    """Return a user with what was asked for."""
    row, profile, access = user.row, user.row.details, user.access or ()
    return UserBody(
        account_id=row.account_id,
        status=USER_STATUS_WORDS[row.status],
        account_status=account_status(row.status, row.closed),
        membership_status=membership_status(row.status),
        added_to_org=to_text(row.added_at),
        name=row.name,
        nickname=known(profile.nickname),
        email=row.email,
        email_verified=known(profile.email_verified),
        claim_status=CLAIM_STATUS_WORDS[row.claim_status],
        picture=known(profile.picture),
        avatar=known(profile.avatar),
        management_source=MANAGEMENT_SOURCE_WORDS[row.management_source],
        mfa_enabled=bool(row.mfa_enabled),
        job_title=known(profile.job_title),
        department=profile.department,
        organization=profile.organization,
        location=profile.location,
        time_zone=profile.time_zone,
        platform_roles=_platform_roles(access) if Expansion.PLATFORM_ROLES in expand else UNSET,
        counts=UserCounts(len(access)) if Expansion.RESOURCE_COUNT in expand else UNSET,
        product_access=_products(access, profile) if Expansion.PRODUCT_ACCESS in expand else UNSET,
        groups=_groups(user.groups or ()) if Expansion.GROUPS in expand else UNSET,
        links=ItemLinks(request.item_token("user", str(row.directory_key), row.account_id)),
    )


def one_user_expansions() -> tuple[Expansion, ...]:
    """Return what one user alone shows: all but the groups (contract 8)."""
    return tuple(expansion for expansion in Expansion if expansion in _ONE_USER)


def _platform_roles(access: tuple[ResourceAccess, ...]) -> list[str]:
    return sorted({role for resource in access if resource.owner == PLATFORM for role in resource.roles})


def _products(access: tuple[ResourceAccess, ...], profile: Profile) -> list[ProductAccessBody]:
    return [
        ProductAccessBody(
            resource.owner, resource.resource_id, known(profile.last_active.get(resource.resource_id))
        )
        for resource in access
        if resource.owner != PLATFORM
    ]


def _groups(groups: tuple[UserGroup, ...]) -> list[UserGroupBody]:
    return [UserGroupBody(group.group_id, group.name, group.description or "") for group in groups]


def user_stats_body(stats: UserStats) -> UserStatsBody:
    """Return the statistics, roles by id."""
    return UserStatsBody(
        [RoleCountBody(role, count) for role, count in sorted(stats.roles.items())],
        [StatusCountBody(status, count) for status, count in stats.statuses.items()],
    )


def user_roles_body(access: ResourceAccess, directory_id: str, status: int) -> UserRolesBody:
    """Return a user's roles on one resource."""
    held = [HeldRoleBody(role_id, _methods(ways)) for role_id, ways in access.roles.items()]
    return UserRolesBody(
        resource_id=access.resource_id,
        resource_owner=access.owner,
        directory_id=None if access.is_organization else directory_id,
        user_directory_status=None if access.is_organization else USER_STATUS_WORDS[status],
        role_assignments=held,
        roles=[role.role for role in held],
    )


def _methods(ways: frozenset[int]) -> list[str]:
    return ["direct" if direct else "group_direct" for direct in sorted(ways, reverse=True)]
