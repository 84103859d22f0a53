"""Whether what was read a while ago still holds, without reading again (ADR 14).

The file of the write lock counts commits: one up before each, one up behind it, so that the count is odd
while nobody knows on which side a reader stands. The own writer says beforehand what its commit alters.
Whatever it says nothing about, other processes' commits above all, alters everything.
"""

import collections
import contextlib
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from guildhall.store.altered_users import AlteredUsers, RememberedUsers
from guildhall.store.statement import Statement

MOST_GROUPS_REMEMBERED = 50_000
"""Altered groups that are told apart; beyond, everything counts as altered."""

_MOST_ANNOUNCED = 1_000
_MOST_AHEAD = 2
"""By how much announcements may be ahead of the count that was read just before: by one commit."""

_SECONDS_BETWEEN_LOOKS = 1.0
_NAMED = "groups"
_OF_ONE_GROUP = "group_counts"
_WHEN_USED = "used_at"
"""The parameter of the write of when keys were used: each minute, and no answer shows it that is kept."""

_OF_NO_GROUP = frozenset(
    {
        "api_keys",
        "events",
        "memberships",
        "resource_seats",
        "role_assignments",
        "role_holders",
        "role_totals",
        "seats",
    }
)
"""Tables that no answer reads which shows groups and their counts only; such writes are the frequent ones."""


class CommitCount(Protocol):
    """A number that all processes see at once."""

    commits: int

    def in_place(self) -> bool:
        """Whether what it is in is what the other processes open."""


class Alterations:
    """What some writes alter of what is shown."""

    __slots__ = ("anything", "groups", "names", "nothing", "users")

    def __init__(self) -> None:
        self.nothing = True
        self.anything = False
        self.names = False
        """Whether groups may have come, gone or taken other names."""
        self.groups: set[int] = set()
        self.users = AlteredUsers()

    def add(self, statement: Statement[Any], parameters: Mapping[str, Any]) -> None:
        """Add those of a statement."""
        self._add(statement, parameters)
        self.users.add(statement, parameters)

    def add_many(self, statement: Statement[Any], rows: Sequence[Sequence[Any]]) -> None:
        """Add those of a statement that is run once for each row of parameters."""
        self._add(statement, {})
        self.users.add_many(statement, rows)

    def _add(self, statement: Statement[Any], parameters: Mapping[str, Any]) -> None:
        if _WHEN_USED in statement.parameters:
            return
        self.nothing = False
        if statement.table == _OF_ONE_GROUP and "group_key" in parameters:
            self.groups.add(parameters["group_key"])
        elif statement.table not in _OF_NO_GROUP:
            self.anything = True
            self.names = self.names or statement.table == _NAMED

    def add_all(self) -> None:
        """Add whatever could be altered."""
        self.nothing, self.anything, self.names = False, True, True
        self.users.add_all()


class Freshness:
    """Follows the commits to one file. The writer's thread announces its own; the event loop asks."""

    def __init__(self, lock: CommitCount) -> None:
        self._lock = lock
        # While nobody reads, nobody takes them out: where some are missing, everything counts as altered.
        self._announced: collections.deque[tuple[int, int, Alterations | None]] = collections.deque(
            maxlen=_MOST_ANNOUNCED
        )
        self._closed = False
        self._lost = False
        self._look_at = 0.0
        self._count = -1
        """The count of commits up to which everything is known."""
        self._steps = 0
        """Grows with each alteration that becomes known: moments are compared by it."""
        self._last_of_all = 0
        self._last_of_names = 0
        self._last_of_group: dict[int, int] = {}
        self._users = RememberedUsers()

    @contextlib.contextmanager
    def committing(self, alterations: Alterations) -> Iterator[None]:
        """Announce what a commit alters, before it is visible to anybody, and that it surely is, behind it.

        Moments within it are of before, so that what it alters is not told again: it would count twice.
        A commit that fails leaves the count odd: it may be on disk, and the next commit settles it.
        """
        if alterations.nothing:
            yield
            return
        before = self._lock.commits
        during = before + (2 if before & 1 else 1)
        self._announced.append((before, during, alterations))
        self._lock.commits = during
        yield
        self._announced.append((during, during + 1, Alterations()))
        self._lock.commits = during + 1

    def moment(self) -> int | None:
        """Return the moment that answers of now are of, or None while an unknown commit is under way.

        None as well once the count is not to be trusted: closed, or not the one that others count by.
        """
        if self._closed or not self._in_place():
            return None
        count = self._lock.commits
        if count != self._count:
            self._follow()
            # Whatever this process committed was announced before it was counted.
            if self._count < count:
                if count & 1:
                    return None
                self._step(count, None)
            elif self._count > count + _MOST_AHEAD:
                return None
        # A commit under way is not seen by all yet: what it alters must not pass for what is known now.
        return self._steps - (self._count & 1)

    def _in_place(self) -> bool:
        """Look now and then whether the file of the lock is where others open it."""
        now = time.monotonic()
        if now >= self._look_at:
            if not self._lock.in_place():
                self._lost = True
                return False
            self._look_at = now + _SECONDS_BETWEEN_LOOKS
        if self._lost:
            # Others counted elsewhere meanwhile.
            self._lost = False
            self._step(self._count, None)
        return True

    def close(self) -> None:
        """Know nothing from now on; before the lock is closed."""
        self._closed = True

    def holds(self, moment: int, groups: Sequence[int] | None) -> bool:
        """Whether an answer of a moment is that of now, too; `moment` was called before.

        `groups` are the keys of all that it shows, None when it shows anything else.
        """
        if groups is None:
            return moment == self._steps and not self._count & 1
        if moment < self._last_of_all:
            return False
        last = self._last_of_group
        return not last or all(last.get(key, 0) <= moment for key in groups)

    def names_hold(self, moment: int) -> bool:
        """Whether every group has the name that it had at a moment; `moment` was called before."""
        return moment >= self._last_of_names

    def altered_users(self, moment: int, tables: Iterable[str]) -> set[int] | None:
        """Return whom commits may have altered in some tables since a moment, None for anyone.

        `moment` was called before. Whom a commit alters that was under way at the moment is among them.
        """
        return self._users.since(moment, tables)

    def _follow(self) -> None:
        while self._announced:
            before, after, alterations = self._announced.popleft()
            self._step(after, alterations if before == self._count else None)

    def _step(self, count: int, alterations: Alterations | None) -> None:
        self._count = count
        self._steps += 1
        self._users.add(self._steps, None if alterations is None else alterations.users)
        if alterations is not None:
            self._last_of_group.update(dict.fromkeys(alterations.groups, self._steps))
        many = len(self._last_of_group) > MOST_GROUPS_REMEMBERED
        if alterations is None or alterations.anything or many:
            self._last_of_all = self._steps
            self._last_of_group.clear()
        if alterations is None or alterations.names:
            self._last_of_names = self._steps
