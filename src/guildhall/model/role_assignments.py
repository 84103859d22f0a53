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


class ResourceRoles(msgspec.Struct, frozen=True):
    """All roles that one group holds on one resource, sorted."""

    resource_key: int
    resource_id: str
    owner: str
    default_role: str | None
    roles: tuple[str, ...]
