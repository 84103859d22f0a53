"""Rules of the roles that groups hold on resources (contract 2.10, 2.11, 5)."""

from collections.abc import Sequence

import msgspec

from guildhall.model.errors import (
    GroupGrantsAdmin,
    InvalidResourceId,
    MissingResourceId,
    ResourceNotFound,
    ResourceOffline,
    RoleDoesNotFit,
)
from guildhall.model.events import EventAction, Subject
from guildhall.model.groups import AdminAccess, Group
from guildhall.model.ids import parse_resource_id
from guildhall.model.permissions import Caller
from guildhall.model.resources import Resource, ResourceStatus
from guildhall.model.role_assignments import HeldRole
from guildhall.model.roles import ADMIN_GRANTING, ORG_ADMIN, Role
from guildhall.operations.authorize import require_full_access_for, require_ordinary
from guildhall.operations.events import record_event
from guildhall.operations.groups import get_group_to_change, group_subject, require_mass_change
from guildhall.operations.seats import (
    hold_role_of_members,
    hold_seats_of_members,
    release_role_of_members,
    release_seats_of_members,
)
from guildhall.store import groups, resources, role_assignments, roles
from guildhall.store.database import Transaction


class Grant(msgspec.Struct, frozen=True):
    """A role on a resource, in a caller's words."""

    resource_id: str
    role_id: str


async def assign_roles(
    tx: Transaction, caller: Caller, directory_id: str, group_id: str, grants: Sequence[Grant]
) -> None:
    """Give a group roles, all or none; what it holds already is left alone and recorded nowhere.

    Raises Forbidden, ResourceNotFound, RoleDoesNotFit, ResourceOffline, UserLimitExceeded.
    """
    group = await get_group_to_change(tx, caller, directory_id, group_id)
    found = [await find_resource(tx, caller, grant.resource_id) for grant in grants]
    require_ordinary(group)
    for grant in grants:
        require_full_access_for(caller, grant.role_id)
    pairs = [
        (resource, await _role_to_assign(tx, caller, resource, grant.role_id))
        for resource, grant in zip(found, grants, strict=True)
    ]
    require_mass_change(group.users, len(pairs))
    given = [pair for pair in _in_lock_order(pairs) if await insert_role_assignment(tx, caller, group, *pair)]
    await _record(tx, caller, EventAction.GROUP_ROLE_ASSIGNED, group, given)


async def revoke_roles(
    tx: Transaction, caller: Caller, directory_id: str, group_id: str, grants: Sequence[Grant]
) -> None:
    """Take roles from a group, all or none; what it does not hold is recorded nowhere.

    A role that cannot be given to groups cannot be taken from one either: GroupGrantsAdmin.
    """
    group = await get_group_to_change(tx, caller, directory_id, group_id)
    found = [await find_resource(tx, caller, grant.resource_id) for grant in grants]
    require_ordinary(group)
    for grant in grants:
        require_full_access_for(caller, grant.role_id)
    pairs = [
        (resource, await find_role(tx, caller, grant.role_id))
        for resource, grant in zip(found, grants, strict=True)
    ]
    require_mass_change(group.users, len(pairs))
    taken = [pair for pair in _in_lock_order(pairs) if await delete_role_assignment(tx, caller, group, *pair)]
    await _record(tx, caller, EventAction.GROUP_ROLE_REVOKED, group, taken)


def _in_lock_order(pairs: Sequence[tuple[Resource, Role]]) -> list[tuple[Resource, Role]]:
    """Ascending keys are the order in which every transaction locks resources (design 2.2)."""
    return sorted(pairs, key=lambda pair: (pair[0].resource_key, pair[1].role_key))


async def find_resource(tx: Transaction, caller: Caller, resource_id: str) -> Resource:
    """Return a resource; raises MissingResourceId, InvalidResourceId, ResourceNotFound."""
    if not resource_id:
        raise MissingResourceId("resourceId: must not be empty.")
    if parse_resource_id(resource_id) is None:
        raise InvalidResourceId(
            "resourceId: must be an ARI such as ari:cloud:jira::site/70ef3a32-d0da-4e09-b35e-0109f91969c3."
        )
    found = await tx.one(resources.SELECT_RESOURCE, org_key=caller.org_key, resource_id=resource_id)
    if found is None:
        raise ResourceNotFound(f"There is no resource {resource_id} in the organization.")
    return found


async def find_role(tx: Transaction, caller: Caller, role_id: str) -> Role:
    """Return a role of the catalogue; raises RoleDoesNotFit that lists those there are."""
    role = await tx.one(roles.SELECT_ROLE, org_key=caller.org_key, role_id=role_id)
    if role is None:
        known = await tx.all(roles.SELECT_ROLES, org_key=caller.org_key)
        raise RoleDoesNotFit(
            f"roleId: there is no role {role_id}; the roles are {', '.join(role.id for role in known)}."
        )
    return role


async def _role_to_assign(tx: Transaction, caller: Caller, resource: Resource, role_id: str) -> Role:
    role = await find_role(tx, caller, role_id)
    if not role.for_groups:
        raise RoleDoesNotFit(f"roleId: the role {role_id} cannot be given to groups.")
    if not role.fits(resource.owner):
        raise RoleDoesNotFit(f"roleId: the role {role_id} does not fit resources of {resource.owner}.")
    if resource.status != ResourceStatus.ONLINE:
        raise ResourceOffline(
            f"resourceId: {resource.id} is {resource.status}; roles are assigned on resources that are online."
        )
    return role


async def insert_role_assignment(
    tx: Transaction, caller: Caller, group: Group, resource: Resource, role: Role
) -> bool:
    """Store a role with all that follows for the members, without an event; False when it was there."""
    before = await _roles_on(tx, caller, group, resource)
    if any(held.role_key == role.role_key for held in before):
        return False
    held_elsewhere = await _is_held(tx, caller, group, role)
    await tx.run(
        role_assignments.INSERT_ROLE_ASSIGNMENT, **_key(caller, group, resource), role_key=role.role_key
    )
    if role.uses_seat and not any(held.uses_seat for held in before):
        await hold_seats_of_members(tx, caller, group, resource.resource_key)
    if not held_elsewhere:
        await hold_role_of_members(tx, caller, group, role.role_key)
    if not before:
        await _count_resource(tx, caller, group, 1)
    await update_flags(tx, caller, group)
    return True


async def delete_role_assignment(
    tx: Transaction, caller: Caller, group: Group, resource: Resource, role: Role
) -> bool:
    """Remove a role with all that follows for the members, without an event; False when not held."""
    before = await _roles_on(tx, caller, group, resource)
    if not any(held.role_key == role.role_key for held in before):
        return False
    if not role.for_groups:
        raise GroupGrantsAdmin(f"The role {role.id} was given to the group by the system and stays there.")
    key = _key(caller, group, resource)
    await tx.run(role_assignments.DELETE_DEFAULT_GROUP, **key, role_key=role.role_key)
    await tx.run(role_assignments.DELETE_ROLE_ASSIGNMENT, **key, role_key=role.role_key)
    left = [held for held in before if held.role_key != role.role_key]
    if role.uses_seat and not any(held.uses_seat for held in left):
        await release_seats_of_members(tx, caller, group, resource.resource_key)
    if not await _is_held(tx, caller, group, role):
        await release_role_of_members(tx, caller, group, role.role_key)
    if not left:
        await _count_resource(tx, caller, group, -1)
    await update_flags(tx, caller, group)
    return True


async def _roles_on(tx: Transaction, caller: Caller, group: Group, resource: Resource) -> list[HeldRole]:
    return await tx.all(role_assignments.SELECT_ROLES_ON_RESOURCE, **_key(caller, group, resource))


async def _is_held(tx: Transaction, caller: Caller, group: Group, role: Role) -> bool:
    held = await tx.value(
        role_assignments.SELECT_ROLE_IS_HELD,
        org_key=caller.org_key,
        role_key=role.role_key,
        group_key=group.group_key,
    )
    return held is not None


def _key(caller: Caller, group: Group, resource: Resource) -> dict[str, int]:
    return {
        "org_key": caller.org_key,
        "group_key": group.group_key,
        "resource_key": resource.resource_key,
    }


async def _count_resource(tx: Transaction, caller: Caller, group: Group, change: int) -> None:
    await tx.run(
        groups.UPDATE_GROUP_RESOURCES, org_key=caller.org_key, group_key=group.group_key, change=change
    )


async def update_flags(tx: Transaction, caller: Caller, group: Group) -> None:
    """Bring the group's stored flags in line with the roles that it holds now."""
    key = {"org_key": caller.org_key, "group_key": group.group_key}
    held = {role.role_id for role in await tx.all(role_assignments.SELECT_HELD_ROLES, **key)}
    is_default = await tx.value(role_assignments.SELECT_DEFAULT_IS_SET, **key) is not None
    admin = AdminAccess.NONE
    if held & ADMIN_GRANTING:
        admin = AdminAccess.ORGANIZATION if ORG_ADMIN in held else AdminAccess.SOME
    await tx.run(groups.UPDATE_GROUP_FLAGS, **key, is_default=int(is_default), grants_admin=admin)


async def _record(
    tx: Transaction,
    caller: Caller,
    action: EventAction,
    group: Group,
    changed: Sequence[tuple[Resource, Role]],
) -> None:
    """One operation, one event, however many roles it changed; nothing changed, no event."""
    if not changed:
        return
    pairs = ", ".join(f"{role.id} on {resource.id}" for resource, role in changed)
    message = f"Revoked {pairs} from group {group.name}"
    if action is EventAction.GROUP_ROLE_ASSIGNED:
        message = f"Assigned {pairs} to group {group.name}"
    granted = [{"resourceId": resource.id, "roleId": role.id} for resource, role in changed]
    subjects = [group_subject(group, roles=granted)]
    subjects += {
        r.id: Subject(r.id, "resources", {"name": r.name, "owner": r.owner}) for r, _ in changed
    }.values()
    subjects += {r.id: Subject(r.id, "roles", {"name": r.display_name}) for _, r in changed}.values()
    owners = {resource.owner for resource, _ in changed}
    product = owners.pop() if len(owners) == 1 else None
    await record_event(tx, caller, action, message, subjects, product=product)
