"""A small furnished database as bytes, and writers to its copies, for tests that need many of them."""

import asyncio
import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from guildhall.model.errors import Unavailable, UserLimitExceeded
from guildhall.model.permissions import Caller
from guildhall.operations.groups import GroupChanges, NewGroup, create_group, delete_group, rename_group
from guildhall.operations.memberships import add_member, remove_member
from guildhall.operations.role_assignments import Grant as WantedGrant
from guildhall.operations.role_assignments import assign_roles, revoke_roles
from guildhall.store.sqlite import transaction as sqlite_transaction
from guildhall.store.sqlite.database import SQLiteDatabase
from guildhall.store.sqlite.locks import WriteLock
from tests.ledger import Grant, Refused, Scribe, Unknown
from tests.make import USER, VIEWER, open_world

NAME = "guildhall.db"


class Furnished(NamedTuple):
    """A database of one directory with users and resources, but no group yet."""

    image: bytes
    caller: Caller
    secret: str
    """A key without scopes."""
    directory_id: str
    account_ids: list[str]
    grants: list[Grant]

    def copy_to(self, folder: Path) -> Path:
        """Put the database into a new folder; return its path."""
        folder.mkdir()
        (folder / NAME).write_bytes(self.image)
        return folder / NAME

    def scribes(self, count: int, seed: int) -> list[Scribe]:
        return [Scribe(f"s{number}", seed, self.account_ids, self.grants) for number in range(count)]

    def target(self, database: SQLiteDatabase) -> "StoreTarget":
        return StoreTarget(database, self.caller, self.directory_id)


def furnish(folder: Path) -> Furnished:
    """Make one; of its three resources the first has fewer seats than there are users."""
    furnished = asyncio.run(furnish_at(f"sqlite:///{folder / NAME}"))
    return furnished._replace(image=(folder / NAME).read_bytes())


async def furnish_at(url: str) -> Furnished:
    """Make one in an empty database of any engine; of a server's there is no image."""
    async with open_world(url) as world:
        users = [await world.user() for _ in range(6)]
        resources = [await world.resource(user_limit=limit) for limit in (4, None, None)]
    grants = [Grant(resource.id, role_id) for resource in resources for role_id in (USER, VIEWER)]
    return Furnished(b"", world.caller, world.secret, world.default.id, [user.id for user in users], grants)


class StoreTarget:
    """Writes through the rules into the store; see `tests.ledger.Target`."""

    def __init__(self, database: SQLiteDatabase, caller: Caller, directory_id: str) -> None:
        self._database = database
        self._caller = caller
        self._directory_id = directory_id

    async def _write(self, operation: Any, *args: Any) -> Any:
        try:
            return await self._database.write(operation, self._caller, self._directory_id, *args)
        except Unavailable as error:
            raise Unknown from error
        except UserLimitExceeded as error:
            raise Refused from error

    async def create(self, name: str) -> str:
        return (await self._write(create_group, NewGroup(name))).id

    async def rename(self, group_id: str, name: str) -> None:
        await self._write(rename_group, group_id, GroupChanges(name=name))

    async def delete(self, group_id: str) -> None:
        await self._write(delete_group, group_id)

    async def add(self, group_id: str, account_id: str) -> None:
        await self._write(add_member, group_id, account_id)

    async def remove(self, group_id: str, account_id: str) -> None:
        await self._write(remove_member, group_id, account_id)

    async def assign(self, group_id: str, grant: Grant) -> None:
        await self._write(assign_roles, group_id, [WantedGrant(*grant)])

    async def revoke(self, group_id: str, grant: Grant) -> None:
        await self._write(revoke_roles, group_id, [WantedGrant(*grant)])


def replace_pragmas(monkeypatch: pytest.MonkeyPatch, **values: int | str) -> None:
    """Let the connections of the store be made with other settings."""
    for name, value in values.items():
        pragmas, replaced = re.subn(rf"{name} = .*;", f"{name} = {value};", sqlite_transaction._PRAGMAS)
        assert replaced
        monkeypatch.setattr(sqlite_transaction, "_PRAGMAS", pragmas)


@contextlib.contextmanager
def writer_held(path: Path) -> Iterator[None]:
    """Keep the writers of a database from beginning a batch: what is queued meanwhile shares one."""
    with contextlib.closing(WriteLock(path)) as lock, lock:
        yield
