"""Role assignments: the roles that a group or a user holds on a resource."""

import msgspec


class HeldRole(msgspec.Struct, frozen=True):
    """One role that a group holds on one resource."""

    resource_key: int
    role_key: int
    role_id: str
    uses_seat: int


class HeldRoleOnResource(HeldRole, frozen=True):
    """One role that a group holds, with the public id of the resource."""

    resource_id: str


class RoleOnResource(msgspec.Struct, frozen=True):
    """One role that a group holds on one resource, and whether the group is the default for it."""

    resource_key: int
    role_id: str
    default_key: int | None
    """The role's key again when it is the group's default role there, else None."""


class ResourceWithRoles(msgspec.Struct, frozen=True):
    """A resource on which a group holds roles."""

    resource_key: int
    id: str
    owner: str


class GroupRole(msgspec.Struct, frozen=True):
    """One role of one of several groups, with the public ids."""

    group_key: int
    resource_id: str
    role_id: str


class ResourceRoles(msgspec.Struct, frozen=True):
    """All roles that one group holds on one resource, sorted."""

    resource_key: int
    resource_id: str
    owner: str
    default_role: str | None
    roles: tuple[str, ...]


class DirectRole(msgspec.Struct, frozen=True):
    """One role that a user holds directly on one resource."""

    resource_key: int
    resource_id: str
    role_key: int
    role_id: str
    uses_seat: int


class GroupGrant(msgspec.Struct, frozen=True):
    """One role that one of several groups gives on one resource."""

    group_key: int
    resource_key: int
    role_key: int
    uses_seat: int


class GroupOfUser(msgspec.Struct, frozen=True):
    """A group that a user is a member of."""

    group_key: int
    group_id: str
    directory_key: int
    grants_admin: int
