"""Deleting an organization, however large, while others of the database are served and written to.

Keys go first, so that nobody gets in while the rest goes. The organization's row goes last, so that who runs
the command again after an interruption can name it. Every step is a transaction of its own.
"""

import asyncio
import time
from collections.abc import Callable, Mapping

import msgspec

from guildhall.store.database import Database, Transaction
from guildhall.store.org_deletions import (
    DELETE_KEYS,
    DELETE_REST,
    SELECT_ORG_TO_DELETE,
    SLICED,
    SlicedTable,
)

_REST = 0.5
"""How many times as long as a transaction took there is no other: who waits for the write lock of SQLite has
to wake up before it is taken again, or might wait until the end."""

_BEFORE_ALL = -1
_BEHIND_ALL = 2**62

Report = Callable[[str, int], None]
"""Is told what is being deleted, and how many more rows of it are gone."""


async def delete_all_keys(tx: Transaction, org_key: int) -> int:
    """Delete every key of an organization and return how many; servers notice as with `revoke_key`.

    No event tells of it: the events are about to go as well.
    """
    return await tx.run(DELETE_KEYS, org_key=org_key)


async def delete_org_rows(database: Database, org_key: int, report: Report) -> None:
    """Delete everything of an organization whose keys are gone; the same again goes on where one was stopped.

    What others were still writing is deleted as well: it goes round until nothing is left.
    """
    done = False
    while not done:
        for table in SLICED:
            await _empty(database, table, org_key, report)
        done = await database.write(_delete_rest, org_key)


async def _empty(database: Database, table: SlicedTable, org_key: int, report: Report) -> None:
    start: Mapping[str, int] | None = table.bound("start", _BEFORE_ALL)
    while start is not None:
        begun = time.monotonic()
        deleted, start = await database.write(_delete_slice, table, org_key, start)
        report(f"Deleting {table.name.replace('_', ' ')}", deleted)
        await asyncio.sleep(_REST * (time.monotonic() - begun))


async def _delete_slice(
    tx: Transaction, table: SlicedTable, org_key: int, start: Mapping[str, int]
) -> tuple[int, Mapping[str, int] | None]:
    """Delete a slice of a table; return how many rows of it went, and where the next slice starts, if any."""
    found = await tx.one(table.select_last, org_key=org_key, rows=table.rows - 1, **start)
    last = table.bound("last", _BEHIND_ALL) if found is None else msgspec.structs.asdict(found)
    deleted = 0
    for statement in table.deletes:
        deleted = await tx.run(statement, org_key=org_key, **start, **last)
    return deleted, None if found is None else table.behind(last)


async def _delete_rest(tx: Transaction, org_key: int) -> bool:
    """Delete the small tables and the organization itself; return False when a large table has rows again."""
    await tx.one(SELECT_ORG_TO_DELETE, org_key=org_key)
    for table in SLICED:
        start = table.bound("start", _BEFORE_ALL)
        if await tx.one(table.select_last, org_key=org_key, rows=0, **start) is not None:
            return False
    for statement in DELETE_REST:
        await tx.run(statement, org_key=org_key)
    return True
