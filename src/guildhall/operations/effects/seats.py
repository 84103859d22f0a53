"""Seats and roles that members hold through a group: what every change of either moves (contract 5).

Adding, removing, assigning and revoking are the only ways, so the stored counters can be exact. Rows are
changed at once, in the order of their locks: seats by resource and user, then holders by role and user
(ADR 18). What is counted of them is left to the operation, which stores its `Counts` at its end.
"""

from collections.abc import Iterable, Mapping, Sequence

from guildhall.model.groups import Group
from guildhall.model.permissions import Caller
from guildhall.model.role_assignments import HeldRole
from guildhall.model.users import DirectoryUser, UserStatus
from guildhall.operations.effects.counts import Counts
from guildhall.store import role_assignments, role_holders, seats
from guildhall.store.database import Transaction
from guildhall.store.role_holders import WHOLE_ORGANIZATION


async def hold_for_member(
    tx: Transaction, caller: Caller, group: Group, user: DirectoryUser, counts: Counts
) -> None:
    """Give a new member what the group gives: seats of an active user, and its roles."""
    await _change_for_member(tx, caller, group, user, 1, counts)


async def release_for_member(
    tx: Transaction, caller: Caller, group: Group, user: DirectoryUser, counts: Counts
) -> None:
    """Take from a former member what the group gave."""
    await _change_for_member(tx, caller, group, user, -1, counts)


async def _change_for_member(
    tx: Transaction, caller: Caller, group: Group, user: DirectoryUser, change: int, counts: Counts
) -> None:
    if not group.resources:
        return
    held = await tx.all(role_assignments.SELECT_HELD_ROLES, org_key=caller.org_key, group_key=group.group_key)
    on = seat_resources(held) if user.status == UserStatus.ACTIVE else ()
    seats_by_resource = dict.fromkeys(on, change)
    roles = dict.fromkeys(distinct_roles(held), change)
    await change_holds(tx, caller, user.user_key, (seats_by_resource, roles), counts)


def seat_resources(held: Iterable[HeldRole]) -> list[int]:
    """Return the resources on which a seat-using role is held, in the order of their locks."""
    return sorted({role.resource_key for role in held if role.uses_seat})


def distinct_roles(held: Iterable[HeldRole]) -> list[int]:
    """Return each role that is held on anything once, in the order of their locks."""
    return sorted({role.role_key for role in held})


Holds = tuple[Mapping[int, int], Mapping[int, int]]
"""By how much the reasons change for a user's seats, by resource, and for the user's roles."""


async def change_holds(tx: Transaction, caller: Caller, user_key: int, holds: Holds, counts: Counts) -> None:
    """Change what keeps the seats and the roles of a user who stays in the same directories."""
    seats_by_resource, roles = holds
    await change_seats(tx, caller, user_key, seats_by_resource, counts)
    for role_key, change in await change_roles(tx, caller, user_key, roles):
        counts.holding[role_key, user_key] += change


async def change_seats(
    tx: Transaction, caller: Caller, user_key: int, changes: Mapping[int, int], counts: Counts
) -> None:
    """Change what keeps a user's seats, by resource; the first reason takes a seat, the last one frees it."""
    for resource_key, change in sorted(changes.items()):
        key = {"org_key": caller.org_key, "resource_key": resource_key, "user_key": user_key}
        if change > 0 and await tx.value(seats.HOLD_SEAT, **key, holds=change) == change:
            counts.seats[resource_key] += 1
        if change < 0 and await tx.value(seats.RELEASE_SEAT, **key, holds=-change) == 0:
            await tx.run(seats.DELETE_SEAT, **key)
            counts.seats[resource_key] -= 1


async def change_roles(
    tx: Transaction, caller: Caller, user_key: int, changes: Mapping[int, int]
) -> Sequence[tuple[int, int]]:
    """Change what keeps a user's roles; return each that is new to the user with 1, each lost one with -1."""
    moved = []
    for role_key, change in sorted(changes.items()):
        key = {"org_key": caller.org_key, "role_key": role_key, "user_key": user_key}
        if change > 0 and await tx.value(role_holders.HOLD_ROLE, **key, holds=change) == change:
            moved.append((role_key, 1))
        if change < 0 and await tx.value(role_holders.RELEASE_ROLE, **key, holds=-change) == 0:
            await tx.run(role_holders.DELETE_ROLE_HOLDER, **key)
            moved.append((role_key, -1))
    return moved


async def hold_seats_of_members(
    tx: Transaction, caller: Caller, group: Group, resource_key: int, counts: Counts
) -> None:
    """Hold a seat of the resource for every active member."""
    members = _members(caller, group) | {"directory_key": group.directory_key, "resource_key": resource_key}
    await tx.run(seats.HOLD_SEATS_OF_MEMBERS, **members)
    counts.seats[resource_key] += await tx.value(seats.COUNT_NEW_SEATS_OF_MEMBERS, **members)


async def release_seats_of_members(
    tx: Transaction, caller: Caller, group: Group, resource_key: int, counts: Counts
) -> None:
    """Release the seats of the resource that the group holds for its active members."""
    members = _members(caller, group) | {"directory_key": group.directory_key, "resource_key": resource_key}
    await tx.lock(seats.LOCK_SEATS_OF_MEMBERS, **members)
    counts.seats[resource_key] -= await tx.run(seats.DELETE_LAST_SEATS_OF_MEMBERS, **members)
    await tx.run(seats.RELEASE_SEATS_OF_MEMBERS, **members)


async def hold_role_of_members(
    tx: Transaction, caller: Caller, group: Group, role_key: int, counts: Counts
) -> None:
    """Hold the role for every member, whatever the status."""
    members = _members(caller, group) | {"role_key": role_key}
    await tx.run(role_holders.HOLD_ROLE_OF_MEMBERS, **members)
    new = await tx.all(role_holders.COUNT_ONCE_HOLDING_MEMBERS, **members)
    _count_holders(group, role_key, {row.directory_key: row.users for row in new}, counts)


async def release_role_of_members(
    tx: Transaction, caller: Caller, group: Group, role_key: int, counts: Counts
) -> None:
    """Release the role that the group held for its members."""
    members = _members(caller, group) | {"role_key": role_key}
    await tx.lock(role_holders.LOCK_HOLDERS_OF_MEMBERS, **members)
    last = await tx.all(role_holders.COUNT_ONCE_HOLDING_MEMBERS, **members)
    await tx.run(role_holders.RELEASE_ROLE_OF_MEMBERS, **members)
    if last:
        await tx.run(role_holders.DELETE_FORMER_HOLDERS, **members)
    _count_holders(group, role_key, {row.directory_key: -row.users for row in last}, counts)


def _count_holders(group: Group, role_key: int, changes: Mapping[int, int], counts: Counts) -> None:
    # Every member is in the directory of the group: there are as many of them in the organization.
    counts.holders[role_key, WHOLE_ORGANIZATION] += changes.get(group.directory_key, 0)
    for directory_key, change in changes.items():
        counts.holders[role_key, directory_key] += change


def _members(caller: Caller, group: Group) -> dict[str, int]:
    return {"org_key": caller.org_key, "group_key": group.group_key}
