"""Ranges of indexes that hold each of their users once, in the order of keys, read as bits (ADR 16).

SQLite makes the bits itself: handing over each key takes twice as long, and the interpreter meanwhile.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import msgspec

from guildhall.model.filters import Keys
from guildhall.model.user_lists import STANDINGS, UserFilter
from guildhall.model.users import UserStatus
from guildhall.store import trigrams
from guildhall.store.database import Transaction
from guildhall.store.directories import SELECT_ALL_DIRECTORY_KEYS
from guildhall.store.drivers import given
from guildhall.store.statement import Statement
from guildhall.store.user_filters import SEARCHED

_MOST_RANGES = 16
"""Ranges that one set is read from. Of more, most are likely to be short."""

_LOOKED_AT = 10_000
"""Rows of a range that say how dense it is: one way to read takes as long again as the other, not more."""

_DENSE = 6
"""Where one in so many keys is in a range, it is read in blocks: to look for each block takes time, too."""

_BLOCK = 64
"""Keys that become one number of SQLite."""

_HEXADECIMAL = 16
_SOURCES = {
    "groups": "memberships AS i WHERE i.org_key = :org_key AND i.group_key = :value",
    "roles": "role_holders AS i WHERE i.org_key = :org_key AND i.role_key = :value",
    "claims": "users AS i WHERE i.org_key = :org_key AND i.claim_status = :value",
    "mfa": "users AS i WHERE i.org_key = :org_key AND i.mfa_enabled = :value",
    "domains": "users AS i WHERE i.org_key = :org_key AND i.email_domain = :value",
}
_PLACES = """
    directory_users AS i
    WHERE i.org_key = :org_key AND i.status = :value AND i.directory_key = :directory_key
"""
_SCANNED = f"users AS i WHERE + i.org_key = :org_key AND {SEARCHED.replace('u.', 'i.')}"
"""All users: the sum keeps SQLite from reading each by way of an index."""


class Range(msgspec.Struct, frozen=True):
    """A range of users i, and the values of its parameters."""

    source: str
    values: dict[str, Any]

    @property
    def keys(self) -> str:
        """A query for its keys, as column `hit`."""
        return f"SELECT i.user_key AS hit FROM {self.source}"


async def find_ranges(tx: Transaction, org_key: int, part: UserFilter) -> list[Range]:
    """Return ranges that hold the users of a part between them; none where it has to be read otherwise."""
    names = given(part)
    if names <= {"directories", "standings"}:
        ranges = await _ranges_of_places(tx, org_key, part)
    elif names == {"search"}:
        common = await trigrams.is_common(tx, org_key, part.search or "")
        ranges = [Range(_SCANNED, {"org_key": org_key, "search": part.search})] if common else []
    elif len(names) == 1 and names <= _SOURCES.keys():
        (name,) = names
        found: Keys | int = getattr(part, name)
        values: Iterable[Any] = (found,) if isinstance(found, int) else found
        ranges = [Range(_SOURCES[name], {"org_key": org_key, "value": value}) for value in values]
    else:
        return []
    return ranges if len(ranges) <= _MOST_RANGES else []


async def _ranges_of_places(tx: Transaction, org_key: int, part: UserFilter) -> list[Range]:
    statuses = set(UserStatus)
    if part.standings is not None:
        statuses = {UserStatus(STANDINGS[key][0]) for key in part.standings}
        if len(part.standings) < 2 * len(statuses):
            # The index does not hold whether an account is closed.
            return []
    directories = part.directories or await tx.values(SELECT_ALL_DIRECTORY_KEYS, org_key=org_key)
    return [
        Range(_PLACES, {"org_key": org_key, "value": int(status), "directory_key": key})
        for key in directories
        for status in sorted(statuses)
    ]


async def read_dense(tx: Transaction, wanted: Range) -> int | None:
    """Return the users of a range as bits, or None of one that seems to have too few for that."""
    start = await tx.one(_start_statement(wanted.source), **wanted.values, most=_LOOKED_AT)
    if start is None or start.first is None or start.reached is None:
        return 0
    if start.reached - start.first >= start.rows * _DENSE:
        return None
    statement, first = _blocks_statement(wanted.source), start.first // _BLOCK * _BLOCK
    blocks = await tx.value(statement, **wanted.values, first=first, last=start.last)
    return int(blocks, _HEXADECIMAL) << first


class _Start(msgspec.Struct, frozen=True):
    """How many rows of a range were looked at, the first and the last of them, and the last of all."""

    rows: int
    first: int | None
    reached: int | None
    last: int | None


@lru_cache(64)
def _start_statement(source: str) -> Statement[_Start]:
    return Statement(
        f"""
        SELECT count(*), min(looked_at.hit), max(looked_at.hit), (SELECT max(i.user_key) FROM {source})
        FROM (SELECT i.user_key AS hit FROM {source} ORDER BY i.user_key LIMIT :most) AS looked_at
        """,
        _Start,
    )


@lru_cache(64)
def _blocks_statement(source: str) -> Statement[Any]:
    """The sum of 64 different bits does not overflow: the last of them is the sign."""
    return Statement(
        f"""
        WITH RECURSIVE blocks (first) AS (
            SELECT :last - :last % 64
            UNION ALL SELECT first - 64 FROM blocks WHERE first > :first ORDER BY 1 DESC
        )
        SELECT group_concat(printf('%016x', COALESCE((
            SELECT sum(1 << (i.user_key - blocks.first)) FROM {source}
              AND i.user_key >= blocks.first AND i.user_key < blocks.first + 64
        ), 0)), '') FROM blocks
        """
    )
