"""Whom writes may alter of the users that lists show, by the table written to (ADR 16)."""

import collections
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from guildhall.store.statement import Statement

TABLES = frozenset(
    {"directory_users", "memberships", "role_assignments", "role_holders", "user_roles", "users"}
)
"""What filters of users read."""

MOST_REMEMBERED = 20_000
"""Altered users of one table that are told apart; of those before, nobody is known."""

_KEY = "user_key"


class AlteredUsers:
    """Whom some writes may alter: users by table, and tables in which it may be anyone."""

    __slots__ = ("anyone", "users")

    def __init__(self) -> None:
        self.users: dict[str, set[int]] = {}
        self.anyone: set[str] = set()

    def add(self, statement: Statement[Any], parameters: Mapping[str, Any]) -> None:
        """Add those of a statement; one with the parameter `user_key` writes to rows of that user only."""
        if statement.table in TABLES:
            key = parameters.get(_KEY) if _KEY in statement.parameters else None
            self._add(statement, () if key is None else (key,))

    def add_many(self, statement: Statement[Any], rows: Iterable[Sequence[Any]]) -> None:
        """Add those of a statement that is run once for each row of parameters."""
        if statement.table in TABLES:
            place = statement.parameters.index(_KEY) if _KEY in statement.parameters else None
            self._add(statement, () if place is None else [row[place] for row in rows])

    def _add(self, statement: Statement[Any], keys: Sequence[int]) -> None:
        if keys:
            self.users.setdefault(statement.table, set()).update(keys)
        elif not (statement.table == "users" and statement.inserts):
            # Who has just come is in no directory yet, so on no list; joining one is a write as well.
            self.anyone.add(statement.table)

    def add_all(self) -> None:
        """Add everybody."""
        self.anyone.update(TABLES)


class RememberedUsers:
    """Whom the latest commits altered, by table; steps grow, as those of `store.freshness`."""

    def __init__(self) -> None:
        self._users: dict[str, collections.deque[tuple[int, int]]] = {
            table: collections.deque() for table in TABLES
        }
        self._anyone = dict.fromkeys(TABLES, 0)
        """The last step of each table in which it may have been anyone."""

    def add(self, step: int, altered: AlteredUsers | None) -> None:
        """Add what a step altered; None is everything."""
        for table in TABLES if altered is None else altered.anyone:
            self._anyone[table] = step
            self._users[table].clear()
        for table, keys in ({} if altered is None else altered.users).items():
            known = self._users[table]
            known.extend((step, key) for key in keys)
            while len(known) > MOST_REMEMBERED:
                self._anyone[table] = known.popleft()[0]

    def since(self, moment: int, tables: Iterable[str]) -> set[int] | None:
        """Return the keys of all users altered behind a moment in some of the tables; None is anyone."""
        found: set[int] = set()
        for table in tables:
            if self._anyone[table] > moment:
                return None
            for step, key in reversed(self._users[table]):
                if step <= moment:
                    break
                found.add(key)
        return found
