"""Sets of users in memory for SQLite: kept on the event loop, read in threads when missed (ADR 16)."""

import asyncio
import concurrent.futures
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import apsw
import msgspec

from guildhall.model.user_lists import UserFilter
from guildhall.store.database import Transaction
from guildhall.store.freshness import Freshness
from guildhall.store.user_sets import mend_set, read_set, tables_of

Result = TypeVar("Result")

MOST_BYTES = 16 << 20
"""Bytes of sets at most, of all organizations together: of 1 000 000 users some 120 sets."""

_OVERHEAD = 400
"""Bytes that a set costs beside its bits and the values that it is of, which are measured."""

_MOST_MENDED_ON_LOOP = 200
"""Altered users of all sets that one read mends on the event loop; what takes longer is for a thread."""

_MOST_MENDED = 5_000
"""Altered users up to which a set is mended at all. With more it is read anew."""

_SECONDS_TO_ASK = 5

_AlteredSince = dict[tuple[int, frozenset[str]], set[int] | None]
"""Who was altered since a moment in some tables, once it was asked for."""


class Known(msgspec.Struct, frozen=True):
    """A set, and all users who may have come into it or left it since."""

    bits: int
    altered: set[int]


class _Kept(msgspec.Struct):
    """A set, the moment behind which commits may have altered it, and some bytes that it takes."""

    bits: int
    moment: int
    size: int


class UserSets:
    """Sets by organization and part. What is not said to be of a read is used on the event loop only."""

    def __init__(self, freshness: Freshness) -> None:
        self._freshness = freshness
        self._kept: dict[tuple[int, UserFilter], _Kept] = {}
        self._bytes = 0
        self._largest: dict[int, int] = {}
        """The most bytes that a set of each organization has taken."""

    def known(self, org_key: int, parts: Sequence[UserFilter], begun: int) -> list[Known | None] | None:
        """Return what is known of sets in any snapshot from the moment `begun` until now.

        None as a whole while an unknown commit is under way, or when the sets may be too large to be kept
        together: each time they would push each other out. None of a set when it is not there.
        """
        if self._freshness.moment() is None or self._largest.get(org_key, 0) * len(parts) > MOST_BYTES:
            return None
        since: _AlteredSince = {}
        return [self._known(org_key, part, begun, since) for part in parts]

    def _known(self, org_key: int, part: UserFilter, begun: int, since: _AlteredSince) -> Known | None:
        kept = self._kept.get((org_key, part))
        if kept is None or kept.moment > begun:
            return None
        asked = kept.moment, frozenset(tables_of(part))
        if asked not in since:
            # Sets that were read together have their moment in common.
            since[asked] = self._freshness.altered_users(*asked)
        altered = since[asked]
        if altered is None or len(altered) > _MOST_MENDED:
            self._drop(org_key, part)
            return None
        self._kept[org_key, part] = self._kept.pop((org_key, part))
        return Known(kept.bits, altered)

    def keep(self, org_key: int, sets: Mapping[UserFilter, int], begun: int) -> None:
        """Keep sets that were read in a snapshot that is not older than the moment `begun`."""
        for part, bits in sets.items():
            old = self._kept.get((org_key, part))
            if old is None or old.moment <= begun:
                self._drop(org_key, part)
                kept = self._kept[org_key, part] = _Kept(bits, begun, _size(part, bits))
                self._bytes += kept.size
                self._largest[org_key] = max(kept.size, self._largest.get(org_key, 0))
        while self._bytes > MOST_BYTES:
            # The one not used for longest.
            self._drop(*next(iter(self._kept)))

    def _drop(self, org_key: int, part: UserFilter) -> None:
        kept = self._kept.pop((org_key, part), None)
        if kept is not None:
            self._bytes -= kept.size


def _size(part: UserFilter, bits: int) -> int:
    return _OVERHEAD + sys.getsizeof(bits) + _size_of_values(msgspec.structs.astuple(part))


def _size_of_values(value: Any) -> int:
    return sys.getsizeof(value) + (sum(map(_size_of_values, value)) if isinstance(value, tuple) else 0)


class SetsOfRead:
    """How one read comes by sets; `on_loop` calls a function on the event loop, None when the read is there.

    The moment `begun` is older than the read's snapshot.
    """

    def __init__(self, sets: UserSets, begun: int | None, on_loop: Callable[..., Any] | None = None) -> None:
        self._sets = sets
        self._begun = begun
        self._on_loop = on_loop

    async def find(
        self, tx: Transaction, org_key: int, parts: Sequence[UserFilter], *, read: bool
    ) -> list[int] | None:
        """Return the sets of parts in the snapshot of `tx`, which was taken before."""
        begun = self._begun
        if begun is None:
            return None
        known: list[Known | None] | None = self._call(self._sets.known, org_key, parts, begun)
        if known is None:
            return None
        if not self._are_there(known):
            if not read:
                return None
            if self._on_loop is None:
                # There is time for it in a thread, where the read begins again.
                raise apsw.InterruptError("sets of users have to be read")
        found = [await _read(tx, org_key, *each) for each in zip(parts, known, strict=True)]
        new = {
            part: bits
            for part, each, bits in zip(parts, known, found, strict=True)
            if each is None or each.altered
        }
        if new:
            self._call(self._sets.keep, org_key, new, begun)
        return found

    def _are_there(self, known: Sequence[Known | None]) -> bool:
        there = [each for each in known if each is not None]
        if len(there) < len(known):
            return False
        return self._on_loop is not None or sum(len(each.altered) for each in there) <= _MOST_MENDED_ON_LOOP

    def _call(self, function: Callable[..., Result], *args: Any) -> Result:
        if self._on_loop is None:
            return function(*args)
        result: Result = self._on_loop(function, *args)
        return result


async def _read(tx: Transaction, org_key: int, part: UserFilter, known: Known | None) -> int:
    if known is None:
        return await read_set(tx, org_key, part)
    return await mend_set(tx, org_key, part, known.bits, known.altered) if known.altered else known.bits


def caller_on(loop: asyncio.AbstractEventLoop) -> Callable[..., Any]:
    """Return what calls a function on a loop from another thread and returns its result, or None."""

    def call(function: Callable[..., Result], *args: Any) -> Result | None:
        answer: concurrent.futures.Future[Result] = concurrent.futures.Future()

        def run() -> None:
            try:
                answer.set_result(function(*args))
            except BaseException as error:  # noqa: BLE001 -- raised where it was called
                answer.set_exception(error)

        loop.call_soon_threadsafe(run)
        try:
            return answer.result(_SECONDS_TO_ASK)
        except concurrent.futures.TimeoutError:
            return None

    return call
