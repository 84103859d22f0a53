"""Keys that are made from texts: whether they are those of this program, and making them so (contract 8).

Most are folds; an e-mail address has two, its fold for searches and its key as an identifier.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec

from guildhall.model.emails import domain_of, email_key
from guildhall.model.names import fold
from guildhall.model.orgs import Org
from guildhall.model.users import Profile
from guildhall.store.database import Transaction
from guildhall.store.maintenance import folds
from guildhall.store.maintenance.folds import NameFold, UserFold
from guildhall.store.orgs import SELECT_ORGS
from guildhall.store.statement import Statement

_ROWS_AT_ONCE = 5_000


class Collision(msgspec.Struct, frozen=True, rename="camel"):
    """Names that have become equal, and must not be: one line for each of them."""

    org_id: str
    kind: str
    id: str
    name: str
    equals: str
    """What they are compared by now."""


class NamesCollide(Exception):
    """Names or addresses that were different are equal for this program; the change has to be taken back."""

    def __init__(self, collisions: list[Collision]) -> None:
        super().__init__(f"{len(collisions)} names have become equal to others.")
        self.collisions = collisions


class Change(msgspec.Struct, frozen=True):
    """A row whose folds are not those that they should be; by column."""

    row: NameFold | UserFold
    stored: dict[str, str]
    expected: dict[str, str]


class Kind(msgspec.Struct, frozen=True):
    """What is folded, and which of its folds is unique: that of one text."""

    name: str
    select: Statement[Any]
    update: Statement[Any]
    unique: str | None = None
    holders: Statement[NameFold] | None = None
    """Finds the rows of one scope that hold some of its unique folds."""


KINDS = (
    Kind("directories", folds.SELECT_DIRECTORY_FOLDS, folds.UPDATE_DIRECTORY_FOLD),
    Kind("resources", folds.SELECT_RESOURCE_FOLDS, folds.UPDATE_RESOURCE_FOLD),
    Kind(
        "groups", folds.SELECT_GROUP_FOLDS, folds.UPDATE_GROUP_FOLD, "name_key", folds.SELECT_GROUPS_OF_FOLDS
    ),
    Kind("users", folds.SELECT_USER_FOLDS, folds.UPDATE_USER_FOLD, "email_key", folds.SELECT_USERS_OF_FOLDS),
)


def expected_folds(row: NameFold | UserFold) -> dict[str, str]:
    """Return the folds that a row should hold, by column."""
    if isinstance(row, NameFold):
        return {"name_key": fold(row.name)}
    key = email_key(row.email)
    nickname = msgspec.json.decode(row.profile, type=Profile).nickname
    return {
        "name_key": fold(row.name),
        "nickname_key": fold(nickname or row.name),
        "email_key": key,
        "email_fold": fold(row.email),
        "email_domain": domain_of(key),
    }


async def changes_in_slice(
    tx: Transaction, org_key: int, kind: Kind, start: int
) -> tuple[list[Change], int | None]:
    """Return what differs in the next rows behind the key `start`, and the last key, None at the end."""
    rows = await tx.all(kind.select, org_key=org_key, start=start, most=_ROWS_AT_ONCE)
    changes = []
    for row in rows:
        expected = expected_folds(row)
        stored = {column: getattr(row, column) for column in expected}
        if stored != expected:
            changes.append(Change(row, stored, expected))
    return changes, rows[-1].key if rows else None


async def refold(tx: Transaction) -> int:
    """Make every fold anew, a slice of rows at a time; return how many rows changed.

    Raises NamesCollide once all is done, so that it names them all: the caller takes the transaction back.
    """
    changed, collisions = 0, _Collisions()
    for org in await tx.all(SELECT_ORGS):
        for kind in KINDS:
            await _set_aside(tx, org.org_key, kind)
            async for changes in _slices(tx, org.org_key, kind):
                fitting = await collisions.without(tx, org, kind, changes)
                await _store(tx, org.org_key, kind, [(change, change.expected) for change in fitting])
                changed += len(changes)
    if collisions.found:
        raise NamesCollide(collisions.listed())
    return changed


async def _slices(tx: Transaction, org_key: int, kind: Kind) -> AsyncIterator[list[Change]]:
    last: int | None = 0
    while last is not None:
        changes, last = await changes_in_slice(tx, org_key, kind, last)
        if changes:
            yield changes


async def _set_aside(tx: Transaction, org_key: int, kind: Kind) -> None:
    """Let unique folds that will change make way, since one row may take what another leaves."""
    if kind.unique is None:
        return
    async for changes in _slices(tx, org_key, kind):
        # No text that anybody can give holds a control character.
        aside = [(change, change.stored | {kind.unique: f"\x01{change.row.key}"}) for change in changes]
        await _store(tx, org_key, kind, aside)


async def _store(
    tx: Transaction, org_key: int, kind: Kind, rows: Sequence[tuple[Change, dict[str, str]]]
) -> None:
    for change, columns in rows:
        await tx.run(kind.update, org_key=org_key, key=change.row.key, **columns)


class _Collisions:
    """Finds rows that would take what another row holds."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, str, int, str], list[tuple[str, str]]] = {}
        """Ids and texts of all that are equal, by organization, kind, scope and fold."""

    async def without(
        self, tx: Transaction, org: Org, kind: Kind, changes: Sequence[Change]
    ) -> Sequence[Change]:
        """Return the changes that collide with nothing, and note the others."""
        if kind.unique is None:
            return changes
        holders = await _holders(tx, org.org_key, kind, changes)
        fitting = []
        for change in changes:
            place = (change.row.scope, change.expected[kind.unique])
            name = (change.row.id, _text(change.row))
            if place in holders:
                self.found.setdefault((org.id, kind.name, *place), [holders[place]]).append(name)
            else:
                holders[place] = name
                fitting.append(change)
        return fitting

    def listed(self) -> list[Collision]:
        """Return a line for each row."""
        return [
            Collision(org_id, kind, public_id, text, folded)
            for (org_id, kind, _, folded), names in self.found.items()
            for public_id, text in names
        ]


async def _holders(
    tx: Transaction, org_key: int, kind: Kind, changes: Sequence[Change]
) -> dict[tuple[int, str], tuple[str, str]]:
    """Return the ids and texts of the rows that hold what the changes want, by scope and fold."""
    if kind.unique is None or kind.holders is None:
        return {}
    wanted = defaultdict(list)
    for change in changes:
        wanted[change.row.scope].append(change.expected[kind.unique])
    return {
        (scope, row.name_key): (row.id, row.name)
        for scope, keys in wanted.items()
        for row in await tx.all(kind.holders, org_key=org_key, scope=scope, folds=keys)
    }


def _text(row: NameFold | UserFold) -> str:
    return row.name if isinstance(row, NameFold) else row.email
