"""What a caller may do with one group, beyond the scope that the route asks for (contract 1.2, 2.1)."""

from guildhall.model.errors import (
    Forbidden,
    GroupGrantsAdmin,
    GroupIsDefault,
    GroupIsSynced,
    GroupIsSystem,
    ScopeMissing,
)
from guildhall.model.groups import AdminAccess, Group, GroupType, ManagementAccess
from guildhall.model.permissions import Caller, Permission
from guildhall.model.roles import FULL_ACCESS_ONLY, USER_ACCESS_ADMIN


def require_permission(caller: Caller, permission: Permission) -> None:
    """Raise ScopeMissing unless the caller holds the scope (contract 1.2)."""
    if permission is Permission.FULL_ACCESS and caller.scopes is not None:
        raise ScopeMissing("This operation needs an API key without scopes.")
    if not caller.may(permission):
        raise ScopeMissing(f"The API key lacks the scope {permission}.")


def management_access(caller: Caller, group: Group) -> ManagementAccess:
    """Say what this caller may do with the group."""
    kind = (group.type, group.synced, group.is_default, group.grants_admin)
    known = _KNOWN_ACCESS.get((caller.scopes, kind))
    if known is None:
        if len(_KNOWN_ACCESS) >= _MOST_KNOWN:
            _KNOWN_ACCESS.clear()
        known = _KNOWN_ACCESS[caller.scopes, kind] = _management_access(caller, group)
    return known


_KNOWN_ACCESS: dict[tuple[frozenset[str] | None, tuple[int, ...]], ManagementAccess] = {}
"""By all that it depends on: a page asks for every one of its groups."""

_MOST_KNOWN = 10_000


def _management_access(caller: Caller, group: Group) -> ManagementAccess:
    may_write = caller.may(Permission.WRITE_GROUPS)
    return ManagementAccess(
        deletable=may_write and why_not_deletable(caller, group) is None,
        modifiable=may_write and _why_not_modifiable(caller, group) is None,
        readable=caller.may(Permission.READ_GROUPS),
    )


def require_deletable(caller: Caller, group: Group) -> None:
    """Raise Forbidden unless the caller may delete the group."""
    error = why_not_deletable(caller, group)
    if error is not None:
        raise error


def require_modifiable(caller: Caller, group: Group) -> None:
    """Raise Forbidden unless the caller may rename the group and change its members."""
    error = _why_not_modifiable(caller, group)
    if error is not None:
        raise error


def require_ordinary(group: Group) -> None:
    """Raise GroupIsSystem for a group that the system or a team keeps."""
    error = _why_not_ordinary(group)
    if error is not None:
        raise error


def require_full_access_for(caller: Caller, role_id: str) -> None:
    """Raise Forbidden when giving or taking the role needs a key without scopes."""
    if role_id in FULL_ACCESS_ONLY and caller.scopes is not None:
        raise Forbidden(f"Giving or taking the role {role_id} needs an API key without scopes.")


def _why_not_ordinary(group: Group) -> Forbidden | None:
    if group.type == GroupType.GROUP:
        return None
    return GroupIsSystem(
        f"The group is of type {GroupType(group.type).name}: the system keeps it,"
        " and it cannot be changed or deleted."
    )


def _why_not_local(group: Group) -> Forbidden | None:
    if group.synced:
        return GroupIsSynced(
            "The group is synced from an identity provider. Manage it in the identity provider instead."
        )
    return _why_not_ordinary(group)


def _why_not_modifiable(caller: Caller, group: Group) -> Forbidden | None:
    error = _why_not_local(group)
    if error is not None:
        return error
    if group.grants_admin == AdminAccess.ORGANIZATION:
        return GroupGrantsAdmin(
            "The group holds atlassian/org-admin: it and its members cannot be changed through groups."
        )
    return _why_guarded(caller, group)


def _why_guarded(caller: Caller, group: Group) -> Forbidden | None:
    """Keep from a key with scopes what giving its role to somebody would be: that needs one without."""
    if caller.scopes is None or group.grants_admin == AdminAccess.NONE:
        return None
    if group.grants_admin == AdminAccess.USER_ACCESS:
        return Forbidden(
            f"The group holds {USER_ACCESS_ADMIN}: changing it or its members, or deleting it, needs"
            " an API key without scopes."
        )
    return GroupGrantsAdmin(
        "The group grants admin access: changing it or its members needs an API key without scopes."
    )


def why_not_deletable(caller: Caller, group: Group) -> Forbidden | None:
    """Return the error for a caller who may not delete the group, or None."""
    error = _why_not_local(group)
    if error is not None:
        return error
    if group.is_default:
        return GroupIsDefault("The group is the default access group of an app and cannot be deleted.")
    if group.grants_admin in (AdminAccess.SOME, AdminAccess.ORGANIZATION):
        return GroupGrantsAdmin("The group grants admin access and cannot be deleted.")
    return _why_guarded(caller, group)
