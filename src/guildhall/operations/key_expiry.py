"""Keys that expire soon are told of before their scripts stop."""

import logging
from collections.abc import Callable

import msgspec

from guildhall.model.keys import SOON_DAYS, APIKey
from guildhall.model.orgs import Org
from guildhall.model.times import to_text
from guildhall.store.database import Database, Transaction
from guildhall.store.keys import SELECT_EXPIRING_KEYS
from guildhall.store.orgs import SELECT_ORGS

_DAY = 86_400_000
_LOG = logging.getLogger("guildhall.keys")


class ExpiringKey(msgspec.Struct, frozen=True):
    """A key that expires soon, and its organization."""

    org: Org
    key: APIKey
    days: int
    """Whole days that are left."""


async def list_expiring_keys(tx: Transaction) -> list[ExpiringKey]:
    """Return the keys of all organizations that expire within ten days, those first that expire first."""
    latest = tx.now + SOON_DAYS * _DAY
    found = [
        ExpiringKey(org, key, ((key.expires_at or tx.now) - tx.now) // _DAY)
        for org in await tx.all(SELECT_ORGS)
        for key in await tx.all(SELECT_EXPIRING_KEYS, org_key=org.org_key, now=tx.now, latest=latest)
    ]
    return sorted(found, key=lambda one: (one.key.expires_at, one.key.id))


class ExpiryWatch:
    """Warns of keys that expire soon in the log, once a day."""

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        self._database = database
        self._clock = clock
        self._day: int | None = None

    async def look(self) -> None:
        """Write a warning for each such key, unless that has been done today (UTC)."""
        today = self._clock() // _DAY
        if today == self._day:
            return
        for found in await self._database.read(list_expiring_keys):
            _LOG.warning(
                'the API key "%s" (%s) of the organization "%s" expires on %s, in %s; make another with'
                " `guildhall keys create`",
                found.key.name,
                found.key.id,
                found.org.name,
                to_text(found.key.expires_at or 0),
                "1 day" if found.days == 1 else f"{found.days} days",
            )
        self._day = today
