"""Seats and roles that members hold through a group: what every change of either moves (contract 5).

Adding, removing, assigning and revoking are the only ways, so the stored counters can be exact.
Resources come in ascending order of their keys, which is the order of their locks (design 2.2).
"""

from collections.abc import Iterable, Sequence

from guildhall.model.errors import UserLimitExceeded
from guildhall.model.groups import Group
from guildhall.model.permissions import Caller
from guildhall.model.role_assignments import HeldRole
from guildhall.model.users import DirectoryUser, UserStatus
from guildhall.store import resources, role_assignments, role_holders, seats
from guildhall.store.database import Transaction
from guildhall.store.role_holders import WHOLE_ORGANIZATION


async def take_seats(tx: Transaction, caller: Caller, resource_key: int, count: int) -> None:
    """Use `count` more seats of a resource; raises UserLimitExceeded when it has fewer left.

    Within a seed more may be used for the while; `operations.seeding.limits` looks at its end.
    """
    if count == 0:
        return
    if caller.within_seed:
        await tx.run(seats.FREE_SEATS, org_key=caller.org_key, resource_key=resource_key, seats=-count)
        return
    taken = await tx.run(seats.TAKE_SEATS, org_key=caller.org_key, resource_key=resource_key, seats=count)
    if taken:
        return
    resource = await tx.one(
        resources.SELECT_RESOURCE_BY_KEY, org_key=caller.org_key, resource_key=resource_key
    )
    if resource is None:
        raise LookupError(f"resource {resource_key} has gone within a transaction")
    raise UserLimitExceeded(
        f"The user limit of {resource.id} would be exceeded: {resource.seats_used} of"
        f" {resource.user_limit} seats are in use and {count} more would be needed."
    )


async def hold_for_member(tx: Transaction, caller: Caller, group: Group, user: DirectoryUser) -> None:
    """Give a new member what the group gives: seats of an active user, and its roles."""
    held = await _held_roles(tx, caller, group)
    if user.status == UserStatus.ACTIVE:
        for resource_key in seat_resources(held):
            await hold_seat(tx, caller, resource_key, user.user_key)
    for role_key in distinct_roles(held):
        await hold_role(tx, caller, role_key, user.user_key)


async def release_for_member(tx: Transaction, caller: Caller, group: Group, user: DirectoryUser) -> None:
    """Take from a former member what the group gave."""
    held = await _held_roles(tx, caller, group)
    if user.status == UserStatus.ACTIVE:
        for resource_key in seat_resources(held):
            await release_seat(tx, caller, resource_key, user.user_key)
    for role_key in distinct_roles(held):
        await release_role(tx, caller, role_key, user.user_key)


async def _held_roles(tx: Transaction, caller: Caller, group: Group) -> Sequence[HeldRole]:
    if not group.resources:
        return ()
    return await tx.all(role_assignments.SELECT_HELD_ROLES, org_key=caller.org_key, group_key=group.group_key)


def seat_resources(held: Iterable[HeldRole]) -> list[int]:
    """Return the resources on which a seat-using role is held, in the order of their locks."""
    return sorted({role.resource_key for role in held if role.uses_seat})


def distinct_roles(held: Iterable[HeldRole]) -> list[int]:
    """Return each role that is held on anything once, in the order of their locks."""
    return sorted({role.role_key for role in held})


async def hold_seat(
    tx: Transaction, caller: Caller, resource_key: int, user_key: int, holds: int = 1
) -> None:
    """Add reasons for a user's seat; the first one takes it, or raises UserLimitExceeded."""
    key = {"org_key": caller.org_key, "resource_key": resource_key, "user_key": user_key}
    if await tx.value(seats.HOLD_SEAT, **key, holds=holds) == holds:
        await take_seats(tx, caller, resource_key, 1)


async def release_seat(
    tx: Transaction, caller: Caller, resource_key: int, user_key: int, holds: int = 1
) -> None:
    """Remove reasons for a user's seat; the last one frees it."""
    key = {"org_key": caller.org_key, "resource_key": resource_key, "user_key": user_key}
    if await tx.value(seats.RELEASE_SEAT, **key, holds=holds) == 0:
        await tx.run(seats.DELETE_SEAT, **key)
        await tx.run(seats.FREE_SEATS, org_key=caller.org_key, resource_key=resource_key, seats=1)


async def hold_role(tx: Transaction, caller: Caller, role_key: int, user_key: int) -> None:
    """Add a reason for a user to hold a role."""
    key = {"org_key": caller.org_key, "role_key": role_key, "user_key": user_key}
    if await tx.value(role_holders.HOLD_ROLE, **key, holds=1) == 1:
        await tx.run(role_holders.COUNT_HOLDER, **key, change=1)


async def release_role(tx: Transaction, caller: Caller, role_key: int, user_key: int, holds: int = 1) -> None:
    """Remove reasons for a user to hold a role."""
    key = {"org_key": caller.org_key, "role_key": role_key, "user_key": user_key}
    if await tx.value(role_holders.RELEASE_ROLE, **key, holds=holds) == 0:
        await tx.run(role_holders.DELETE_ROLE_HOLDER, **key)
        await tx.run(role_holders.COUNT_HOLDER, **key, change=-1)


async def hold_seats_of_members(tx: Transaction, caller: Caller, group: Group, resource_key: int) -> None:
    """Hold a seat of the resource for every active member; raises UserLimitExceeded."""
    members = _members(caller, group) | {"directory_key": group.directory_key}
    await _lock_seats(tx, caller, resource_key)
    await tx.run(seats.HOLD_SEATS_OF_MEMBERS, **members, resource_key=resource_key)
    needed = await tx.value(seats.COUNT_NEW_SEATS_OF_MEMBERS, **members, resource_key=resource_key)
    await take_seats(tx, caller, resource_key, needed)


async def release_seats_of_members(tx: Transaction, caller: Caller, group: Group, resource_key: int) -> None:
    """Release the seats of the resource that the group holds for its active members."""
    members = _members(caller, group) | {"directory_key": group.directory_key}
    await _lock_seats(tx, caller, resource_key)
    if tx.engine == "postgres":
        await tx.value(seats.LOCK_SEATS_OF_MEMBERS, **members, resource_key=resource_key)
    freed = await tx.run(seats.DELETE_LAST_SEATS_OF_MEMBERS, **members, resource_key=resource_key)
    await tx.run(seats.RELEASE_SEATS_OF_MEMBERS, **members, resource_key=resource_key)
    await tx.run(seats.FREE_SEATS, org_key=caller.org_key, resource_key=resource_key, seats=freed)


async def _lock_seats(tx: Transaction, caller: Caller, resource_key: int) -> None:
    """Lock the count first: nobody's seat may come or go between counting them and taking them."""
    await tx.value(seats.LOCK_SEATS, org_key=caller.org_key, resource_key=resource_key)


async def hold_role_of_members(tx: Transaction, caller: Caller, group: Group, role_key: int) -> None:
    """Hold the role for every member, whatever the status."""
    members = _members(caller, group) | {"role_key": role_key}
    await tx.run(role_holders.HOLD_ROLE_OF_MEMBERS, **members)
    new = await tx.all(role_holders.COUNT_ONCE_HOLDING_MEMBERS, **members)
    await _count_holders(tx, caller, group, role_key, {row.directory_key: row.users for row in new})


async def release_role_of_members(tx: Transaction, caller: Caller, group: Group, role_key: int) -> None:
    """Release the role that the group held for its members."""
    members = _members(caller, group) | {"role_key": role_key}
    if tx.engine == "postgres":
        await tx.value(role_holders.LOCK_HOLDERS_OF_MEMBERS, **members)
    last = await tx.all(role_holders.COUNT_ONCE_HOLDING_MEMBERS, **members)
    await tx.run(role_holders.RELEASE_ROLE_OF_MEMBERS, **members)
    if last:
        await tx.run(role_holders.DELETE_FORMER_HOLDERS, **members)
    await _count_holders(tx, caller, group, role_key, {row.directory_key: -row.users for row in last})


async def _count_holders(
    tx: Transaction, caller: Caller, group: Group, role_key: int, changes: dict[int, int]
) -> None:
    # Every member is in the directory of the group: there are as many of them in the organization.
    changes = {WHOLE_ORGANIZATION: changes.get(group.directory_key, 0), **changes}
    for directory_key, change in changes.items():
        await tx.run(
            role_holders.COUNT_HOLDERS,
            org_key=caller.org_key,
            role_key=role_key,
            directory_key=directory_key,
            change=change,
        )


def _members(caller: Caller, group: Group) -> dict[str, int]:
    return {"org_key": caller.org_key, "group_key": group.group_key}
