"""All names of an organization's groups as one text in memory, searched from end to end (ADR 15).

A term that many names hold costs most to find through an index when the list's order has its first match far
behind: every match is gathered and sorted. A text of 250 000 names is searched in 3 ms at worst.
"""

import asyncio
import itertools
import logging
import time
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from functools import partial
from typing import Any

import apsw
import msgspec

from guildhall.store.freshness import Freshness
from guildhall.store.threads import QUICK_TURNS

MOST_BYTES = 16 << 20
"""Bytes of text in memory at most, of all organizations together: to search so much takes some 10 ms."""

_REST = 20
"""How many times as long as making a scan took no other is made: who renames all the time shall not pay for
scans that never hold."""

_LONG_WAY = 64 << 10
"""Bytes that a search goes through in some 30 microseconds."""

_MOST_LONG_WAYS = 10_000
_LOG = logging.getLogger("guildhall.store")
_END = "\n"
"""Behind each name; no name holds it (contract 8, "Text")."""

SELECT_NAMES = f"""
    SELECT group_concat(listed.name_key, char({ord(_END)})), group_concat(listed.group_key, ',')
    FROM (SELECT g.name_key, g.group_key FROM groups AS g
          WHERE g.org_key = ? ORDER BY g.name_key, g.id) AS listed
"""
"""One row, made without the interpreter; for SQLite, as all of this is."""


class NameScan:
    """The folded names of groups in the order of lists, and whose they are."""

    def __init__(self, names: Sequence[str], keys: Sequence[int]) -> None:
        encoded = [name.encode() + _END.encode() for name in names]
        self._text = b"".join(encoded)
        self._starts = array("I", itertools.accumulate(map(len, encoded), initial=0))
        self._keys = array("q", keys)
        self.size = len(self._text)
        """Bytes of the text."""
        self._long_ways: dict[tuple[bytes, int, bool], int] = {}

    def keys(self, term: str, *, start: str | None = None, descending: bool = False) -> Iterator[int]:
        """Return the keys of the groups whose names hold `term`, in order or against it.

        The first may be those with the very name `start`.
        """
        if _END in term:
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
            if at < 0 or abs(at - place) > _LONG_WAY:
                if len(self._long_ways) >= _MOST_LONG_WAYS:
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


class _Made(msgspec.Struct, frozen=True):
    """A scan, and the moment that it is of."""

    scan: NameScan
    moment: int


class NameScans:
    """Scans by organization: made in a thread when one is missed, used on the event loop while they hold."""

    def __init__(
        self, freshness: Freshness, threads: Executor, connection: Callable[[], apsw.Connection]
    ) -> None:
        self._freshness = freshness
        self._threads = threads
        self._connection = connection
        self._made: dict[int, _Made] = {}
        self._making: asyncio.Future[NameScan] | None = None
        self._not_before = 0.0

    def find(self, org_key: int) -> NameScan | None:
        """Return the scan of an organization whose names are those of now, or None."""
        moment, made = self._freshness.moment(), self._made.get(org_key)
        if moment is None:
            return None
        if made is not None and self._freshness.names_hold(made.moment):
            self._made[org_key] = self._made.pop(org_key)
            return made.scan
        if self._making is None and time.monotonic() >= self._not_before:
            self.make(org_key)
        return None

    def make(self, org_key: int) -> None:
        """Begin to make the scan of an organization."""
        moment, begun = self._freshness.moment(), time.monotonic()
        self._making = asyncio.get_running_loop().run_in_executor(self._threads, self._read, org_key)
        self._making.add_done_callback(partial(self._keep, org_key, moment, begun))

    def _read(self, org_key: int) -> NameScan:
        with QUICK_TURNS:
            rows: list[Any] = self._connection().execute(SELECT_NAMES, (org_key,)).fetchall()
            names, keys = rows[0]
            if names is None:
                return NameScan([], [])
            return NameScan(names.split(_END), list(map(int, keys.split(","))))

    def _keep(self, org_key: int, moment: int | None, begun: float, made: "asyncio.Future[NameScan]") -> None:
        now = time.monotonic()
        self._making, self._not_before = None, now + _REST * (now - begun)
        if made.cancelled():
            return
        if made.exception() is not None:
            _LOG.warning("the names of groups could not be read for searching", exc_info=made.exception())
        elif moment is not None:
            self._made.pop(org_key, None)
            self._made[org_key] = _Made(made.result(), moment)
            while sum(each.scan.size for each in self._made.values()) > MOST_BYTES:
                # The one not used for longest.
                del self._made[next(iter(self._made))]
