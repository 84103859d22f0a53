"""How a user stands in a directory, and all that moves with it: seats, roles, groups, counters.

A user has one status for each directory (contract 8, "Users and directories"). Whoever changes one
holds the user's rows and keeps the user's groups as they are, so every counter stays exact; the cost
is that of the user's own groups. Nothing here writes an event, nor a counter: `Holds` gathers what the
moves of a user come to, `store_standing` stores it, and the operation's `Counts` come last.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from guildhall.model.errors import UserNotFound
from guildhall.model.ids import is_account_id
from guildhall.model.permissions import Caller
from guildhall.model.role_assignments import DirectRole, GroupGrant, GroupOfUser
from guildhall.model.users import Account, User, UserDirectory, UserStatus
from guildhall.operations.effects.counts import Counts
from guildhall.operations.effects.seats import change_roles, change_seats
from guildhall.operations.groups import require_mass_change
from guildhall.store import directory_users, memberships, role_holders, user_roles, users
from guildhall.store.database import Transaction
from guildhall.store.role_holders import WHOLE_ORGANIZATION


async def find_account_to_change(tx: Transaction, caller: Caller, account_id: str) -> Account | None:
    """Return an account whose standing is about to change, with its rows locked, or None."""
    if not is_account_id(account_id):
        return None
    user = await tx.one(users.SELECT_USER_TO_CHANGE, org_key=caller.org_key, account_id=account_id)
    if user is None:
        return None
    rows = await tx.all(
        directory_users.SELECT_DIRECTORIES_TO_CHANGE, org_key=caller.org_key, user_key=user.user_key
    )
    return Account(user, tuple(rows))


async def get_account_to_change(tx: Transaction, caller: Caller, account_id: str) -> Account:
    """Return the same, or raise UserNotFound."""
    found = await find_account_to_change(tx, caller, account_id)
    if found is None:
        raise UserNotFound(f"There is no user {account_id[:128]} in the organization.")
    return found


class Holds:
    """By how much the reasons change that keep a user's seats and roles, over all directories together."""

    def __init__(self) -> None:
        self.seats: Counter[int] = Counter()
        """By resource."""
        self.roles: Counter[int] = Counter()


async def join_directory(
    tx: Transaction, caller: Caller, user: User, standing: UserDirectory, holds: Holds
) -> None:
    """Put a user into a directory."""
    await select_groups(tx, caller, user.user_key)
    await tx.run(
        directory_users.INSERT_DIRECTORY_USER,
        **_key(caller, standing),
        account_id=user.account_id,
        status=standing.status,
        management_source=standing.management_source,
        added_at=standing.added_at,
    )
    if standing.status == UserStatus.ACTIVE:
        holds.seats.update(await _direct_seats(tx, caller, standing))


async def change_standing(
    tx: Transaction, caller: Caller, before: UserDirectory, after: UserDirectory, holds: Holds
) -> None:
    """Change a user's status in a directory, or how and when the user came."""
    await tx.run(
        directory_users.UPDATE_DIRECTORY_USER,
        **_key(caller, after),
        status=after.status,
        management_source=after.management_source,
        added_at=after.added_at,
    )
    if after.status == before.status or UserStatus.ACTIVE not in (before.status, after.status):
        return
    _, grants = await _groups_and_grants(tx, caller, after)
    move = holds.seats.update if after.status == UserStatus.ACTIVE else holds.seats.subtract
    move(_seats_by_resource(grants))
    move(await _direct_seats(tx, caller, after))


async def leave_directory(
    tx: Transaction, caller: Caller, standing: UserDirectory, holds: Holds, counts: Counts
) -> list[GroupOfUser]:
    """Take a user out of a directory and of its groups; return the groups."""
    left, grants = await _groups_and_grants(tx, caller, standing)
    if standing.status == UserStatus.ACTIVE:
        holds.seats.subtract(_seats_by_resource(grants))
        holds.seats.subtract(await _direct_seats(tx, caller, standing))
    holds.roles.subtract(_roles(grants))
    delete = memberships.DELETE_MEMBERSHIP
    keys = [_key(caller, standing) | {"group_key": group.group_key} for group in left]
    await tx.run_many(delete, [delete.bind(key) for key in keys])
    counts.members.subtract(group.group_key for group in left)
    await tx.run(directory_users.DELETE_DIRECTORY_USER, **_key(caller, standing))
    return left


async def drop_direct_roles(tx: Transaction, caller: Caller, user: User, holds: Holds) -> list[DirectRole]:
    """Take the direct roles of a user who is in no directory any more: who comes back starts anew."""
    key = {"org_key": caller.org_key, "user_key": user.user_key}
    held = await tx.all(user_roles.SELECT_DIRECT_ROLES, **key)
    await tx.run(user_roles.DELETE_USER_ROLES, **key)
    holds.roles.subtract({role.role_key for role in held})
    return held


async def store_standing(
    tx: Transaction, caller: Caller, before: Account | None, after: Account, holds: Holds, counts: Counts
) -> None:
    """Change the seats and roles of a user whose directories were changed, and count the user anew.

    What comes to nothing is left alone: a seat that the user keeps is never freed and taken again, which
    a resource at its limit, or over it, would refuse.
    """
    old = before.directories if before else ()
    places, new_places = _places(old), _places(after.directories)
    if before is not None:
        counts.users(before, -1)
    counts.users(after, 1)
    user_key = after.user.user_key
    await change_seats(tx, caller, user_key, holds.seats, counts)
    if places == new_places:
        return
    roles = await tx.all(role_holders.SELECT_ROLES_OF_USER, org_key=caller.org_key, user_key=user_key)
    held = {role.role_key for role in roles}
    lost = {role_key for role_key, _ in await change_roles(tx, caller, user_key, holds.roles)}
    counts.holders.subtract((role_key, place) for role_key in held for place in places)
    counts.holders.update((role_key, place) for role_key in held - lost for place in new_places)


def _places(standings: Iterable[UserDirectory]) -> set[int]:
    """Return where the roles of a user are counted."""
    return {WHOLE_ORGANIZATION, *(standing.directory_key for standing in standings)}


async def is_active_elsewhere(tx: Transaction, caller: Caller, standing: UserDirectory) -> bool:
    """Whether the user is active in another directory than this one."""
    return await tx.value(directory_users.SELECT_IS_ACTIVE_ELSEWHERE, **_key(caller, standing)) is not None


async def select_groups(tx: Transaction, caller: Caller, user_key: int) -> list[GroupOfUser]:
    """Return the user's groups of all directories, which keep their roles until the transaction ends."""
    return await tx.all(directory_users.SELECT_GROUPS_OF_USER, org_key=caller.org_key, user_key=user_key)


async def _groups_and_grants(
    tx: Transaction, caller: Caller, standing: UserDirectory
) -> tuple[list[GroupOfUser], Sequence[GroupGrant]]:
    """Return the user's groups in the directory, and what they give; raises TooMuchAtOnce."""
    everywhere = await select_groups(tx, caller, standing.user_key)
    found = [group for group in everywhere if group.directory_key == standing.directory_key]
    if not found:
        return [], ()
    group_keys = [group.group_key for group in found]
    grants = await tx.all(
        directory_users.SELECT_GRANTS_OF_GROUPS, org_key=caller.org_key, group_keys=group_keys
    )
    require_mass_change(1, len(grants))
    return found, grants


async def _direct_seats(tx: Transaction, caller: Caller, standing: UserDirectory) -> set[int]:
    """Return the resources on which direct roles give a seat because of this directory alone."""
    if await is_active_elsewhere(tx, caller, standing):
        return set()
    held = await tx.all(user_roles.SELECT_DIRECT_ROLES, org_key=caller.org_key, user_key=standing.user_key)
    return {role.resource_key for role in held if role.uses_seat}


def _seats_by_resource(grants: Iterable[GroupGrant]) -> Counter[int]:
    """Count, for each resource, the groups that give a seat on it."""
    pairs = {(grant.group_key, grant.resource_key) for grant in grants if grant.uses_seat}
    return Counter(resource_key for _, resource_key in pairs)


def _roles(grants: Iterable[GroupGrant]) -> Counter[int]:
    """Count, for each role, the groups that give it on anything."""
    return Counter(role_key for _, role_key in {(grant.group_key, grant.role_key) for grant in grants})


def _key(caller: Caller, standing: UserDirectory) -> dict[str, int]:
    return {
        "org_key": caller.org_key,
        "user_key": standing.user_key,
        "directory_key": standing.directory_key,
    }
