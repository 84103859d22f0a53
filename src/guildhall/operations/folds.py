"""Folds again: whether they are those of today's Unicode, and making them so (contract 8, "Text")."""

from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any

import msgspec

from guildhall.model.names import fold
from guildhall.model.users import Profile
from guildhall.store import folds
from guildhall.store.database import Transaction
from guildhall.store.folds import NameFold, UserFold
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
    """The fold that they share now."""


class NamesCollide(Exception):
    """Names that were different are equal by this program's Unicode version; nothing was changed."""

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
    of_fold: Statement[NameFold] | None = None


KINDS = (
    Kind("directories", folds.SELECT_DIRECTORY_FOLDS, folds.UPDATE_DIRECTORY_FOLD),
    Kind("resources", folds.SELECT_RESOURCE_FOLDS, folds.UPDATE_RESOURCE_FOLD),
    Kind("groups", folds.SELECT_GROUP_FOLDS, folds.UPDATE_GROUP_FOLD, "name_key", folds.SELECT_GROUP_OF_FOLD),
    Kind("users", folds.SELECT_USER_FOLDS, folds.UPDATE_USER_FOLD, "email_key", folds.SELECT_USER_OF_FOLD),
)


def expected_folds(row: NameFold | UserFold) -> dict[str, str]:
    """Return the folds that a row should hold, by column."""
    if isinstance(row, NameFold):
        return {"name_key": fold(row.name)}
    email_key = fold(row.email)
    nickname = msgspec.json.decode(row.profile, type=Profile).nickname
    return {
        "name_key": fold(row.name),
        "nickname_key": fold(nickname or row.name),
        "email_key": email_key,
        "email_domain": email_key.rpartition("@")[2],
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
    """Make every fold anew; return how many rows changed. Raises NamesCollide before any change."""
    found = [
        (org.org_key, org.id, kind, [change async for change in _changes(tx, org.org_key, kind)])
        for org in await tx.all(SELECT_ORGS)
        for kind in KINDS
    ]
    collisions: list[Collision] = []
    for org_key, org_id, kind, changes in found:
        collisions += await _collisions(tx, (org_key, org_id), kind, changes)
    if collisions:
        raise NamesCollide(collisions)
    for org_key, _, kind, changes in found:
        await _apply(tx, org_key, kind, changes)
    return sum(len(changes) for _, _, _, changes in found)


async def _changes(tx: Transaction, org_key: int, kind: Kind) -> AsyncIterator[Change]:
    last: int | None = 0
    while last is not None:
        changes, last = await changes_in_slice(tx, org_key, kind, last)
        for change in changes:
            yield change


async def _collisions(
    tx: Transaction, org: tuple[int, str], kind: Kind, changes: list[Change]
) -> list[Collision]:
    if kind.unique is None or kind.of_fold is None:
        return []
    org_key, org_id = org
    changed = {change.row.key for change in changes}
    holders: dict[tuple[int, str], list[tuple[str, str]]] = defaultdict(list)
    for change in changes:
        row = change.row
        text = row.name if isinstance(row, NameFold) else row.email
        holders[row.scope, change.expected[kind.unique]].append((row.id, text))
    for (scope, folded), names in holders.items():
        there = await tx.one(kind.of_fold, org_key=org_key, scope=scope, fold=folded)
        if there is not None and there.key not in changed:
            names.append((there.id, there.name))
    return [
        Collision(org_id, kind.name, public_id, text, folded)
        for (_, folded), names in holders.items()
        if len(names) > 1
        for public_id, text in names
    ]


async def _apply(tx: Transaction, org_key: int, kind: Kind, changes: list[Change]) -> None:
    """Store the new folds; unique ones first make way, since one may take what another leaves."""
    if kind.unique is not None:
        for change in changes:
            # No text that anybody can give holds a control character.
            aside = change.stored | {kind.unique: f"\x01{change.row.key}"}
            await tx.run(kind.update, org_key=org_key, key=change.row.key, **aside)
    for change in changes:
        await tx.run(kind.update, org_key=org_key, key=change.row.key, **change.expected)
