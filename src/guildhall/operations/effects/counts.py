"""Counters: gathered while rows are stored, and written when all else is done (ADR 18).

Many transactions meet at a counter, and whoever changes one keeps the others waiting until its commit.
So an operation changes its rows and records its event first; then it stores its counts, in one order.
Each operation has its own `Counts` and stores it once.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from typing import Any, TypeVar

from guildhall.model.errors import UserLimitExceeded
from guildhall.model.groups import Group
from guildhall.model.permissions import Caller
from guildhall.model.users import Account
from guildhall.store import directory_users, groups, resources, role_holders, seats
from guildhall.store.database import Transaction

Key = TypeVar("Key", bound=Hashable)

COUNTED = ("closed", "claim_status", "mfa_enabled")
"""What of an account the totals of users are kept by, beside the directory and the status."""

_KIND = ("type", "managed_by", "synced")
"""What of a group the totals of groups are kept by, beside the directory."""


class Counts:
    """By how much counters are to change; what comes to nothing is not written."""

    def __init__(self) -> None:
        self.seats: Counter[int] = Counter()
        """Seats in use, by resource."""
        self.holders: Counter[tuple[int, int]] = Counter()
        """Holders of a role in a directory, by role and directory."""
        self.holding: Counter[tuple[int, int]] = Counter()
        """The same wherever a user is, by role and user; an operation uses one of the two."""
        self.members: Counter[int] = Counter()
        """Members, by group."""
        self.resources: Counter[int] = Counter()
        """Resources that a group has roles on, by group."""
        self._users: Counter[tuple[int, ...]] = Counter()
        self._groups: Counter[tuple[int, ...]] = Counter()

    def users(self, account: Account, change: int) -> None:
        """Count an account in each directory that it is in, as it stands there."""
        kept = [getattr(account.user, field) for field in COUNTED]
        for standing in account.directories:
            self._users[standing.directory_key, standing.status, *kept] += change

    def groups(self, group: Group, change: int) -> None:
        """Count a group in its directory."""
        self._groups[group.directory_key, *(int(getattr(group, field)) for field in _KIND)] += change

    async def store(self, tx: Transaction, caller: Caller) -> None:
        """Write all of them, in the order of their locks; raises UserLimitExceeded.

        Nothing in the transaction may read them afterwards, but in a seed, which goes on from them.
        """
        org = {"org_key": caller.org_key}
        write = tx.run if caller.within_seed else tx.run_last
        # Within a seed more may be used for the while; `operations.seeding.limits` looks at its end.
        # Whether seats can be taken is known before the commit only; then the freed ones keep the order.
        takes = not caller.within_seed and any(change > 0 for change in self.seats.values())
        for resource_key, change in _in_order(self.seats):
            if takes:
                await _count_seats(tx, caller, resource_key, change)
            else:
                await write(seats.FREE_SEATS, **org, resource_key=resource_key, seats=-change)
        for (role_key, directory_key), change in _in_order(self.holders):
            key = {**org, "role_key": role_key, "directory_key": directory_key}
            await write(role_holders.COUNT_HOLDERS, **key, change=change)
        for (role_key, user_key), change in _in_order(self.holding):
            key = {**org, "role_key": role_key, "user_key": user_key}
            await write(role_holders.COUNT_HOLDER, **key, change=change)
        for kept, change in _in_order(self._users):
            await write(
                directory_users.COUNT_USERS, **org, **_named(("status", *COUNTED), kept), change=change
            )
        for group_key, change in _in_order(self.resources):
            await write(groups.UPDATE_GROUP_RESOURCES, **org, group_key=group_key, change=change)
        for group_key, change in _in_order(self.members):
            await write(groups.UPDATE_GROUP_USERS, **org, group_key=group_key, change=change)
        for kept, change in _in_order(self._groups):
            await write(groups.UPDATE_GROUP_TOTALS, **org, **_named(_KIND, kept), change=change)


def _in_order(changes: Mapping[Key, int]) -> list[tuple[Key, int]]:
    return sorted((key, change) for key, change in changes.items() if change)


def _named(fields: Iterable[str], values: tuple[int, ...]) -> dict[str, Any]:
    return dict(zip(("directory_key", *fields), values, strict=True))


async def _count_seats(tx: Transaction, caller: Caller, resource_key: int, change: int) -> None:
    """Use more seats of a resource, or fewer."""
    key = {"org_key": caller.org_key, "resource_key": resource_key}
    if change < 0:
        await tx.run(seats.FREE_SEATS, **key, seats=-change)
        return
    if await tx.run(seats.TAKE_SEATS, **key, seats=change):
        return
    resource = await tx.one(resources.SELECT_RESOURCE_BY_KEY, **key)
    if resource is None:
        raise LookupError(f"resource {resource_key} has gone within a transaction")
    raise UserLimitExceeded(
        f"The user limit of {resource.id} would be exceeded: {resource.seats_used} of"
        f" {resource.user_limit} seats are in use and {change} more would be needed."
    )
