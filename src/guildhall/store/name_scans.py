"""All names of an organization's groups as one text in memory, searched from end to end (ADR 15).

A term that many names hold costs most to find through an index when the list's order has its first match far
behind: every match is gathered and sorted. A text of 250 000 names is searched in 3 to 5 ms at worst.
"""

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

END = "\n"
"""Behind each name; no name holds it (contract 8, "Text")."""

_ENDS = re.compile(END.encode())
_LONG_WAY = 64 << 10
"""Bytes that a search goes through in some 30 microseconds."""

_LONGEST_REMEMBERED = 64
_BYTES_PER_WAY = 1 << 10
"""Ways of terms of so many bytes at most are remembered, one for so much text: a fifth of its memory."""


class NameScan:
    """The folded names of groups in the order of lists, and whose they are."""

    def __init__(self, text: str, keys: Sequence[int]) -> None:
        """Take the names as one text, with `END` behind each."""
        self._text = text.encode()
        # One by one: a list of all names takes several times their memory for a moment.
        self._starts = array("I", [0])
        self._starts.extend(end.end() for end in _ENDS.finditer(self._text))
        self._keys = array("q", keys)
        self.size = len(self._text)
        """Bytes of the text."""
        self._long_ways: dict[tuple[bytes, int, bool], int] = {}

    def keys(self, term: str, *, start: str | None = None, descending: bool = False) -> Iterator[int]:
        """Return the keys of the groups whose names hold `term`, in order or against it.

        The first may be those with the very name `start`.
        """
        if END in term:
            return
        wanted, rank = term.encode(), self._first(start, descending=descending)
        step, edge = (-1, 1) if descending else (1, 0)
        while (at := self._next(wanted, self._starts[rank + edge], descending=descending)) >= 0:
            rank = bisect_right(self._starts, at) - 1
            yield self._keys[rank]
            rank += step

    def _next(self, wanted: bytes, place: int, *, descending: bool) -> int:
        """Return where the text holds `wanted` next to a place, or -1; the longest ways are remembered."""
        way = (wanted, place, descending)
        at = self._long_ways.get(way)
        if at is None:
            at = self._text.rfind(wanted, 0, place) if descending else self._text.find(wanted, place)
            is_long = at < 0 or abs(at - place) > _LONG_WAY
            if is_long and len(wanted) <= _LONGEST_REMEMBERED:
                if len(self._long_ways) > self.size // _BYTES_PER_WAY:
                    self._long_ways.clear()
                self._long_ways[way] = at
        return at

    def _first(self, start: str | None, *, descending: bool) -> int:
        ranks = range(len(self._keys))
        if descending:
            return (
                len(ranks) - 1 if start is None else bisect_right(ranks, start.encode(), key=self._name) - 1
            )
        return 0 if start is None else bisect_left(ranks, start.encode(), key=self._name)

    def _name(self, rank: int) -> bytes:
        return self._text[self._starts[rank] : self._starts[rank + 1] - 1]
