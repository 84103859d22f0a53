"""A disk that is full or breaks, at every point where something is written."""

import asyncio
import contextlib
import itertools
import math
from collections.abc import Iterator
from pathlib import Path

import apsw
import httpx
import pytest

from guildhall.app import Server
from guildhall.model.errors import Unavailable
from guildhall.operations.groups import NewGroup, create_group
from guildhall.settings import Settings
from guildhall.store.database import Transaction
from guildhall.store.sqlite.database import SQLiteDatabase
from guildhall.store.statement import Statement
from tests.ledger import Scribe, Unknown, opened, read_groups, require_whole
from tests.store.faults import Failure, FaultyDisk
from tests.store.furnished import NAME, Furnished, furnish, replace_pragmas, writer_held


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Furnished:
    return furnish(tmp_path_factory.mktemp("furnished"))


@pytest.mark.parametrize("failure", list(Failure), ids=lambda failure: failure.name)
@pytest.mark.parametrize("times", [1, math.inf])
def test_disk_fails_at_every_operation(
    furnished: Furnished,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    failure: Failure,
    times: float,
) -> None:
    replace_pragmas(monkeypatch, wal_autocheckpoint=20)
    for after in itertools.count():
        disk, scribes = FaultyDisk(seed=after), furnished.scribes(2, seed=after)
        path = furnished.copy_to(tmp_path / str(after))
        asyncio.run(Round(disk, path, furnished, scribes).run(failure, after, times))
        compare_after_cut(disk, tmp_path / f"{after}-after", scribes)
        if not disk.failures:
            break
    assert after > 30


def compare_after_cut(disk: FaultyDisk, folder: Path, scribes: list[Scribe]) -> None:
    folder.mkdir()
    disk.materialize(folder)
    with opened(folder / NAME) as connection:
        found = require_whole(connection)
    for scribe in scribes:
        scribe.compare(found)


class Round:
    def __init__(self, disk: FaultyDisk, path: Path, furnished: Furnished, scribes: list[Scribe]) -> None:
        self.disk, self.path, self.furnished, self.scribes = disk, path, furnished, scribes

    async def run(self, failure: Failure, after: int, times: float) -> None:
        """Some changes with a failure among them, which is mended as soon as one was not confirmed."""
        database = SQLiteDatabase(self.path, vfs=self.disk.name)
        self.disk.fail(failure, after, times)
        for _ in range(3):
            target = self.furnished.target(database)
            changes = (scribe.change(target) for scribe in self.scribes)
            outcomes = await asyncio.gather(*changes, return_exceptions=True)
            assert all(outcome is None or isinstance(outcome, Unknown) for outcome in outcomes), outcomes
            if any(outcomes):
                await self.go_on_reading()
                if times == math.inf:
                    assert await database.check()
                self.disk.repair()
                assert await database.check() is None
        self.disk.repair()
        await database.close()

    async def go_on_reading(self) -> None:
        with opened(self.path, self.disk.name) as connection:
            found = read_groups(connection)
        for scribe in self.scribes:
            scribe.compare(found)


MANY = 100
"""Groups made by one operation: more than the small cache of the test holds."""


@pytest.mark.parametrize("failure", list(Failure), ids=lambda failure: failure.name)
def test_disk_fails_within_an_operation(
    furnished: Furnished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: Failure
) -> None:
    """What is written before its COMMIT fails then: nothing of the transaction is there or confirmed."""
    replace_pragmas(monkeypatch, cache_size=10)
    sizes: set[int] = set()
    for after in itertools.count(step=101):
        disk = FaultyDisk(seed=after)
        path = furnished.copy_to(tmp_path / str(after))
        confirmed = asyncio.run(create_around_many(furnished, disk, path, (failure, after)))
        compare_after_cut(disk, tmp_path / f"{after}-after", [])
        with opened(tmp_path / f"{after}-after" / NAME) as connection:
            assert confirmed == read_groups(connection).groups.keys()
        sizes.add(len(confirmed))
        if not disk.failures:
            break
    assert sizes <= {0, 1, MANY + 1, MANY + 2}
    assert len(sizes) > 1


async def create_around_many(
    furnished: Furnished, disk: FaultyDisk, path: Path, failure: tuple[Failure, int]
) -> set[str]:
    """Create a group, many and one more in one batch; return the names of those confirmed."""
    database = SQLiteDatabase(path, vfs=disk.name)
    disk.fail(*failure)
    wanted = [["before"], [f"many {number}" for number in range(MANY)], ["after"]]
    with writer_held(path):
        tasks = [asyncio.create_task(database.write(create_groups, furnished, names)) for names in wanted]
        await asyncio.sleep(0)
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(outcome is None or isinstance(outcome, Unavailable) for outcome in outcomes), outcomes
    disk.repair()
    assert await database.check() is None
    await database.close()
    return {
        name for names, outcome in zip(wanted, outcomes, strict=True) if outcome is None for name in names
    }


async def create_groups(tx: Transaction, furnished: Furnished, names: list[str]) -> None:
    for name in names:
        await create_group(tx, furnished.caller, furnished.directory_id, NewGroup(name))


async def test_failed_commit_is_scrubbed_before_more_is_taken(furnished: Furnished, tmp_path: Path) -> None:
    disk = FaultyDisk()
    database = SQLiteDatabase(furnished.copy_to(tmp_path / "a"), vfs=disk.name)
    taken: list[str] = []

    async def create(tx: Transaction, name: str) -> None:
        taken.append(name)
        await create_groups(tx, furnished, [name])

    disk.fail(Failure.BROKEN, times=math.inf, suffix="-wal")
    with pytest.raises(Unavailable, match="not known"):
        await database.write(create, "unknown")
    assert database.trouble == "The database could not be written: IOError."
    with pytest.raises(Unavailable):
        await database.write(create, "not taken")
    assert await database.check() == database.trouble
    assert await database.read(read_scrubs_and_groups) == (0, 0)
    disk.repair()
    await database.write(create, "taken")
    assert database.trouble is None
    assert taken == ["unknown", "taken"]
    assert await database.read(read_scrubs_and_groups) == (1, 1)
    await database.close()
    compare_after_cut(disk, tmp_path / "b", [])


SELECT_SCRUBS = Statement("SELECT scrubs FROM schema_info")
COUNT_GROUPS = Statement("SELECT count(*) FROM groups")


async def read_scrubs_and_groups(tx: Transaction) -> tuple[int, int]:
    return await tx.value(SELECT_SCRUBS), await tx.value(COUNT_GROUPS)


async def test_disk_full_over_http(furnished: Furnished, tmp_path: Path) -> None:
    disk = FaultyDisk()
    path = furnished.copy_to(tmp_path / "a")
    with everything_on(disk):
        server = Server(Settings(database=f"sqlite:///{path}"))
        await server.start()
        headers = {"authorization": f"Bearer {furnished.secret}"}
        transport = httpx.ASGITransport(server)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1", headers=headers
        ) as http:
            await use_full_disk(http, furnished, disk)
        await server.stop()


async def use_full_disk(http: httpx.AsyncClient, furnished: Furnished, disk: FaultyDisk) -> None:
    groups = f"/admin/v2/orgs/{furnished.caller.org_id}/directories/{furnished.directory_id}/groups"
    assert (await http.post(groups, json={"name": "before"})).status_code == 201
    disk.fail(Failure.FULL, times=math.inf)
    refused = await http.post(groups, json={"name": "during"})
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert refused.json()["errors"][0]["code"] == "ADMIN-UAM-503-1"
    listed = await http.get(groups)
    assert [group["name"] for group in listed.json()["data"]] == ["before"]
    unready = await http.get("/readyz")
    assert (unready.status_code, unready.json()["detail"]) == (
        503,
        "The database could not be written: FullError.",
    )
    assert (await http.get("/healthz")).status_code == 200
    disk.repair()
    assert (await http.get("/readyz")).status_code == 200
    assert (await http.post(groups, json={"name": "during"})).status_code == 201


@contextlib.contextmanager
def everything_on(disk: FaultyDisk) -> Iterator[None]:
    """Let whoever opens a database meanwhile open it on this disk."""
    apsw.set_default_vfs(disk.name)
    try:
        yield
    finally:
        apsw.set_default_vfs("unix")
