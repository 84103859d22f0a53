"""Default access groups: where an invited user is put for a role on a resource (contract 2.11, 5, 6a).

One group is the default for a (resource, role), and has one default role on a resource.
"""

from guildhall.model.events import EventAction, Subject
from guildhall.model.groups import Group
from guildhall.model.ids import ANY_DIRECTORY, parse_uuid
from guildhall.model.permissions import Caller
from guildhall.model.resources import Resource
from guildhall.model.roles import Role
from guildhall.operations.authorize import require_full_access_for, require_modifiable
from guildhall.operations.effects.counts import Counts
from guildhall.operations.effects.grants import Pair, insert_role_assignments, select_roles_on, update_flags
from guildhall.operations.events import record_event
from guildhall.operations.groups import get_group, get_group_to_change, group_subject
from guildhall.operations.resources import resource_subject
from guildhall.operations.role_assignments import Grant, find_resource, find_role, require_assignable
from guildhall.store import groups, orgs, role_assignments
from guildhall.store.database import Transaction


async def set_default_role(tx: Transaction, caller: Caller, group_id: str, grant: Grant) -> bool:
    """Make a group the default for a role on a resource; return whether it had no default role there.

    The group is given the role when it does not hold it, with all seat rules; another group that was
    the default is one no longer. No change, no event. Raises GroupNotFound, ResourceNotFound,
    Forbidden for a group that takes no members through the API, RoleDoesNotFit, ResourceOffline,
    UserLimitExceeded.
    """
    await _lock(tx, caller, group_id, grant)
    group = await get_group(tx, caller, ANY_DIRECTORY, group_id)
    resource = await find_resource(tx, caller, grant.resource_id)
    require_modifiable(caller, group)
    require_full_access_for(caller, grant.role_id)
    role = await find_role(tx, caller, grant.role_id)
    before = await _select_default_role(tx, caller, group, resource)
    if before == role.id:
        return False
    counts = Counts()
    assigned = await _ensure_held(tx, caller, group, (resource, role), grant, counts)
    if before is not None:
        await delete_default_role(tx, caller, group, (resource, await find_role(tx, caller, before)))
    replaced = await insert_default_role(tx, caller, group, (resource, role))
    subject = group_subject(group, defaultRole=role.id, before=before, assigned=assigned, replaced=replaced)
    await _record(tx, caller, EventAction.DEFAULT_GROUP_SET, subject, (resource, role))
    await counts.store(tx, caller)
    return before is None


async def _lock(tx: Transaction, caller: Caller, group_id: str, grant: Grant) -> None:
    """Lock the group and the one that it may replace, in the order of their keys.

    Only one request of an organization is past the first line, so the other group stays the default.
    """
    await tx.one(orgs.SELECT_ORG_TO_FURNISH, org_key=caller.org_key)
    other_id = await tx.value(
        role_assignments.SELECT_DEFAULT_GROUP_BY_IDS,
        org_key=caller.org_key,
        resource_id=grant.resource_id,
        role_id=grant.role_id,
    )
    group_ids = [found for found in (parse_uuid(group_id), other_id) if found is not None]
    await tx.lock(groups.LOCK_GROUPS_TO_CHANGE, org_key=caller.org_key, group_ids=group_ids)


async def clear_default_role(tx: Transaction, caller: Caller, group_id: str, resource_id: str) -> bool:
    """Make a group no default of a resource any more; it keeps the role. False when it was none.

    Raises GroupNotFound, ResourceNotFound.
    """
    group = await get_group_to_change(tx, caller, None, group_id)
    resource = await find_resource(tx, caller, resource_id)
    before = await _select_default_role(tx, caller, group, resource)
    if before is None:
        return False
    role = await find_role(tx, caller, before)
    await delete_default_role(tx, caller, group, (resource, role))
    subject = group_subject(group, before=before)
    await _record(tx, caller, EventAction.DEFAULT_GROUP_CLEARED, subject, (resource, role))
    return True


async def _select_default_role(
    tx: Transaction, caller: Caller, group: Group, resource: Resource
) -> str | None:
    role_id: str | None = await tx.value(
        role_assignments.SELECT_DEFAULT_ROLE,
        org_key=caller.org_key,
        group_key=group.group_key,
        resource_key=resource.resource_key,
    )
    return role_id


async def _ensure_held(
    tx: Transaction, caller: Caller, group: Group, pair: Pair, grant: Grant, counts: Counts
) -> bool:
    resource, role = pair
    held = await select_roles_on(tx, caller, group, [pair])
    if any(other.role_key == role.role_key for other in held):
        return False
    require_assignable(role, resource, grant)
    await insert_role_assignments(tx, caller, group, [pair], counts)
    return True


async def insert_default_role(tx: Transaction, caller: Caller, group: Group, pair: Pair) -> str | None:
    """Make a group that holds the role the default for it, without an event.

    Return the id of the group that was it before, and is it no longer.
    """
    resource, role = pair
    replaced = await _clear_other_group(tx, caller, resource, role)
    await tx.run(
        role_assignments.INSERT_DEFAULT_GROUP,
        org_key=caller.org_key,
        resource_key=resource.resource_key,
        role_key=role.role_key,
        group_key=group.group_key,
    )
    await update_flags(tx, caller, group)
    return replaced


async def _clear_other_group(tx: Transaction, caller: Caller, resource: Resource, role: Role) -> str | None:
    """Clear the default that another group is; return that group's id."""
    other_id: str | None = await tx.value(
        role_assignments.SELECT_DEFAULT_GROUP,
        org_key=caller.org_key,
        resource_key=resource.resource_key,
        role_key=role.role_key,
    )
    if other_id is not None:
        other = await get_group_to_change(tx, caller, None, other_id)
        await delete_default_role(tx, caller, other, (resource, role))
    return other_id


async def delete_default_role(tx: Transaction, caller: Caller, group: Group, pair: Pair) -> None:
    """Make a group the default for a role no longer, without an event; it keeps the role."""
    resource, role = pair
    await tx.run(
        role_assignments.DELETE_DEFAULT_GROUP,
        org_key=caller.org_key,
        group_key=group.group_key,
        resource_key=resource.resource_key,
        role_key=role.role_key,
    )
    await update_flags(tx, caller, group)


async def _record(
    tx: Transaction, caller: Caller, action: EventAction, group: Subject, changed: Pair
) -> None:
    resource, role = changed
    name = group.attributes["name"]
    message = f"{name} is no longer the default group of {resource.id} for {role.id}"
    if action is EventAction.DEFAULT_GROUP_SET:
        message = f"Made {name} the default group of {resource.id} for {role.id}"
    subjects = [group, resource_subject(resource), Subject(role.id, "roles", {"name": role.display_name})]
    await record_event(tx, caller, action, message, subjects, product=resource.owner)
