"""Who calls: bearer keys, looked up at most once a second each (contract 1.2, 1.7)."""

import time
from collections.abc import Callable

import msgspec

from guildhall.http.errors import rate_limit_headers
from guildhall.http.request_counts import RequestCounts
from guildhall.model.errors import RateLimited, Unauthenticated
from guildhall.model.keys import APIKey, hash_key, organization_of
from guildhall.model.permissions import Caller
from guildhall.store import keys, orgs
from guildhall.store.database import Database, Transaction

FRESH_SECONDS = 1.0
"""How long a looked-up key may be used without looking again: a revoked key stops within it."""

_MOST_CACHED = 10_000
_MINUTE = 60_000
_SCHEME = "bearer "


class _Known(msgspec.Struct):
    """A key that was looked up, until it must be looked up again."""

    caller: Caller
    hash: bytes
    expires_at: int | None
    rate_limit: int | None
    fresh_until: float

    def has_expired(self, now: int) -> bool:
        """Whether the key is no longer valid."""
        return self.expires_at is not None and now >= self.expires_at


class Authenticator:
    """Turns an `Authorization` header into a caller."""

    def __init__(self, database: Database, clock: Callable[[], int], counts: RequestCounts) -> None:
        self._database = database
        self._clock = clock
        self._counts = counts
        self._known: dict[bytes, _Known] = {}
        self._last_used: dict[tuple[int, str], int] = {}

    async def authenticate(self, header: str | None) -> tuple[Caller, list[tuple[str, str]]]:
        """Return who calls, and the rate-limit headers of a limited key.

        Raises Unauthenticated, and RateLimited when the key's requests of this minute are used up.
        """
        known, now = await self._find(header)
        self._note_use(known.caller, now)
        return known.caller, self._count(known, now) if known.rate_limit else []

    async def confirm(self, header: str | None) -> Caller:
        """Return who calls now, once a body has come: the key may have been revoked while it came."""
        known, _ = await self._find(header)
        return known.caller

    async def _find(self, header: str | None) -> tuple[_Known, int]:
        key = _bearer_key(header)
        if key is None:
            raise Unauthenticated("Send an API key as `Authorization: Bearer <key>`.")
        hashed = hash_key(key)
        known = self._known.get(hashed)
        if known is None or time.monotonic() > known.fresh_until:
            known = await self._look_up(key, hashed)
        now = self._clock()
        if known.has_expired(now):
            raise Unauthenticated("The API key has expired.")
        return known, now

    def _note_use(self, caller: Caller, now: int) -> None:
        if caller.key_id is not None:
            self._last_used[caller.org_key, caller.key_id] = now

    async def _look_up(self, key: str, hashed: bytes) -> _Known:
        org_id = organization_of(key)
        begun = time.monotonic()
        found = await self._database.read(_select_key, org_id, hashed) if org_id else None
        if found is None:
            self._known.pop(hashed, None)
            raise Unauthenticated("The API key is malformed, unknown or revoked.")
        if len(self._known) >= _MOST_CACHED:
            self._known.clear()
        caller, api_key = found
        limits = api_key.expires_at, api_key.rate_limit, begun + FRESH_SECONDS
        known = self._known[hashed] = _Known(caller, hashed, *limits)
        return known

    def forget(self) -> None:
        """Look every key up again at its next use."""
        self._known.clear()

    def _count(self, known: _Known, now: int) -> list[tuple[str, str]]:
        """Count a request of a limited key; return the headers that say what is left."""
        limit, minute = known.rate_limit or 0, now // _MINUTE
        reset = (minute + 1) * _MINUTE
        left = self._counts.take(known.hash, minute, limit)
        if left is None:
            seconds = -(-(reset - now) // 1_000)
            raise RateLimited(
                f"The API key may make {limit} requests a minute; try again in {seconds} seconds.",
                limit=limit,
                reset=reset,
                retry_after=seconds,
            )
        return rate_limit_headers(limit, left, reset)

    async def save_last_used(self) -> None:
        """Store when each key was last used; called now and then, since it is no part of any answer."""
        used, self._last_used = self._last_used, {}
        if not used:
            return
        try:
            await self._database.write(_update_last_used, used)
        except BaseException:
            self._last_used = {**used, **self._last_used}
            raise


def _bearer_key(header: str | None) -> str | None:
    if header is None or header[: len(_SCHEME)].lower() != _SCHEME:
        return None
    return header[len(_SCHEME) :].strip(" ") or None


async def _select_key(tx: Transaction, org_id: str, hashed: bytes) -> tuple[Caller, APIKey] | None:
    org = await tx.one(orgs.SELECT_ORG, org_id=org_id)
    if org is None:
        return None
    key = await tx.one(keys.SELECT_KEY_BY_HASH, org_key=org.org_key, hash=hashed)
    if key is None:
        return None
    return Caller(org.org_key, org.id, org.secret, key.id, key.name, key.granted), key


async def _update_last_used(tx: Transaction, used: dict[tuple[int, str], int]) -> None:
    rows = [(used_at, org_key, key_id) for (org_key, key_id), used_at in sorted(used.items())]
    await tx.run_many(keys.UPDATE_KEY_USED, rows)
