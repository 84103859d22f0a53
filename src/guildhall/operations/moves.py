"""Several changes of one user's standing at once.

Who comes does so before who goes: a seat that the user keeps is then never freed and taken again, which
a resource at its limit, or over it, would refuse.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from guildhall.model.events import EventAction
from guildhall.model.permissions import Caller
from guildhall.model.users import User, UserDirectory, UserStatus
from guildhall.operations.standings import (
    change_standing,
    drop_direct_roles,
    join_directory,
    leave_directory,
)
from guildhall.operations.suspensions import require_no_org_admin
from guildhall.store.database import Transaction


class Moves(msgspec.Struct, frozen=True):
    """The directories that a user leaves, those with another standing (before, after), and new ones."""

    leave: list[UserDirectory]
    change: list[tuple[UserDirectory, UserDirectory]]
    join: list[UserDirectory]
    stays: bool
    """Whether the user is in any directory afterwards."""

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
    """Return what leads from one standing to another; what becomes active does so first."""
    old = {standing.directory_key: standing for standing in before}
    new = {standing.directory_key: standing for standing in after}
    change = [(old[key], new[key]) for key in sorted(old.keys() & new.keys()) if old[key] != new[key]]
    return Moves(
        leave=[old[key] for key in sorted(old.keys() - new.keys())],
        change=sorted(change, key=lambda pair: pair[1].status != UserStatus.ACTIVE),
        join=[new[key] for key in sorted(new.keys() - old.keys())],
        stays=bool(new),
    )


async def move_user(tx: Transaction, caller: Caller, user: User, moves: Moves) -> dict[str, Any]:
    """Do the moves; return the groups and direct roles that the user has lost, as an event shows them.

    Raises UserLimitExceeded, and InvalidInput when an org admin would be suspended or removed.
    """
    ends = [before.status == UserStatus.ACTIVE != after.status for before, after in moves.change]
    if moves.leave or any(ends):
        await require_no_org_admin(tx, caller, user)
    for place in moves.join:
        await join_directory(tx, caller, user, msgspec.structs.replace(place, user_key=user.user_key))
    for before, after in moves.change:
        await change_standing(tx, caller, before, after)
    groups = [group for place in moves.leave for group in await leave_directory(tx, caller, place)]
    if not moves.leave:
        return {}
    dropped = [] if moves.stays else await drop_direct_roles(tx, caller, user)
    roles = [{"resourceId": role.resource_id, "roleId": role.role_id} for role in dropped]
    return {"groups": [group.group_id for group in groups], "roles": roles}
