"""An organization in plain Python: who holds which seat is worked out from nothing but what was done.

Each operation changes the model or returns the class of the error that the rules must raise. Users,
groups, resources and directories are small numbers; group 2 is in directory 1, the others in 0.
"""

import copy
from collections import Counter
from collections.abc import Callable
from typing import Any

from guildhall.model import errors
from guildhall.model.roles import ADMIN, ORG_ADMIN, USER
from guildhall.model.users import UserStatus

DIRECTORIES, USERS, GROUPS, RESOURCES = 2, 3, 3, 3
OWN = 2
"""The organization's own resource: the only one for ORG_ADMIN, and for nothing else."""

DIRECTORY_OF = (0, 0, 1)
SEAT_ROLES = frozenset({USER, ADMIN})
GONE = frozenset({UserStatus.DEACTIVATED, UserStatus.FOR_DELETION})
ACTIVE, SUSPENDED = UserStatus.ACTIVE, UserStatus.SUSPENDED

Refusal = type[errors.GuildhallError] | None


class Model:
    def __init__(self) -> None:
        self.places: dict[tuple[int, int], UserStatus] = {(0, 0): ACTIVE, (1, 0): ACTIVE, (1, 1): ACTIVE}
        self.places[2, 1] = ACTIVE
        self.groups = set(range(GROUPS))
        self.members: set[tuple[int, int]] = set()
        self.roles: set[tuple[int, int, str]] = set()
        self.direct: set[tuple[int, int, str]] = set()
        self.defaults: dict[tuple[int, int], str] = {}
        self.limits: dict[int, int | None] = {0: 1, 1: None, 2: None}

    # What follows.

    def reasons(self, user: int, resource: int) -> int:
        """What keeps the user's seat: groups in whose directory the user is active, and direct roles."""
        groups = {group for group, member in self.members if member == user and self.is_active(user, group)}
        through = sum(any((g, resource, role) in self.roles for role in SEAT_ROLES) for g in groups)
        active = any(status == ACTIVE for (who, _), status in self.places.items() if who == user)
        return through + (active and any((user, resource, role) in self.direct for role in SEAT_ROLES))

    def is_active(self, user: int, group: int) -> bool:
        return self.places.get((user, DIRECTORY_OF[group])) == ACTIVE

    def seats(self) -> dict[tuple[int, int], int]:
        """The reasons of every seat in use, by resource and user."""
        pairs = [(resource, user) for resource in range(RESOURCES) for user in range(USERS)]
        return {(r, u): reasons for r, u in pairs if (reasons := self.reasons(u, r))}

    def holders(self) -> Counter[tuple[str, int]]:
        """How often each user holds a role: by each group that gives it, and once more directly."""
        through = {
            (role, user, group) for group, _, role in self.roles for g, user in self.members if g == group
        }
        directly = {(role, user) for user, _, role in self.direct}
        return Counter((role, user) for role, user, _ in through) + Counter(directly)

    def role_totals(self) -> Counter[tuple[int, str]]:
        return Counter((d, role) for role, user in self.holders() for who, d in self.places if who == user)

    def user_totals(self) -> Counter[tuple[int, int]]:
        return Counter((directory, int(status)) for (_, directory), status in self.places.items())

    def group_totals(self) -> Counter[int]:
        return Counter(DIRECTORY_OF[group] for group in self.groups)

    def group_counts(self) -> dict[int, tuple[int, int, int, int]]:
        """Members, resources, whether it is a default, and whether it grants admin access."""
        return {
            group: (
                sum(g == group for g, _ in self.members),
                len({resource for g, resource, _ in self.roles if g == group}),
                int(any(g == group for g, _ in self.defaults)),
                int(any(g == group and role == ADMIN for g, _, role in self.roles)),
            )
            for group in self.groups
        }

    # What may be done.

    def do(self, operation: str, *arguments: Any) -> Refusal:
        """Do it all or not at all; nobody may take the first seat above a limit."""
        before = copy.deepcopy(self.__dict__)
        old = self.seats().keys()
        act: Callable[..., Refusal] = getattr(self, operation)
        refusal = act(*arguments)
        if refusal is None and self._exceeds(old):
            refusal = errors.UserLimitExceeded
        if refusal is not None:
            self.__dict__ = before
        return refusal

    def _exceeds(self, old: Any) -> bool:
        taken = {resource for resource, _ in self.seats().keys() - old}
        return any(
            limit is not None and sum(r == resource for r, _ in self.seats()) > limit
            for resource in taken
            for limit in [self.limits[resource]]
        )

    def add(self, group: int, user: int) -> Refusal:
        status = self.places.get((user, DIRECTORY_OF[group]))
        if group not in self.groups:
            return errors.GroupNotFound
        if status in (None, UserStatus.NOT_INVITED):
            return errors.UserNotFound
        self.members.add((group, user))
        return errors.UserDeactivated if status in GONE else None

    def remove(self, group: int, user: int) -> Refusal:
        if group not in self.groups:
            return errors.GroupNotFound
        self.members.discard((group, user))
        return None if (user, DIRECTORY_OF[group]) in self.places else errors.UserNotFound

    def assign(self, group: int, resource: int, role: str) -> Refusal:
        if group not in self.groups:
            return errors.GroupNotFound
        self.roles.add((group, resource, role))
        return None

    def revoke(self, group: int, resource: int, role: str) -> Refusal:
        if group not in self.groups:
            return errors.GroupNotFound
        self.roles.discard((group, resource, role))
        if self.defaults.get((group, resource)) == role:
            del self.defaults[group, resource]
        return None

    def make_default(self, group: int, resource: int, role: str) -> Refusal:
        if group not in self.groups:
            return errors.GroupNotFound
        self.roles.add((group, resource, role))
        others = [key for key, held in self.defaults.items() if (key[1], held) == (resource, role)]
        for key in others:
            del self.defaults[key]
        self.defaults[group, resource] = role
        return None

    def delete(self, group: int) -> Refusal:
        if group not in self.groups:
            return errors.GroupNotFound
        if any(g == group for g, _ in self.defaults):
            return errors.GroupIsDefault
        if any(g == group and role == ADMIN for g, _, role in self.roles):
            return errors.GroupGrantsAdmin
        self.groups.remove(group)
        self.members = {pair for pair in self.members if pair[0] != group}
        self.roles = {role for role in self.roles if role[0] != group}
        return None

    def create(self, group: int) -> Refusal:
        if group in self.groups:
            return errors.NameTaken
        self.groups.add(group)
        return None

    def suspend(self, directory: int, user: int) -> Refusal:
        refusal = self._unmovable(directory, user)
        if refusal is None and self.places[user, directory] == ACTIVE and self._is_org_admin(user):
            return errors.InvalidInput
        self.places[user, directory] = SUSPENDED
        return refusal

    def restore(self, directory: int, user: int) -> Refusal:
        refusal = self._unmovable(directory, user)
        self.places[user, directory] = ACTIVE
        return refusal

    def _unmovable(self, directory: int, user: int) -> Refusal:
        status = self.places.get((user, directory))
        if status in (None, UserStatus.NOT_INVITED):
            return errors.UserNotFound
        return errors.UserDeactivated if status in GONE else None

    def leave(self, directory: int, user: int) -> Refusal:
        if (user, directory) not in self.places:
            return errors.UserNotFound
        if self._is_org_admin(user):
            return errors.InvalidInput
        self._take_out(directory, user)
        return None

    def place(self, user: int, *wanted: UserStatus | None) -> Refusal:
        """Put the user into the directories for which there is a status, and into no other."""
        moves = [(d, self.places.get((user, d)), status) for d, status in enumerate(wanted)]
        leaves = any(old is not None and status is None for _, old, status in moves)
        if self._is_org_admin(user) and (leaves or any(old == ACTIVE != new for _, old, new in moves)):
            return errors.InvalidInput
        self.places |= {(user, directory): status for directory, _, status in moves if status is not None}
        for directory, old, status in moves:
            if old is not None and status is None:
                self._take_out(directory, user)
        return None

    def _take_out(self, directory: int, user: int) -> None:
        del self.places[user, directory]
        self.members = {(g, u) for g, u in self.members if u != user or DIRECTORY_OF[g] != directory}
        if not any(who == user for who, _ in self.places):
            self.direct = {role for role in self.direct if role[0] != user}

    def _is_org_admin(self, user: int) -> bool:
        return (user, OWN, ORG_ADMIN) in self.direct

    def assign_direct(self, user: int, resource: int, role: str) -> Refusal:
        statuses = {status for (who, _), status in self.places.items() if who == user}
        if not statuses - GONE - {UserStatus.NOT_INVITED}:
            return errors.UserDeactivated if statuses & GONE else errors.UserNotFound
        self.direct.add((user, resource, role))
        return None

    def revoke_direct(self, user: int, resource: int, role: str) -> Refusal:
        self.direct.discard((user, resource, role))
        return None

    def limit(self, resource: int, most: int | None) -> Refusal:
        self.limits[resource] = most
        return None
