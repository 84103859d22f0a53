"""Several changes of one user's standing at once."""

from collections.abc import Iterable
from typing import Any

import msgspec

from guildhall.model.events import EventAction
from guildhall.model.permissions import Caller
from guildhall.model.users import Account, UserDirectory, UserStatus
from guildhall.operations.effects.counts import Counts
from guildhall.operations.effects.standings import (
    Holds,
    change_standing,
    drop_direct_roles,
    join_directory,
    leave_directory,
    store_standing,
)
from guildhall.operations.suspensions import require_no_org_admin
from guildhall.store.database import Transaction


class Moves(msgspec.Struct, frozen=True):
    """The directories that a user leaves, those with another standing (before, after), and new ones."""

    leave: list[UserDirectory]
    change: list[tuple[UserDirectory, UserDirectory]]
    join: list[UserDirectory]

    @property
    def any(self) -> bool:
        """Whether anything changes."""
        return bool(self.leave or self.change or self.join)

    @property
    def action(self) -> EventAction:
        """What an auditor would look for first: who went, then who came."""
        if self.leave:
            return EventAction.USER_REMOVED
        if any(after.status == UserStatus.SUSPENDED != before.status for before, after in self.change):
            return EventAction.USER_SUSPENDED
        if any(after.status == UserStatus.ACTIVE != before.status for before, after in self.change):
            return EventAction.USER_RESTORED
        return EventAction.USER_INVITED if self.join else EventAction.USER_UPDATED


def moves_between(before: Iterable[UserDirectory], after: Iterable[UserDirectory]) -> Moves:
    """Return what leads from one standing to another."""
    old = {standing.directory_key: standing for standing in before}
    new = {standing.directory_key: standing for standing in after}
    return Moves(
        leave=[old[key] for key in sorted(old.keys() - new.keys())],
        change=[(old[key], new[key]) for key in sorted(old.keys() & new.keys()) if old[key] != new[key]],
        join=[new[key] for key in sorted(new.keys() - old.keys())],
    )


async def move_user(
    tx: Transaction, caller: Caller, before: Account | None, after: Account, moves: Moves, counts: Counts
) -> dict[str, Any]:
    """Do the moves; return the groups and direct roles that the user has lost, as an event shows them.

    Raises InvalidInput when an org admin would be suspended or removed.
    """
    user, holds = after.user, Holds()
    ends = [old.status == UserStatus.ACTIVE != new.status for old, new in moves.change]
    if moves.leave or any(ends):
        await require_no_org_admin(tx, caller, user)
    for place in moves.join:
        standing = msgspec.structs.replace(place, user_key=user.user_key)
        await join_directory(tx, caller, user, standing, holds)
    for old, new in moves.change:
        await change_standing(tx, caller, old, new, holds)
    groups = [g for place in moves.leave for g in await leave_directory(tx, caller, place, holds, counts)]
    dropped = []
    if moves.leave and not after.directories:
        dropped = await drop_direct_roles(tx, caller, user, holds)
    await store_standing(tx, caller, before, after, holds, counts)
    if not moves.leave:
        return {}
    roles = [{"resourceId": role.resource_id, "roleId": role.role_id} for role in dropped]
    return {"groups": [group.group_id for group in groups], "roles": roles}
