"""Groups (contract 2.1)."""

import enum

import msgspec


class GroupType(enum.IntEnum):
    """What a group is for; the number is what the store keeps."""

    GROUP = 0
    TEAM = 1
    USERBASE_GROUP = 2


class ManagedBy(enum.IntEnum):
    """Who keeps a group's members; the number is what the store keeps."""

    ADMINS = 0
    EXTERNAL = 1
    TEAM_MEMBERS = 2
    OPEN = 3


MANAGED_BY_WORDS = tuple(kind.name.lower().replace("_", "-") for kind in ManagedBy)
"""The contract's word for each of them, e.g. `team-members`."""


class AdminAccess(enum.IntEnum):
    """How much administration a group gives to its members (contract 1.2, 8)."""

    USER_ACCESS = -1
    """It holds `atlassian/user-access-admin`, which is no admin access: it may be deleted, but only a key
    without scopes may delete it, rename it and change its members."""
    NONE = 0
    SOME = 1
    """It holds an admin-granting role: only a key without scopes may rename it and change its members."""
    ORGANIZATION = 2
    """It holds `atlassian/org-admin`: nobody may change its members through groups."""


class Group(msgspec.Struct, frozen=True):
    """A group with its stored counters; the order of the fields is that of the store's columns.

    `synced` and `is_default` are flags, 0 or 1; `type`, `managed_by` and `grants_admin` are numbers of
    the enums above. `users` counts members, `resources` those that the group has a role on.
    """

    group_key: int
    id: str
    directory_key: int
    directory_id: str
    name: str
    name_key: str
    description: str | None
    type: int
    managed_by: int
    synced: int
    is_default: int
    grants_admin: int
    users: int
    resources: int


class ManagementAccess(msgspec.Struct, frozen=True):
    """What one key may do with one group."""

    deletable: bool
    modifiable: bool
    readable: bool


class GroupTotals(msgspec.Struct, frozen=True):
    """How many groups there are of each type and origin."""

    teams: int
    groups: int
    userbase_groups: int
    synced: int
    managed: int
