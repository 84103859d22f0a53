"""Seed files: what one can say of an organization (contract 6a; docs/seed-files.md is the reference).

A field that is not given is UNSET: it stays as it is, or takes the default of a new subject. The
descriptions say what is right; they end the messages of errors and stand in the API's documentation.
"""

import enum
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Generic, Literal, Protocol, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

Value = TypeVar("Value")

# Every text is measured before anything is made of it (contract 8, "Limits of a request").
Reference = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=1_000,
        description="An id, or a unique name or e-mail, in quotes when it looks like a number.",
    ),
]
Id = Annotated[str, Meta(max_length=100, description="A UUID.")]
Name = Annotated[
    str,
    Meta(
        max_length=1_000, description="A text of 1 to 255 characters, in quotes when it looks like a number."
    ),
]
Time = Annotated[str, Meta(max_length=100, description="A time such as 2026-01-31T12:00:00.000Z, or a date.")]
Text = Annotated[
    str,
    Meta(
        max_length=5_000,
        description="A text; in quotes when it looks like a number, true, false or null.",
    ),
]
Word = Annotated[str, Meta(max_length=300)]
Flag = Annotated[bool, Meta(description="true or false.")]
RoleIds = Annotated[tuple[Word, ...], Meta(description="A list of roles such as atlassian/user.")]


class Section(enum.StrEnum):
    """The parts of a seed file, in the order in which they are applied."""

    ROLES = "roles"
    DIRECTORIES = "directories"
    RESOURCES = "resources"
    USERS = "users"
    GROUPS = "groups"
    KEYS = "keys"


class _Seed(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True, omit_defaults=True
):
    """One object of a seed file."""


class OrganizationSeed(_Seed, frozen=True):
    """The organization itself."""

    id: Id | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    created_at: Time | UnsetType = UNSET


class RoleSeed(_Seed, frozen=True):
    """A role of the catalogue: a new one, or a built-in one that is changed."""

    id: Annotated[str, Meta(max_length=200, description="A role such as atlassian/user or acme/reviewer.")]
    display_name: Name | UnsetType = UNSET
    uses_seat: Flag | UnsetType = UNSET
    for_groups: Flag | UnsetType = UNSET
    owners: (
        Annotated[tuple[Word, ...], Meta(description="Resource owners such as jira; null is every product.")]
        | UnsetType
        | None
    ) = UNSET


class DirectorySeed(_Seed, frozen=True):
    """A directory, known by its id, else by its name."""

    id: Id | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    icon: Text | UnsetType | None = UNSET
    default: Flag | UnsetType = UNSET


class ResourceSeed(_Seed, frozen=True):
    """A resource. `over_limit` lets this file's users exceed its limit, as a lowered limit does."""

    id: Annotated[str, Meta(max_length=400, description="An ARI such as ari:cloud:jira::site/1.")]
    name: Name | UnsetType = UNSET
    type: Text | UnsetType = UNSET
    status: (
        Annotated[
            Literal["online", "offline", "deprecated"], Meta(description="online, offline or deprecated.")
        ]
        | UnsetType
    ) = UNSET
    user_limit: Annotated[int, Meta(ge=0, description="A number; null is no limit.")] | UnsetType | None = (
        UNSET
    )
    over_limit: Flag = False
    host_url: Text | UnsetType | None = UNSET
    created_at: Time | UnsetType = UNSET
    updated_at: Time | UnsetType = UNSET


Status = Annotated[
    Literal["active", "suspended", "not_invited", "deactivated", "for_deletion"],
    Meta(description="active, suspended, not_invited, deactivated or for_deletion."),
]


class UserDirectorySeed(_Seed, frozen=True):
    """A user in one directory."""

    directory: Reference
    status: Status | UnsetType = UNSET
    management_source: (
        Annotated[Literal["invited", "synced"], Meta(description="invited, synced or null.")]
        | UnsetType
        | None
    ) = UNSET
    added_at: Time | UnsetType = UNSET


class DirectRolesSeed(_Seed, frozen=True):
    """Roles that a user holds directly on one resource."""

    resource: Reference
    roles: RoleIds


class UserSeed(_Seed, frozen=True):
    """A user, known by the account id, else by the e-mail address.

    `status` is that in every directory that does not say another.
    """

    account_id: Annotated[str, Meta(max_length=400, description="An account id.")] | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    email: Annotated[str, Meta(max_length=1_000, description="An e-mail address.")] | UnsetType = UNSET
    status: Status | UnsetType = UNSET
    closed: Flag | UnsetType = UNSET
    claim_status: (
        Annotated[Literal["managed", "unmanaged"], Meta(description="managed or unmanaged.")] | UnsetType
    ) = UNSET
    mfa_enabled: Flag | UnsetType = UNSET
    nickname: Text | UnsetType | None = UNSET
    email_verified: Flag | UnsetType | None = UNSET
    picture: Text | UnsetType | None = UNSET
    avatar: Text | UnsetType | None = UNSET
    job_title: Text | UnsetType | None = UNSET
    department: Text | UnsetType | None = UNSET
    organization: Text | UnsetType | None = UNSET
    location: Text | UnsetType | None = UNSET
    time_zone: Text | UnsetType | None = UNSET
    last_active: (
        Annotated[Mapping[Word, Time], Meta(description="A time for each resource id.")] | UnsetType
    ) = UNSET
    directories: (
        Annotated[
            tuple[Reference | UserDirectorySeed, ...],
            Meta(description="A list of directories, or of {directory, status, …}."),
        ]
        | UnsetType
    ) = UNSET
    roles: (
        Annotated[tuple[DirectRolesSeed, ...], Meta(description="A list of {resource, roles}.")] | UnsetType
    ) = UNSET


class MemberSeed(_Seed, frozen=True):
    """A member of a group, and since when."""

    user: Reference
    added_at: Time | UnsetType = UNSET


class GroupRolesSeed(_Seed, frozen=True):
    """Roles that a group holds on one resource, and the one that it is the default group for."""

    resource: Reference
    roles: RoleIds
    default_role: Annotated[str, Meta(max_length=200, description="One of the roles, or null.")] | None = None


class GroupSeed(_Seed, frozen=True):
    """A group, known by its id, else by its directory and name; members and roles are whole lists."""

    id: Id | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    directory: Reference | UnsetType = UNSET
    description: Text | UnsetType | None = UNSET
    type: (
        Annotated[
            Literal["GROUP", "TEAM", "USERBASE_GROUP"], Meta(description="GROUP, TEAM or USERBASE_GROUP.")
        ]
        | UnsetType
    ) = UNSET
    managed_by: (
        Annotated[
            Literal["admins", "external", "team-members", "open"],
            Meta(description="admins, external, team-members or open."),
        ]
        | UnsetType
    ) = UNSET
    synced: Flag | UnsetType = UNSET
    roles: (
        Annotated[tuple[GroupRolesSeed, ...], Meta(description="A list of {resource, roles, defaultRole}.")]
        | UnsetType
    ) = UNSET
    members: (
        Annotated[
            tuple[Reference | MemberSeed, ...], Meta(description="A list of users, or of {user, addedAt}.")
        ]
        | UnsetType
    ) = UNSET


class KeySeed(_Seed, frozen=True):
    """An API key, known by its id, else by what was hashed; `scopes` null is full access."""

    id: Id | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    secret: Annotated[str, Meta(max_length=200, description="A whole key, ghk_….")] | UnsetType = UNSET
    hash: (
        Annotated[str, Meta(pattern="^[0-9a-f]{64}$", description="The SHA-256 of a key: 64 hex digits.")]
        | UnsetType
    ) = UNSET
    scopes: (
        Annotated[
            tuple[Word, ...], Meta(description="A list such as [read:groups:admin]; null is full access.")
        ]
        | UnsetType
        | None
    ) = UNSET
    rate_limit: (
        Annotated[int, Meta(ge=1, description="Requests a minute; null is no limit.")] | UnsetType | None
    ) = UNSET
    created_at: Time | UnsetType = UNSET
    expires_at: Time | UnsetType | None = UNSET


KINDS: Mapping[Section, type[_Seed]] = {
    Section.ROLES: RoleSeed,
    Section.DIRECTORIES: DirectorySeed,
    Section.RESOURCES: ResourceSeed,
    Section.USERS: UserSeed,
    Section.GROUPS: GroupSeed,
    Section.KEYS: KeySeed,
}
"""What the items of each section are."""


class Place(Protocol):
    """Where in a seed file something stands."""

    def where(self, field: str = "") -> str:
        """Return what an error's text begins with, e.g. `demo.yaml:12: users[3].email`."""


class Located(msgspec.Struct, Generic[Value], frozen=True):
    """An object of a seed file and where it stands."""

    place: Place
    value: Value


class SeedDocument(msgspec.Struct, frozen=True):
    """What a seed file says of one organization; the items of a section can be read again and again."""

    place: Place
    organization: Located[OrganizationSeed] | None
    sections: Mapping[Section, Callable[[], Iterator[Located[Any]]]]

    def items(self, section: Section) -> Iterator[Located[Any]]:
        """Return the items of a section in the order of the file."""
        read = self.sections.get(section)
        return iter(()) if read is None else read()


MOST_REMOVALS = 20
"""Removals that a seed makes without being told that it may."""


class SeedOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How a seed is applied."""

    dry_run: bool = False
    """Whether it only tells what it would change."""
    most_removals: int | None = MOST_REMOVALS
    """How much it may remove; None is anything."""
    create_organization: bool = False
    """Whether it may create another organization beside those that are there."""
    prune: bool = False
    """Whether it removes groups and direct roles of users that the file does not name."""
    prune_users: bool = False
    """Whether a prune removes users from directories as well."""
    org: str | None = None
    """The id or the name of the organization that it is for, where the file names none."""


class Difference(msgspec.Struct, frozen=True):
    """One thing that a seed changed of a subject: a field's values, or something of a list that came or went.

    In a list, what came has no `before` and what went has no `after`.
    """

    field: str
    before: Any = None
    after: Any = None


class Change(msgspec.Struct, frozen=True, rename="camel"):
    """One subject that a seed created, changed or removed.

    `changed` says it in words, `differences` in full, up to a bound for all of the seed.
    """

    action: Literal["created", "updated", "removed"]
    type: str
    id: str
    name: str
    changed: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()


class Kept(msgspec.Struct, frozen=True):
    """One subject that the file does not name and a prune may not remove, and why."""

    type: str
    id: str
    name: str
    reason: str


class SeedReport(msgspec.Struct, frozen=True, rename="camel"):
    """What applying one document did; `changes` ends at a bound, `totals` counts all of them.

    `removals` counts groups, members, roles and users that were taken away.
    """

    organization_id: str
    organization_name: str
    totals: Mapping[str, int]
    changes: Sequence[Change]
    removals: int = 0
    left_out: int = 0
    """Subjects and differences beyond the bound."""
    kept: Sequence[Kept] = ()
    """What a prune left, up to the same bound."""
