"""Searches by the names in memory equal searches through the indexes (ADR 15)."""

import asyncio
import random
import threading

import pytest

from guildhall.model.filters import GroupFilter, GroupView
from guildhall.model.paging import Window
from guildhall.operations.groups import GroupChanges, rename_group
from guildhall.store import drivers, group_pages, sqlite, sqlite_name_scans
from guildhall.store.name_scans import END, NameScan
from guildhall.store.sqlite import SQLiteDatabase
from tests import make

NAMES = ["a team", "ab", "team", "team", "team b", "teapot", "über team", "z"]


@pytest.fixture
async def world(tmp_path):
    async with make.open_world(f"sqlite:///{tmp_path}/guildhall.db") as opened:
        yield opened


@pytest.fixture
def sqlite_plan(world):
    def plan(sql):
        return str(world.database._reader.execute(f"EXPLAIN QUERY PLAN {sql}", (1,)).fetchall())

    return plan


@pytest.fixture
def far(monkeypatch):
    """Let no filter match so few that it is gathered at once, batches end early, and all stay on the loop."""
    monkeypatch.setattr(drivers, "FEW", -1)
    monkeypatch.setattr(group_pages, "_BATCHES", (1, 2, 3, 200))
    monkeypatch.setattr(sqlite, "READ_BUDGET", 10)
    monkeypatch.setattr(sqlite, "SCAN_BUDGET", 10)


async def scanned(world):
    """Make the scan of the world's organization and wait until it is there."""
    scans = world.database._name_scans
    scans.make(world.caller.org_key)
    await settled(scans)
    return scans


async def settled(scans):
    """Wait until what is being made is there: its callback runs in the next round of the loop."""
    if scans._making is not None:
        await asyncio.wait([scans._making])
        await asyncio.sleep(0)


@pytest.mark.parametrize("term", ["team", "tea", "t", "ü", "zz", "\n", "m\nt", "a team", "b"])
@pytest.mark.parametrize("start", [None, "", "ab", "team", "teapot", "zz"])
def test_keys_are_those_of_names_with_the_term(term, start):
    scan = NameScan("".join(name + END for name in NAMES), range(len(NAMES)))
    found = [key for key, name in enumerate(NAMES) if term in name]
    assert list(scan.keys(term, start=start)) == [k for k in found if start is None or NAMES[k] >= start]
    backward = [k for k in reversed(found) if start is None or NAMES[k] <= start]
    assert list(scan.keys(term, start=start, descending=True)) == backward


def test_an_organization_without_groups():
    scan = NameScan("", [])
    assert list(scan.keys("a")) == list(scan.keys("a", descending=True, start="b")) == []


@pytest.fixture
def used(monkeypatch):
    """The terms that were looked for in memory."""
    terms, keys = [], NameScan.keys

    def noted(scan, term, **given):
        terms.append(term)
        return keys(scan, term, **given)

    monkeypatch.setattr(NameScan, "keys", noted)
    return terms


async def test_pages_equal_those_of_the_indexes(world, far, used):
    """Every page of every search, forward and backward, alone and with other filters."""
    chance = random.Random(5)
    directories = [world.default, await world.directory()]
    users, resource = [await world.user(*directories) for _ in range(2)], await world.resource()
    for number in range(120):
        words = chance.sample(["team", "data", "über", "b", "qu"], 2)
        group = await world.group(f"{' '.join(words)} {number // 2}", directory=directories[number % 2])
        if number % 3 == 0:
            await world.add(group, chance.choice(users))
        if number % 4 == 0:
            await world.role(group, resource, make.VIEWER)
    await scanned(world)
    org_key = world.caller.org_key
    keys = {name: await world.read(_all_keys, name) for name in ("directories", "users", "resources")}
    for term in ("team", "te", "ü", "a 1", "qu data", "none", "b"):
        for chosen in (
            GroupFilter(search=term),
            GroupFilter(search=term, directories=keys["directories"][1:]),
            GroupFilter(search=term, directories=keys["directories"]),
            GroupFilter(search=term, users=keys["users"][:1]),
            GroupFilter(search=term, resources=keys["resources"][:1]),
        ):
            for descending in (False, True):
                view, window = GroupView(chosen, descending), Window(chance.choice((1, 5, 16)))
                found = []
                for _ in range(200):
                    before = len(used)
                    rows = await world.read(group_pages.select_groups, org_key, view, window)
                    assert len(used) == before + 1
                    world.database._name_scans, kept = _Nothing(), world.database._name_scans
                    expected = await world.read(group_pages.select_groups, org_key, view, window)
                    world.database._name_scans = kept
                    assert len(used) == before + 1
                    assert rows == expected
                    found += rows[: window.limit]
                    if len(rows) <= window.limit:
                        break
                    last = rows[window.limit - 1]
                    window = Window(window.limit, (last.name_key, last.id), chance.random() < 0.1)


async def test_what_was_renamed_is_found_by_its_new_name_at_once(world, far):
    group = await world.group("a team")
    path, groups = f"{world.v2()}/groups/{group.id}", f"{world.v2()}/groups"
    for name, term in (("a crew", "crew"), ("the team", "team"), ("nobody", "body")):
        scans = await scanned(world)
        asked = {"searchTerm": term}
        before = (await world.http.get(groups, params=asked)).json()["data"]
        assert scans.find(world.caller.org_key) is not None
        await world.http.patch(path, json={"name": name})
        assert scans.find(world.caller.org_key) is None
        after = (await world.http.get(groups, params=asked)).json()["data"]
        assert (before, [found["name"] for found in after]) == ([], [name])


async def test_organizations_do_not_see_each_other(world, far):
    other = await world.organization()
    await world.group("our team")
    await other.group("their team")
    for asking, name in ((world, "our team"), (other, "their team")):
        await scanned(asking)
        answer = await asking.http.get(f"{asking.v2('-')}/groups", params={"searchTerm": "team"})
        assert [group["name"] for group in answer.json()["data"]] == [name]


async def test_a_rename_while_a_scan_is_made(world, far):
    """It was made of names that are no longer all of them: it is not used."""
    group = await world.group("a team")
    scans = world.database._name_scans
    scans.make(world.caller.org_key)
    await world.http.patch(f"{world.v2()}/groups/{group.id}", json={"name": "a crew"})
    await settled(scans)
    assert scans.find(world.caller.org_key) is None


async def found_beside_those_there(tx, org_key):
    """Return the ids of the groups whose names hold `qu`; they are those that the snapshot has."""
    rows = await group_pages.select_groups(tx, org_key, GroupView(GroupFilter(search="qu")), Window(50))
    sql = "SELECT id FROM groups WHERE instr(name_key, 'qu') ORDER BY name_key"
    found = [row.id for row in rows]
    assert found == [group_id for (group_id,) in tx._connection.execute(sql)]
    return found


async def test_a_rename_elsewhere_while_names_are_searched(world, far, monkeypatch):
    """The snapshot is older, so it finds what was there; the next one finds the new name."""
    quiet, keys = await world.group("quiet"), NameScan.keys
    crew = await world.group("crew")
    await scanned(world)
    other = SQLiteDatabase(world.database.path)
    changes = GroupChanges(name="quick")

    def rename():
        asyncio.run(other.write(rename_group, world.caller, None, crew.id, changes))

    org_key = world.caller.org_key

    def keys_of_before(scan, term, **given):
        found = list(keys(scan, term, **given))
        renamer = threading.Thread(target=rename)
        renamer.start()
        renamer.join()
        return iter(found)

    monkeypatch.setattr(NameScan, "keys", keys_of_before)
    try:
        assert await world.read(found_beside_those_there, org_key) == [quiet.id]
        assert await world.read(found_beside_those_there, org_key) == [crew.id, quiet.id]
    finally:
        await other.close()


async def test_searches_among_writers_find_what_their_snapshot_has(world, far, used, monkeypatch):
    """This process and another one rename, while names are searched that are made again each time."""
    monkeypatch.setattr(sqlite_name_scans, "_REST", 0)
    chance, org_key = random.Random(9), world.caller.org_key
    groups = [await world.group(f"team {number}") for number in range(8)]
    other = SQLiteDatabase(world.database.path)

    async def rename(database, number):
        changes = GroupChanges(name=f"{chance.choice(('quick', 'slow'))} {number}")
        await database.write(rename_group, world.caller, None, chance.choice(groups).id, changes)

    for number in range(40):
        writes = [
            asyncio.create_task(rename(database, f"{number} {place}"))
            for place, database in enumerate((world.database, other))
        ]
        while not all(task.done() for task in writes):
            await world.read(found_beside_those_there, org_key)
        await asyncio.gather(*writes)
        await world.read(found_beside_those_there, org_key)
        await settled(world.database._name_scans)
        await world.read(found_beside_those_there, org_key)
    await other.close()
    assert len(used) > 40


def test_ways_that_are_remembered_are_bounded():
    """One for each KiB of text, and none of a term that is long."""
    scan = NameScan("".join(f"{'n' * 100}{number:06}{END}" for number in range(2_000)), range(2_000))
    for number in range(1_000):
        assert not list(scan.keys(f"none {number}"))
        assert not list(scan.keys(f"none {number} {'x' * 200}"))
    assert 0 < len(scan._long_ways) <= scan.size // 1024 + 1
    assert max(len(term) for term, _, _ in scan._long_ways) < 20


async def test_scans_are_bounded(world, far, monkeypatch):
    monkeypatch.setattr(sqlite_name_scans, "MOST_BYTES", 15)
    other = await world.organization()
    for asking in (world, other):
        await asking.group("some team")
        scans = await scanned(asking)
    assert scans.find(other.caller.org_key) is not None
    assert list(scans._made) == [other.caller.org_key]


async def test_names_that_cannot_be_held_are_read_once_until_they_change(world, far, monkeypatch):
    monkeypatch.setattr(sqlite_name_scans, "MOST_BYTES", 15)
    monkeypatch.setattr(sqlite_name_scans, "_REST", 0)
    other = await world.organization()
    long = await other.group("a name that is longer than all that may be held")
    await world.group("some team")
    scans = await scanned(world)
    await scanned(other)
    assert scans.find(other.caller.org_key) is None
    assert scans._making is None
    assert scans.find(world.caller.org_key) is not None
    await other.http.patch(f"{other.v2()}/groups/{long.id}", json={"name": "short"})
    assert scans.find(other.caller.org_key) is None
    await settled(scans)
    assert scans.find(other.caller.org_key) is not None


def test_names_are_read_from_their_index(world, sqlite_plan):
    assert "USING COVERING INDEX groups_by_name" in sqlite_plan(sqlite_name_scans.SELECT_NAMES)
    assert "TEMP B-TREE" not in sqlite_plan(sqlite_name_scans.SELECT_NAMES)


async def test_a_scan_is_made_when_one_is_missed(world, far, monkeypatch):
    monkeypatch.setattr(sqlite_name_scans, "_REST", 0)
    await world.group("a team")
    scans = world.database._name_scans
    assert scans.find(world.caller.org_key) is None
    await settled(scans)
    assert list(scans.find(world.caller.org_key).keys("team"))


async def _all_keys(tx, table):
    names = {"directories": "directory_key", "users": "user_key", "resources": "resource_key"}
    rows = tx._connection.execute(f"SELECT {names[table]} FROM {table} ORDER BY 1").fetchall()
    return tuple(row[0] for row in rows)


class _Nothing:
    def find(self, org_key):
        return None
