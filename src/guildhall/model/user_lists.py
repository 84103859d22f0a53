"""Lists of users: what they are narrowed by, how they are sorted, and what their rows hold (contract 4, 8).

A user is an account of the organization; a row is an account in one directory. The status, the way in
and the time of arrival belong to the row. Everything else belongs to the account, groups and roles
included, so that all rows of an account show the same and match the same filters of it.
"""

import enum
from collections.abc import Mapping

import msgspec

from guildhall.model.filters import Keys
from guildhall.model.users import Profile, UserStatus


class AccountStatus(enum.StrEnum):
    """Whether an account can be used."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    CLOSED = "closed"


class MembershipStatus(enum.StrEnum):
    """Whether a user has access through a directory."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    NO_MEMBERSHIP = "no_membership"


def account_status(status: int, closed: int) -> AccountStatus:
    """Return the second column of contract 8's table."""
    if status < UserStatus.DEACTIVATED:
        return AccountStatus.ACTIVE
    return AccountStatus.CLOSED if closed else AccountStatus.INACTIVE


def membership_status(status: int) -> MembershipStatus:
    """Return the third column of contract 8's table."""
    return _MEMBERSHIPS.get(status, MembershipStatus.NO_MEMBERSHIP)


_MEMBERSHIPS: Mapping[int, MembershipStatus] = {
    UserStatus.ACTIVE: MembershipStatus.ACTIVE,
    UserStatus.SUSPENDED: MembershipStatus.SUSPENDED,
}


def standing(status: int, closed: int) -> int:
    """Return one number for a status and whether the account is closed, as filters carry it."""
    return status * 2 + closed


STANDINGS = {standing(status, closed): (status, closed) for status in UserStatus for closed in (0, 1)}
"""Every standing there is."""


class UserCriteria(msgspec.Struct, frozen=True, kw_only=True):
    """Filters of users as a caller gives them; `directory_id` is that of the path, `-` for all."""

    directory_id: str
    directory_ids: tuple[str, ...] | None = None
    account_ids: tuple[str, ...] | None = None
    group_ids: tuple[str, ...] | None = None
    resource_ids: tuple[str, ...] | None = None
    role_ids: tuple[str, ...] | None = None
    statuses: tuple[str, ...] | None = None
    account_statuses: tuple[str, ...] | None = None
    membership_statuses: tuple[str, ...] | None = None
    claim_statuses: tuple[str, ...] | None = None
    mfa_enabled: bool | None = None
    search_term: str | None = None
    emails: tuple[str, ...] | None = None
    email_domains: tuple[str, ...] | None = None


class UserFilter(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """Filters of users in the store's keys, joined by AND; the values of one by OR.

    `resources` and `roles` together describe one assignment, direct or through a group (contract 8).
    `search` is a folded substring of the name or of the e-mail. `directory_id` is of a directory whose key
    is not known yet, as in `GroupFilter`.
    """

    directories: Keys | None = None
    users: Keys | None = None
    groups: Keys | None = None
    resources: Keys | None = None
    roles: Keys | None = None
    standings: Keys | None = None
    claims: Keys | None = None
    mfa: int | None = None
    domains: tuple[str, ...] | None = None
    search: str | None = None
    directory_id: str | None = None

    @property
    def matches_nothing(self) -> bool:
        """Whether some filter was given of which no value exists."""
        return () in (
            self.directories,
            self.users,
            self.groups,
            self.resources,
            self.roles,
            self.standings,
            self.domains,
        )


class UserSort(enum.IntEnum):
    """What a list of users is sorted by; the account id and the directory decide between equals."""

    ACCOUNT_ID = 0
    NAME = 1
    NICKNAME = 2
    """The name stands for a nickname that is not known."""
    KEY = 3
    """By the order in which accounts were made: that of the members of one group."""


class UserView(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """A filtered list of users in one direction of one of its orders."""

    filter: UserFilter
    sort: UserSort = UserSort.ACCOUNT_ID
    descending: bool = False


def order_of(chosen: UserFilter) -> UserSort:
    """Return the order of a list for which none is asked (contract 4: any that is total and stable).

    The members of one group stand in the order of their keys: in any other, all of them would be sorted.
    """
    of_one_group = UserFilter(directories=chosen.directories, groups=chosen.groups)
    is_of_one = chosen.groups is not None and len(chosen.groups) == 1 and chosen == of_one_group
    return UserSort.KEY if is_of_one else UserSort.ACCOUNT_ID


class UserRow(msgspec.Struct, frozen=True):
    """An account in one directory; the order of the fields is that of the store's columns.

    `mfa_enabled` and `closed` are flags, 0 or 1; `profile` is the JSON text of a `Profile`; `added_at`
    is epoch milliseconds.
    """

    user_key: int
    account_id: str
    name: str
    name_key: str
    nickname_key: str
    email: str
    claim_status: int
    mfa_enabled: int
    closed: int
    profile: str
    directory_key: int
    status: int
    management_source: int
    added_at: int

    @property
    def details(self) -> Profile:
        """The profile, read from its text."""
        return msgspec.json.decode(self.profile, type=Profile)


class EffectiveRole(msgspec.Struct, frozen=True):
    """A role that a user holds on a resource; `direct` is 1, or 0 through a group."""

    user_key: int
    resource_key: int
    role_key: int
    direct: int


class UserGroup(msgspec.Struct, frozen=True):
    """A group as its members show it."""

    user_key: int
    group_id: str
    name: str
    name_key: str
    description: str | None


class Expansion(enum.StrEnum):
    """What a list of users can show beside the fields of the account (contract 4)."""

    PLATFORM_ROLES = "platformRoles"
    RESOURCE_COUNT = "counts.resources"
    PRODUCT_ACCESS = "productAccess"
    GROUPS = "groups"


class ResourceAccess(msgspec.Struct, frozen=True):
    """All roles that one user holds on one resource, by role id; the values are `EffectiveRole.direct`."""

    resource_id: str
    owner: str
    roles: Mapping[str, frozenset[int]]

    @property
    def is_organization(self) -> bool:
        """Whether it is the organization's own resource, which belongs to no directory (contract 4)."""
        return "::org/" in self.resource_id


class UserDetails(msgspec.Struct, frozen=True):
    """A row with what was asked for beside it; None was not asked for."""

    row: UserRow
    access: tuple[ResourceAccess, ...] | None = None
    groups: tuple[UserGroup, ...] | None = None


class UserStats(msgspec.Struct, frozen=True):
    """How many accounts hold each role, and how many rows have each account status."""

    roles: Mapping[str, int]
    statuses: Mapping[AccountStatus, int]
