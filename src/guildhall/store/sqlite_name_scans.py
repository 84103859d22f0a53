"""Names in memory for SQLite: made in a thread when they are missed, used while they hold (ADR 15)."""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from typing import Any

import apsw
import msgspec

from guildhall.store.freshness import Freshness
from guildhall.store.name_scans import END, NameScan
from guildhall.store.threads import QUICK_TURNS

MOST_BYTES = 16 << 20
"""Bytes of text in memory at most, of all organizations together: to search so much takes some 10 ms."""

_REST = 20
"""How many times as long as making a scan took no other is made: who renames all the time shall not pay for
scans that never hold."""

_NUMBERS = msgspec.json.Decoder(list[int])
_LOG = logging.getLogger("guildhall.store")

SELECT_NAMES = f"""
    SELECT group_concat(listed.name_key, char({ord(END)})), group_concat(listed.group_key, ',')
    FROM (SELECT g.name_key, g.group_key FROM groups AS g
          WHERE g.org_key = ? ORDER BY g.name_key, g.id) AS listed
"""
"""One row, made without the interpreter."""


class _Made(msgspec.Struct, frozen=True):
    """A scan, and the moment that it is of; None is one that was larger than all that may be held."""

    scan: NameScan | None
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
                return NameScan("", [])
            return NameScan(names + END, _NUMBERS.decode(f"[{keys}]"))

    def _keep(self, org_key: int, moment: int | None, begun: float, made: "asyncio.Future[NameScan]") -> None:
        now = time.monotonic()
        self._making, self._not_before = None, now + _REST * (now - begun)
        if made.cancelled():
            return
        if made.exception() is not None:
            _LOG.warning("the names of groups could not be read for searching", exc_info=made.exception())
        elif moment is not None:
            scan = made.result()
            self._made.pop(org_key, None)
            self._made[org_key] = _Made(scan if scan.size <= MOST_BYTES else None, moment)
            while sum(each.scan.size for each in self._made.values() if each.scan) > MOST_BYTES:
                # The one not used for longest; to forget one that was too large would free nothing.
                del self._made[next(org for org, each in self._made.items() if each.scan)]
