"""What a change of a group's roles moves: its members' seats and roles, its counters and its flags.

Everything here happens without an event; seats and roles change in the order of their locks, counters when
the operation stores its `Counts` (ADR 18).
"""

from collections.abc import Collection, Iterable, Sequence

from guildhall.model.groups import AdminAccess, Group
from guildhall.model.permissions import Caller
from guildhall.model.resources import Resource
from guildhall.model.role_assignments import HeldRole
from guildhall.model.roles import ADMIN_GRANTING, GUARDED, ORG_ADMIN, USER_ACCESS_ADMIN, Role
from guildhall.operations.effects.counts import Counts
from guildhall.operations.effects.seats import (
    distinct_roles,
    hold_role_of_members,
    hold_seats_of_members,
    release_role_of_members,
    release_seats_of_members,
    seat_resources,
)
from guildhall.operations.groups import require_mass_change
from guildhall.store import groups, role_assignments
from guildhall.store.database import Transaction

Pair = tuple[Resource, Role]


async def insert_role_assignments(
    tx: Transaction, caller: Caller, group: Group, pairs: Sequence[Pair], counts: Counts
) -> list[Pair]:
    """Store roles with all that follows for the members; return those that are new.

    Raises TooMuchAtOnce.
    """
    before = await select_roles_on(tx, caller, group, pairs)
    held = {(role.resource_key, role.role_key) for role in before}
    new = _in_lock_order(pair for pair in pairs if _keys(pair) not in held)
    if not new:
        return []
    require_mass_change(group.users, len(new))
    held_before = await _which_are_held(tx, caller, group, new)
    await tx.run_many(role_assignments.INSERT_ROLE_ASSIGNMENT, _rows(caller, group, new))
    after = [*before, *map(_as_held, new)]
    for resource_key in _without(seat_resources(after), seat_resources(before)):
        await hold_seats_of_members(tx, caller, group, resource_key, counts)
    for role_key in _without(distinct_roles(map(_as_held, new)), held_before):
        await hold_role_of_members(tx, caller, group, role_key, counts)
    counts.resources[group.group_key] += _resource_count(after) - _resource_count(before)
    await update_flags(tx, caller, group)
    return new


async def delete_role_assignments(
    tx: Transaction, caller: Caller, group: Group, pairs: Sequence[Pair], counts: Counts
) -> list[Pair]:
    """Remove roles with all that follows for the members; return those that were held."""
    before = await select_roles_on(tx, caller, group, pairs)
    held = {(role.resource_key, role.role_key) for role in before}
    gone = _in_lock_order(pair for pair in pairs if _keys(pair) in held)
    if not gone:
        return []
    require_mass_change(group.users, len(gone))
    rows = _rows(caller, group, gone)
    await tx.run_many(role_assignments.DELETE_DEFAULT_GROUP, rows)
    await tx.run_many(role_assignments.DELETE_ROLE_ASSIGNMENT, rows)
    gone_keys = set(map(_keys, gone))
    after = [role for role in before if (role.resource_key, role.role_key) not in gone_keys]
    for resource_key in _without(seat_resources(before), seat_resources(after)):
        await release_seats_of_members(tx, caller, group, resource_key, counts)
    still_held = await _which_are_held(tx, caller, group, gone)
    for role_key in _without(distinct_roles(map(_as_held, gone)), still_held):
        await release_role_of_members(tx, caller, group, role_key, counts)
    counts.resources[group.group_key] += _resource_count(after) - _resource_count(before)
    await update_flags(tx, caller, group)
    return gone


def _keys(pair: Pair) -> tuple[int, int]:
    return pair[0].resource_key, pair[1].role_key


def _in_lock_order(pairs: Iterable[Pair]) -> list[Pair]:
    """Each pair once; ascending keys are the order in which every transaction locks (design 2.2)."""
    return [pair for _, pair in sorted({_keys(pair): pair for pair in pairs}.items())]


def _as_held(pair: Pair) -> HeldRole:
    resource, role = pair
    return HeldRole(resource.resource_key, role.role_key, role.id, int(role.uses_seat))


def _rows(caller: Caller, group: Group, pairs: Sequence[Pair]) -> list[tuple[int, int, int, int]]:
    return [(caller.org_key, group.group_key, *_keys(pair)) for pair in pairs]


def _without(keys: Iterable[int], others: Iterable[int]) -> list[int]:
    return sorted(set(keys) - set(others))


def _resource_count(held: Iterable[HeldRole]) -> int:
    return len({role.resource_key for role in held})


async def select_roles_on(
    tx: Transaction, caller: Caller, group: Group, pairs: Sequence[Pair]
) -> list[HeldRole]:
    """Return all roles that the group holds on the resources of the pairs."""
    return await tx.all(
        role_assignments.SELECT_ROLES_ON_RESOURCES,
        org_key=caller.org_key,
        group_key=group.group_key,
        resource_keys=sorted({resource.resource_key for resource, _ in pairs}),
    )


async def _which_are_held(tx: Transaction, caller: Caller, group: Group, pairs: Sequence[Pair]) -> list[int]:
    """Return the keys of those roles that the group holds on anything."""
    held = await tx.values(
        role_assignments.SELECT_WHICH_ARE_HELD,
        org_key=caller.org_key,
        group_key=group.group_key,
        role_ids=sorted({role.id for _, role in pairs}),
    )
    return [role.role_key for _, role in pairs if role.id in held]


async def update_flags(tx: Transaction, caller: Caller, group: Group) -> None:
    """Bring the group's stored flags in line with the roles that it holds now."""
    key = {"org_key": caller.org_key, "group_key": group.group_key}
    held = await tx.values(role_assignments.SELECT_WHICH_ARE_HELD, **key, role_ids=sorted(GUARDED))
    is_default = await tx.value(role_assignments.SELECT_DEFAULT_IS_SET, **key) is not None
    admin = admin_access(held)
    await tx.run(groups.UPDATE_GROUP_FLAGS, **key, is_default=int(is_default), grants_admin=admin)


def admin_access(held: Collection[str]) -> AdminAccess:
    """Return how much administration a group gives that holds these roles."""
    if ORG_ADMIN in held:
        return AdminAccess.ORGANIZATION
    if ADMIN_GRANTING.intersection(held):
        return AdminAccess.SOME
    return AdminAccess.USER_ACCESS if USER_ACCESS_ADMIN in held else AdminAccess.NONE
