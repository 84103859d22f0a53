"""What a seed changed, as it is told at its end."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from guildhall.model.errors import TooManyRemovals
from guildhall.model.seeds import Change, Difference, Kept, SeedReport

MOST_CHANGES = 100_000
"""Changes that are listed, and differences of all of them; all are counted."""

GROUPS_REMOVED = "groups removed"
MEMBERS_REMOVED = "members removed"
ROLES_TAKEN = "roles taken"
USERS_REMOVED = "users removed from directories"
_REMOVALS = (GROUPS_REMOVED, MEMBERS_REMOVED, ROLES_TAKEN, USERS_REMOVED)
_GIVEN_AND_TAKEN = {
    "members": ("members added", MEMBERS_REMOVED),
    "groups": ("members added", MEMBERS_REMOVED),
    "roles": ("roles given", ROLES_TAKEN),
    "directories": ("users added to directories", USERS_REMOVED),
}
"""How what comes to a list, and what goes, is counted."""

LISTS = frozenset((*_GIVEN_AND_TAKEN, "defaultRole"))
"""The fields that are lists; of them one difference is one item."""


class Report:
    """Gathers changes."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.totals: Counter[str] = Counter()
        self.kept: list[Kept] = []
        self.left_out = 0
        self._room = MOST_CHANGES

    @property
    def removals(self) -> int:
        """How many groups, members, roles and users the seed takes away."""
        return sum(self.totals[what] for what in _REMOVALS)

    def created(self, kind: str, subject_id: str, name: str, differences: Iterable[Difference] = ()) -> None:
        """Note a new subject."""
        self._add(Change("created", kind, subject_id, name), differences)

    def updated(
        self,
        kind: str,
        subject_id: str,
        name: str,
        changed: Sequence[str],
        differences: Iterable[Difference] = (),
    ) -> None:
        """Note a changed subject, unless nothing of it is."""
        if changed:
            self._add(Change("updated", kind, subject_id, name, tuple(changed)), differences)

    def removed(self, kind: str, subject_id: str, name: str, differences: Iterable[Difference] = ()) -> None:
        """Note a subject that is gone, and what went with it."""
        self._add(Change("removed", kind, subject_id, name), differences)

    def keep(self, kind: str, subject_id: str, name: str, reason: str) -> None:
        """Note a subject that a prune may not remove."""
        if len(self.kept) < MOST_CHANGES:
            self.kept.append(Kept(kind, subject_id, name, reason))
        else:
            self.left_out += 1

    def _add(self, change: Change, differences: Iterable[Difference]) -> None:
        self.totals[f"{change.type} {change.action}"] += 1
        listed = [difference for difference in differences if self._count(difference)]
        if len(self.changes) < MOST_CHANGES:
            self.changes.append(msgspec.structs.replace(change, differences=tuple(listed)))
        else:
            self.left_out += 1 + len(listed)

    def _count(self, difference: Difference) -> bool:
        """Count what came or went; return whether there is room to list it."""
        came_or_went = (difference.before is None) != (difference.after is None)
        if difference.field in _GIVEN_AND_TAKEN and came_or_went:
            self.totals[_GIVEN_AND_TAKEN[difference.field][difference.after is None]] += 1
        self._room -= 1
        self.left_out += self._room < 0
        return self._room >= 0


def require_removals(reports: Sequence[SeedReport], most: int | None) -> None:
    """Raise TooManyRemovals when all of them together take more away than may be."""
    removals = sum(report.removals for report in reports)
    if most is None or removals <= most:
        return
    totals = {what: sum(report.totals.get(what, 0) for report in reports) for what in _REMOVALS}
    counted = ", ".join(f"{what}: {count}" for what, count in totals.items() if count)
    raise TooManyRemovals(
        f"{counted}; more than {most} removals have to be allowed. Nothing was changed."
        " Look at them by a dry run (--dry-run, dryRun=true),"
        " then allow them (--allow-removals, allowRemovals=true).",
        removals,
    )


def differences(before: object, after: object, fields: Sequence[str]) -> list[str]:
    """Return the fields in which two structs of a kind differ, in the words of the file."""
    return [_camel(field) for field in fields if getattr(before, field) != getattr(after, field)]


def values_of(before: object, after: object, fields: Sequence[str]) -> list[Difference]:
    """Return those fields with their values."""
    pairs = [(field, getattr(before, field), getattr(after, field)) for field in fields]
    return [Difference(_camel(field), old, new) for field, old, new in pairs if old != new]


def came(field: str, items: Iterable[Any]) -> list[Difference]:
    """Return what came to a list."""
    return [Difference(field, None, item) for item in items]


def went(field: str, items: Iterable[Any]) -> list[Difference]:
    """Return what went from a list."""
    return [Difference(field, item, None) for item in items]


def _camel(field: str) -> str:
    first, *others = field.removeprefix("is_").split("_")
    return first + "".join(map(str.capitalize, others))
