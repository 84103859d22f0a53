"""Where the first pages of searches begin, as long as names of groups stay (ADR 21, PostgreSQL only).

A stamp says whether they did: a random number, another one with each commit that writes or deletes some.
Each statement that relies on it reads it as well, in its own snapshot: others may write without telling.
"""

import msgspec

from guildhall.model.paging import Position

STAMP = "COALESCE((SELECT n.stamp FROM name_stamps AS n WHERE n.org_key = :org_key), 0)"
"""The stamp of an organization: 0 as long as it has had no groups."""

NAMES_UNCHANGED = f" AND {STAMP} = :stamp"

STAMP_NAMES = """
    INSERT INTO name_stamps (org_key, stamp) VALUES (%d, CAST(random() * 9007199254740992 AS BIGINT))
    ON CONFLICT (org_key) DO UPDATE SET stamp = excluded.stamp
"""
"""The last write of a transaction that alters names of an organization, so that it locks briefly."""

_MOST_KNOWN = 1_000

Place = tuple[str, int | str | None, bool]
"""A term, the directory that it is searched for in, and whether from the end."""


class Stretch(msgspec.Struct, frozen=True):
    """Where the first groups that hold a term stand, and how many they are."""

    first: Position
    last: Position
    groups: int


class Beginnings:
    """Where the first pages of terms stand among names that have one stamp."""

    def __init__(self, stamp: int) -> None:
        self.stamp = stamp
        self._is_past = False
        """Whether names are known to have another stamp now."""
        self._known: dict[Place, Stretch | None] = {}

    def may_help(self, place: Place) -> bool:
        """Whether a first page may be found among names with this stamp: they may be past, or have none."""
        return not self._is_past and (place not in self._known or self._known[place] is not None)

    def find(self, place: Place) -> Stretch | None:
        """Return where a first page stands, or None where that is not known yet."""
        return self._known.get(place)

    def of(self, later: "Beginnings") -> "Beginnings":
        """Return these in the place of later ones that know nothing yet, if they are of the same names."""
        return later if self._is_past or self.stamp != later.stamp else self

    def note(self, place: Place, stretch: Stretch | None) -> None:
        """Remember where a page of names with this stamp stands; None is nowhere."""
        if place not in self._known and len(self._known) >= _MOST_KNOWN:
            del self._known[next(iter(self._known))]
        self._known[place] = stretch

    def note_failure(self, place: Place, *, is_empty: bool) -> None:
        """Learn why names with this stamp had no page: there is none, or they have another stamp now."""
        if is_empty:
            self.note(place, None)
        else:
            self._is_past = True
