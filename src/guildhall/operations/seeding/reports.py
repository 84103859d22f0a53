"""What a seed changed, as it is told at its end."""

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from guildhall.model.seeds import Change

MOST_CHANGES = 100_000
"""Changes that are listed; all are counted. No request's body can hold as many."""


class Report:
    """Gathers changes."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.totals: Counter[str] = Counter()

    def created(self, kind: str, subject_id: str, name: str) -> None:
        """Note a new subject."""
        self._add("created", kind, subject_id, name, ())

    def updated(self, kind: str, subject_id: str, name: str, changed: Sequence[str]) -> None:
        """Note a changed subject, unless nothing of it is."""
        if changed:
            self._add("updated", kind, subject_id, name, tuple(changed))

    def _add(
        self,
        action: Literal["created", "updated"],
        kind: str,
        subject_id: str,
        name: str,
        changed: tuple[str, ...],
    ) -> None:
        self.totals[f"{kind} {action}"] += 1
        if len(self.changes) < MOST_CHANGES:
            self.changes.append(Change(action, kind, subject_id, name, changed))


def differences(before: object, after: object, fields: Sequence[str]) -> list[str]:
    """Return the fields in which two structs of a kind differ, in the words of the file."""
    return [_camel(field) for field in fields if getattr(before, field) != getattr(after, field)]


def _camel(field: str) -> str:
    first, *others = field.removeprefix("is_").split("_")
    return first + "".join(map(str.capitalize, others))
