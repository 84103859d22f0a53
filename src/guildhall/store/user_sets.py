"""Sets of users as bits in memory: who matches one value of a filter, a bit for each user's key (ADR 16).

A filter of several fields is the AND of sets that are each kept as one part, itself a `UserFilter`. All rows
of an account match its own filters alike; a row's directory and status are parts by status, in one directory
where rows are counted, in any of those that are meant where accounts are listed.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from guildhall.model.filters import Keys
from guildhall.model.user_lists import STANDINGS, UserFilter, standing
from guildhall.model.users import UserStatus
from guildhall.store.database import Transaction
from guildhall.store.drivers import given, searching
from guildhall.store.statement import Statement
from guildhall.store.trigrams import MATCHING_USERS, exact_users
from guildhall.store.user_filters import Shape, gathered_by, matching, searched, shape_of
from guildhall.store.user_ranges import find_ranges, read_dense

MOST_PARTS = 100
"""Sets that one question may need; more than that are not read, and not kept for one question."""

_MOST_APART = 4
"""Directories up to which each has sets of its own, which are likely to be there: numbers need them, too."""

CLOSED = UserFilter(standings=tuple(key for key, (_, closed) in STANDINGS.items() if closed))
"""The part of closed accounts."""

_SLICE = 16_384
"""Characters of keys that are read at once: so long others wait for the interpreter."""

_ONE = ord("1")
_NUMBERS = msgspec.json.Decoder(list[int])
_BYTE = 8

_TABLES = {
    "groups": ("memberships",),
    "roles": ("role_holders",),
    "resources": ("user_roles", "role_assignments", "memberships"),
    "directories": (),
    "standings": (),
}
"""What the sets of a filter are read from beside directory_users: who leaves all directories, and comes back,
counts as altered."""

TABLES_OF_CLOSED = ("users", "directory_users")


def tables_of(part: UserFilter) -> tuple[str, ...]:
    """Return the tables that a part is read from."""
    if part == CLOSED:
        return TABLES_OF_CLOSED
    names = given(part)
    name = "resources" if "resources" in names else next(iter(names))
    return (*_TABLES.get(name, ("users",)), "directory_users")


class _Hits(msgspec.Struct, frozen=True):
    """All keys, with commas between, and the largest of them; both are None when there are none."""

    keys: str | None
    last: int | None


async def read_set(tx: Transaction, org_key: int, part: UserFilter) -> int:
    """Return the users of a part as bits."""
    match = None if part.search is None else await exact_users(tx, part.search)
    if match is not None:
        return await _read_hits(tx, MATCHING_USERS, {"org_key": org_key, "match": match})
    ranges = await find_ranges(tx, org_key, part)
    if not ranges:
        return await _read_hits(tx, *await _hits_of(tx, org_key, part))
    found = 0
    for each in ranges:
        bits = await read_dense(tx, each)
        found |= await _read_hits(tx, each.keys, each.values) if bits is None else bits
    return found


async def _hits_of(tx: Transaction, org_key: int, part: UserFilter) -> tuple[str, dict[str, Any]]:
    """Return a query for the users of a part, some of them many times, with the values of its parameters."""
    gathered, values = await gathered_by(tx, org_key, part)
    sql = next((query.sql for query in gathered.values()), None)
    if part.search is not None or sql is None:
        sql = searched(sql)
    return sql, values


async def _read_hits(tx: Transaction, sql: str, values: dict[str, Any]) -> int:
    hits = await tx.one(_hits_statement(sql), **values)
    return 0 if hits is None or hits.keys is None or hits.last is None else _bits(hits.keys, hits.last)


async def mend_set(
    tx: Transaction, org_key: int, part: UserFilter, bits: int, altered: Collection[int]
) -> int:
    """Return the users of a part, of which only those altered may differ from `bits`."""
    chosen = msgspec.structs.replace(part, users=tuple(altered))
    _, values = await gathered_by(tx, org_key, chosen)
    matched = await tx.values(_matched_statement(shape_of(chosen)), **values)
    return (bits & ~_bits_of_keys(altered)) | _bits_of_keys(matched)


@lru_cache(64)
def _hits_statement(sql: str) -> Statement[_Hits]:
    return searching(f"SELECT group_concat(hits.hit), max(hits.hit) FROM ({sql}) AS hits", _Hits)


@lru_cache(64)
def _matched_statement(shape: Shape) -> Statement[Any]:
    return searching(f"SELECT u.user_key {matching(shape)}")


def _bits(keys: str, last: int) -> int:
    flags, place = bytearray(b"0") * (last + 1), 0
    while place < len(keys):
        end = keys.find(",", place + _SLICE)
        end = len(keys) if end < 0 else end
        for key in _NUMBERS.decode(f"[{keys[place:end]}]"):
            flags[~key] = _ONE
        place = end + 1
    return int(flags, 2)


def _bits_of_keys(keys: Collection[int]) -> int:
    if not keys:
        return 0
    flags = bytearray(max(keys) // _BYTE + 1)
    for key in keys:
        flags[key // _BYTE] |= 1 << key % _BYTE
    return int.from_bytes(flags, "little")


def keys_of(bits: int) -> list[int]:
    """Return the keys of the users in a set, in order."""
    text = f"{bits:b}"
    last, place, found = len(text) - 1, text.rfind("1"), []
    while place >= 0:
        found.append(last - place)
        place = text.rfind("1", 0, place)
    return found


def text_of(bits: int) -> bytes:
    """Return a set as the parameter `:bits` of statements: a digit for each key, the first one last."""
    return f"{bits:b}".encode()


def account_parts(chosen: UserFilter) -> list[UserFilter]:
    """Return the parts of the filters that are the same for all rows of an account."""
    parts = [
        UserFilter(groups=_sorted(chosen.groups)),
        UserFilter(resources=_sorted(chosen.resources), roles=_sorted(chosen.roles)),
        UserFilter(claims=_sorted(chosen.claims)),
        UserFilter(mfa=chosen.mfa),
        UserFilter(domains=None if chosen.domains is None else tuple(sorted(chosen.domains))),
        UserFilter(search=chosen.search),
    ]
    return [part for part in parts if part != UserFilter()]


def _sorted(keys: Keys | None) -> Keys | None:
    return None if keys is None else tuple(sorted(keys))


class Places:
    """The parts of rows with some status in some directories, and who has one."""

    def __init__(self, directories: Keys | None, standings: Keys | None) -> None:
        directories = _sorted(directories)
        places: list[Keys | None] = [directories]
        if directories is not None and len(directories) <= _MOST_APART:
            places = [(key,) for key in directories]
        self._parts: dict[UserFilter, frozenset[int]] = {}
        if standings is not None:
            for status in sorted({STANDINGS[key][0] for key in standings}):
                closed = frozenset(flag for flag in (0, 1) if standing(status, flag) in standings)
                self._parts |= {with_status(place, status): closed for place in places}
        elif directories is not None:
            self._parts = {UserFilter(directories=place): frozenset((0, 1)) for place in places}
        self.parts = [
            *self._parts,
            *([CLOSED] if any(len(flags) == 1 for flags in self._parts.values()) else []),
        ]

    def accounts(self, known: "Sets") -> int | None:
        """Return who has such a row, None where anybody has."""
        if not self._parts:
            return None
        found = 0
        for part, closed in self._parts.items():
            bits = known[part]
            if len(closed) == 1:
                bits = bits & known[CLOSED] if 1 in closed else bits & ~known[CLOSED]
            found |= bits
        return found


def with_status(directories: Keys | None, status: int) -> UserFilter:
    """Return the part of rows with a status in one of some directories, or in any."""
    return UserFilter(directories=directories, standings=(standing(status, 0), standing(status, 1)))


Sets = dict[UserFilter, int]


async def find_sets(
    tx: Transaction, org_key: int, parts: Iterable[UserFilter], *, read: bool = False
) -> Sets | None:
    """Return the sets of parts as they are in the transaction's snapshot, or None."""
    wanted = list(dict.fromkeys(parts))
    if not wanted or len(wanted) > MOST_PARTS:
        return None
    found = await tx.user_sets(org_key, wanted, read=read)
    return None if found is None else dict(zip(wanted, found, strict=True))


def joined(sets: Iterable[int | None]) -> int | None:
    """Return who is in all of the sets that are given, None where none is."""
    found: int | None = None
    for bits in sets:
        if bits is not None:
            found = bits if found is None else found & bits
    return found


async def find_accounts(
    tx: Transaction,
    org_key: int,
    chosen: UserFilter,
    more: Iterable[UserFilter] = (),
    *,
    read: bool = False,
) -> tuple[int, Sets] | None:
    """Return who has a row that matches, with the sets of `more` parts, or None when that is not known."""
    if chosen.users is not None:
        return None
    accounts, places = account_parts(chosen), Places(chosen.directories, chosen.standings)
    sets = await find_sets(tx, org_key, [*accounts, *places.parts, *more], read=read)
    if sets is None:
        return None
    found = joined([*(sets[part] for part in accounts), places.accounts(sets)])
    return None if found is None else (found, sets)


def status_parts(directories: Sequence[int], standings: Keys | None) -> Iterator[tuple[int, UserFilter]]:
    """Return each status that rows may have, with its part in each of the directories."""
    statuses = UserStatus if standings is None else {STANDINGS[key][0] for key in standings}
    for status in sorted(statuses):
        for directory in directories:
            yield status, with_status((directory,), status)
