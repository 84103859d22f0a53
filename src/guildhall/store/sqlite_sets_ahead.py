"""Sets of users that are read before anybody asks for them, on SQLite (ADR 16)."""

import asyncio
import itertools
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from guildhall.model.user_lists import UserFilter
from guildhall.model.users import ClaimStatus, UserStatus
from guildhall.store import roles
from guildhall.store.database import Transaction
from guildhall.store.directories import SELECT_ALL_DIRECTORY_KEYS
from guildhall.store.freshness import Freshness
from guildhall.store.orgs import SELECT_ORGS
from guildhall.store.statement import register
from guildhall.store.user_counts import count_users
from guildhall.store.user_sets import CLOSED, with_status

SMALLEST = 50_000
"""Rows of users from which sets are read ahead: of fewer, whoever asks first reads one in 5 ms."""

MOST_BYTES = 8 << 20
"""Bytes that these sets may take, which is half of what all sets may: the rest is for what is asked for."""

_REST = 20
"""How many times as long as reading took nothing is read: a twentieth of a processor for each worker."""

_REST_AT_FIRST = 4
"""The same when the server has just started, and there is nothing yet."""

_SECONDS_BETWEEN = 1.0
"""How long it is before anybody looks again whether somebody has written."""

_MANY_COMMITS = 25
"""In a second: while there are more, nothing is read ahead. It would take the processor from those who write,
and what was read would soon be altered."""

_STEPS_OF_COMMIT = 2
"""By which the moment of now moves."""

_SAMPLE = 500
_COMMON = 10
"""Domains that one in so many users has are read ahead: others are read in 10 ms by whoever asks."""

_BITS_PER_BYTE = 8
_LOG = logging.getLogger("guildhall.store")

SELECT_DOMAINS_OF_SAMPLE = register(
    "SELECT email_domain FROM users WHERE org_key = :org_key ORDER BY user_key LIMIT :most"
)


async def likely_sets(tx: Transaction) -> list[tuple[int, UserFilter]]:
    """Return the sets of large organizations by filters that have few values."""
    return [
        (org.org_key, part)
        for org in await tx.all(SELECT_ORGS)
        if await count_users(tx, org.org_key, UserFilter()) >= SMALLEST
        for part in await _likely_parts(tx, org.org_key)
    ]


async def _likely_parts(tx: Transaction, org_key: int) -> list[UserFilter]:
    catalogue = await tx.all(roles.SELECT_ROLES, org_key=org_key)
    directories = await tx.values(SELECT_ALL_DIRECTORY_KEYS, org_key=org_key)
    sample = await tx.values(SELECT_DOMAINS_OF_SAMPLE, org_key=org_key, most=_SAMPLE)
    domains = [domain for domain, seen in Counter(sample).items() if seen > _SAMPLE // _COMMON]
    return [
        CLOSED,
        *(with_status(None, status) for status in UserStatus),
        *(UserFilter(roles=(role.role_key,)) for role in catalogue),
        *(UserFilter(claims=(int(status),)) for status in ClaimStatus),
        *(UserFilter(mfa=flag) for flag in (0, 1)),
        *(UserFilter(domains=(domain,)) for domain in domains),
        *(UserFilter(directories=(key,)) for key in directories),
        *(with_status((key,), status) for key, status in itertools.product(directories, UserStatus)),
    ]


async def _find_set(tx: Transaction, org_key: int, part: UserFilter) -> int:
    """Read or mend a set unless it is in memory as it is now; return its bytes."""
    found = await tx.user_sets(org_key, [part], read=True)
    return 0 if found is None else found[0].bit_length() // _BITS_PER_BYTE


class SetsAhead:
    """Reads the likely sets, and again what writes have altered, one at a time and at leisure."""

    def __init__(self, freshness: Freshness, in_thread: Callable[..., Awaitable[Any]]) -> None:
        self._freshness = freshness
        self._in_thread = in_thread

    async def keep_reading(self) -> None:
        """Read them all at first, and whenever somebody has written; never ends."""
        done, rest = None, _REST_AT_FIRST
        while True:
            try:
                moment = self._freshness.moment()
                if moment is not None and moment != done:
                    await self.read_all(rest)
                    done, rest = moment, _REST
            except Exception:  # noqa: BLE001 -- nobody waits for it, and whoever asks is told
                _LOG.warning("sets of users could not be read ahead", exc_info=True)
            await asyncio.sleep(_SECONDS_BETWEEN)

    async def read_all(self, rest: float) -> None:
        """Read the likely sets, as many as there is room for, and rest so many times as long as each took."""
        room = MOST_BYTES
        for org_key, part in await self._at_leisure(rest, likely_sets):
            room -= await self._at_leisure(rest, _find_set, org_key, part)
            if room < 0:
                return

    async def _at_leisure(self, rest: float, function: Callable[..., Any], *args: Any) -> Any:
        begun = time.monotonic()
        found = await self._in_thread(function, *args)
        seconds = rest * (time.monotonic() - begun)
        while await self.commits_come_fast(seconds):
            seconds = _SECONDS_BETWEEN
        return found

    async def commits_come_fast(self, seconds: float) -> bool:
        """Wait for so long; return whether commits came one after another meanwhile."""
        before = self._freshness.moment()
        await asyncio.sleep(seconds)
        after = self._freshness.moment()
        if before is None or after is None:
            return False
        return after - before > _STEPS_OF_COMMIT * _MANY_COMMITS * seconds
