"""A few names of an organization's groups, kept for some seconds: how PostgreSQL best finds a term (ADR 21).

They decide nothing but the way: whatever they say, what is found is read and tested. So they may be old.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence

import msgspec

from guildhall.model.paging import Position
from guildhall.store.name_stamps import STAMP, Beginnings, Stretch
from guildhall.store.statement import Statement, register

SIZE = 1_000
"""Names of a sample. Of 250 000 groups each stands for 250: a term that 1 000 of them hold is in four."""

KEPT_MS = 10_000
"""How long a sample is used: reading one takes 5 ms, as long as a search may."""

_MOST_KEPT = 32
"""Organizations whose samples are kept."""

_RUN = 3
_RUNS_OF_NAME = 60
_MOST_KNOWN = 10_000
"""Runs of a sample that are told apart, some 3 MB. A thousand names of a few words have fewer."""

_MOST_LOOKED_AT = 40
"""Runs of a term that are chosen from: of a longer one some from all over it."""

_MOST_RUNS = 5
_FEWEST_RUNS = 3
"""Runs of a long term that are looked up: each is cheap beside one that few names hold."""

_BEFORE_GATHERING, _PER_GATHERED, _PER_PAGE, _GROUPS_A_PAGE = 2_000, 3.5, 7.5, 30
"""What gathering takes, as entries of the name index that are walked meanwhile, at 0.1 µs each: in any case,
for each group that is found, and for each page of the table, of which each is read once."""

_TELLING, _USEFUL = 4, 0.9
"""Names from which on a further run is of use only if it leaves at most this part of them."""

_NOBODY: frozenset[int] = frozenset()

_MARGIN = 8
"""Names of the sample beyond the double of what a walk should take, before it is given up."""


class SampledName(msgspec.Struct, frozen=True):
    """A name, where it stands in lists; how many groups there are, and the stamp of their names."""

    name_key: str
    id: str
    directory_key: int
    groups: int
    stamp: int = 0


def _sample(stamp: str) -> str:
    """Return the query for a sample, in the order of ids: these are random, so that it has all kinds."""
    return f"""
    SELECT g.name_key, g.id, g.directory_key,
           (SELECT CAST(COALESCE(SUM(t.groups), 0) AS BIGINT)
            FROM group_totals AS t WHERE t.org_key = :org_key),
           {stamp}
    FROM groups AS g WHERE g.org_key = :org_key ORDER BY g.id LIMIT :most
    """


SELECT_SAMPLE: Statement[SampledName] = register(_sample("0"), SampledName, postgres=_sample(STAMP))


class Found(msgspec.Struct, frozen=True):
    """What a sample says of a term."""

    runs: list[str]
    """What it is looked up by: runs of it that few names hold together."""
    candidates: frozenset[int]
    """Names of the sample that hold all of them."""
    hits: frozenset[int]
    """Those that hold the term."""
    share: float
    """The part of the sample that these are."""


class Outlook(msgspec.Struct, frozen=True):
    """What a page of a term takes either way, as entries of the name index that are walked in that time."""

    walked: float
    edge: Position | None
    """Where to give up walking; None is nowhere."""
    walked_to_end: float
    gathered: float


class NameSample:
    """Names in the order of lists, and which of them hold each run of three characters."""

    def __init__(self, rows: Sequence[SampledName]) -> None:
        ordered = sorted(rows, key=lambda row: (row.name_key, row.id))
        self._places: list[Position] = [(row.name_key, row.id) for row in ordered]
        self._directories = [row.directory_key for row in ordered]
        self._each = max(1.0, rows[0].groups / len(rows)) if rows else 1.0
        """Groups that each name stands for."""
        self.beginnings = Beginnings(rows[0].stamp if rows else 0)
        having: dict[str, set[int]] = defaultdict(set)
        for number, row in enumerate(ordered):
            for at in range(min(len(row.name_key) - _RUN + 1, _RUNS_OF_NAME)):
                run = row.name_key[at : at + _RUN]
                if run in having or len(having) < _MOST_KNOWN:
                    having[run].add(number)
        self._having = {run: frozenset(numbers) for run, numbers in having.items()}

    def find(self, term: str) -> Found:
        """Return what the names say of a folded term."""
        everything = range(len(self._places))
        if len(term) < _RUN:
            hits = candidates = self._holding(term, everything)
            runs = [term]
        else:
            runs, candidates = self._choose(term, frozenset(everything))
            hits = self._holding(term, candidates)
        return Found(runs, candidates, hits, len(hits) / max(1, len(everything)))

    def _holding(self, term: str, numbers: Iterable[int]) -> frozenset[int]:
        return frozenset(number for number in numbers if term in self._places[number][0])

    def _choose(self, term: str, left: frozenset[int]) -> tuple[list[str], frozenset[int]]:
        """Return runs of a term, each the one that leaves fewest names, and what is left in the end."""
        runs = len(term) - _RUN + 1
        places = {term[at : at + _RUN]: at for at in range(0, runs, -(-runs // _MOST_LOOKED_AT))}
        chosen: dict[str, int] = {}
        while places and len(chosen) < (_MOST_RUNS if left else _FEWEST_RUNS):
            having = {run: self._having.get(run, _NOBODY) for run in places}
            # Neighbours are of one word, and find the same: what is far away is likely to leave less.
            apart = {
                run: min((abs(at - o) for o in chosen.values()), default=0) for run, at in places.items()
            }
            best = min(places, key=lambda run: (len(left & having[run]), -apart[run], len(having[run])))
            fewer = left & having[best]
            if chosen and len(left) > _TELLING and len(fewer) > _USEFUL * len(left):
                break
            chosen[best], left = places.pop(best), fewer
        return list(chosen), left

    def outlook(
        self,
        found: Found,
        wanted: int,
        *,
        directory: int | None,
        start: Position | None,
        descending: bool,
        known: Stretch | None = None,
    ) -> Outlook:
        """Say what a page of so many groups takes from `start` on, in one directory or in all of them.

        Where some are `known` to stand, others are expected to stand as near to each other; if they do
        not, the walk goes on for as long as it takes to gather them.
        """
        ahead = self._ahead(directory, start, descending=descending)
        ranks = [rank for rank, number in enumerate(ahead) if number in found.hits]
        needed = max(1, round(wanted / self._each))
        walked = ranks[needed - 1] + 1 if len(ranks) >= needed else len(ahead)
        gathered = self._gathered(found)
        last = 2 * walked + _MARGIN
        if known is not None:
            between = abs(bisect_left(self._places, known.last) - bisect_left(self._places, known.first))
            walked = min(walked, round(between * wanted / known.groups) + 1)
            last = max(2 * walked + _MARGIN, round(gathered / self._each))
        return Outlook(
            walked=walked * self._each,
            edge=self._places[ahead[last]] if last < len(ahead) else None,
            walked_to_end=len(ahead) * self._each,
            gathered=gathered,
        )

    def _gathered(self, found: Found) -> float:
        groups = (len(found.candidates) + 1) * self._each
        pages = min(groups, len(self._places) * self._each / _GROUPS_A_PAGE)
        return _BEFORE_GATHERING + _PER_GATHERED * groups + _PER_PAGE * pages

    def _ahead(self, directory: int | None, start: Position | None, *, descending: bool) -> Sequence[int]:
        """Return the numbers of the names ahead of a position, in the order of the walk."""
        end = len(self._places)
        first = bisect_left(self._places, tuple(start)) if start else (end if descending else 0)
        numbers = range(first - 1, -1, -1) if descending else range(first, end)
        if directory is None:
            return numbers
        return [number for number in numbers if self._directories[number] == directory]


class NameSamples:
    """Samples of several organizations, each read again after a while."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[int, NameSample]] = {}

    async def find(
        self, org_key: int, now: int, read: Callable[[], Awaitable[Sequence[SampledName]]]
    ) -> NameSample:
        """Return a sample; who finds it old reads another one, while the others go on using the old one."""
        kept = self._kept.get(org_key)
        if kept is not None and abs(now - kept[0]) < KEPT_MS:
            return kept[1]
        if kept is not None:
            self._kept[org_key] = now, kept[1]
        sample = NameSample(await read())
        if kept is not None:
            sample.beginnings = kept[1].beginnings.of(sample.beginnings)
        self._kept.pop(org_key, None)
        while len(self._kept) >= _MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[org_key] = now, sample
        return sample
