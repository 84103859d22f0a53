"""What sets of users in memory say is what the statements say, in every snapshot, whoever wrote (ADR 16)."""

import asyncio
import contextlib
import random
import threading
from collections import Counter

import msgspec
import pytest

from guildhall.model.errors import GuildhallError
from guildhall.model.paging import Window
from guildhall.model.user_lists import UserFilter, UserSort, UserView, standing
from guildhall.model.users import ClaimStatus, UserStatus
from guildhall.operations.accounts import GivenStanding, UserChanges, put_user
from guildhall.operations.groups import delete_group
from guildhall.operations.memberships import add_member, remove_member
from guildhall.operations.role_assignments import Grant, assign_roles, revoke_roles
from guildhall.operations.suspensions import remove_user, restore_user, suspend_user
from guildhall.operations.user_roles import assign_user_role
from guildhall.store import drivers, sqlite, sqlite_user_sets, user_counts, user_pages, user_sets
from guildhall.store.sqlite import SQLiteDatabase
from tests import make
from tests.store.user_town import Town

ROUNDS = 40
SUSPENDED = tuple(standing(UserStatus.SUSPENDED, closed) for closed in (0, 1))


@pytest.fixture
async def world(tmp_path, monkeypatch):
    """No read is sent to a thread because the machine is busy."""
    monkeypatch.setattr(sqlite, "READ_BUDGET", 60)
    monkeypatch.setattr(sqlite, "SCAN_BUDGET", 60)
    async with make.open_world(f"sqlite:///{tmp_path}/guildhall.db") as opened:
        yield opened


async def filters_of(world):
    """Every kind of filter alone, and some together."""
    keys = {name: await world.read(_keys, name) for name in ("directories", "groups", "resources")}
    groups, resources, directories = keys["groups"], keys["resources"], keys["directories"]
    return [
        UserFilter(groups=groups[:2]),
        UserFilter(resources=resources[:1]),
        UserFilter(resources=resources, roles=(1, 2)),
        UserFilter(roles=(1, 2)),
        UserFilter(claims=(0,), search="a"),
        UserFilter(mfa=1, domains=("two.example",)),
        UserFilter(search="ann", standings=SUSPENDED),
        UserFilter(search="qu"),
        UserFilter(directories=directories[:2], groups=groups[:1]),
        UserFilter(directories=directories[1:2], roles=(1,), standings=(standing(UserStatus.ACTIVE, 0),)),
        UserFilter(groups=groups, standings=(standing(UserStatus.DEACTIVATED, 1), *SUSPENDED)),
    ]


async def _keys(tx, table):
    names = {"directories": "directory_key", "groups": "group_key", "resources": "resource_key"}
    rows = tx._connection.execute(f"SELECT {names[table]} FROM {table} ORDER BY 1").fetchall()
    return tuple(row[0] for row in rows)


async def compare(tx, org_key, chosen, seed):
    """Ask by sets and by statements, in one snapshot; return how many answers came from sets."""
    chance = random.Random(seed)
    view = UserView(chosen, chance.choice(list(UserSort)), chance.random() < 0.5)
    window = Window(chance.choice((1, 5, 16)))
    pages = await user_pages._user_page(tx, org_key, view, window)
    known = [
        await pages.by_sets(tx, read=True),
        await user_counts._standings_in_memory(tx, org_key, chosen, read=True),
        await user_counts._roles_in_memory(tx, org_key, chosen, read=True),
    ]
    find, tx.find_user_sets = tx.find_user_sets, None
    expected = [
        await user_pages.select_users(tx, org_key, view, window),
        await user_counts.count_standings(tx, org_key, chosen),
        await user_counts.count_roles(tx, org_key, chosen),
    ]
    tx.find_user_sets = find
    for by_sets, by_statements in zip(known, expected, strict=True):
        assert by_sets is None or plain(by_sets) == plain(by_statements), (chosen, view)
    return sum(each is not None for each in known)


def plain(answer):
    """Numbers without those that are 0, by what they count; rows as they are."""
    rows = [msgspec.structs.astuple(row) for row in answer]
    if rows and len(rows[0]) > 3:
        return rows
    numbers = Counter()
    for *what, number in rows:
        numbers[tuple(what)] += number
    return +numbers


@pytest.mark.parametrize("few", [-1, 3, 1_000])
@pytest.mark.parametrize("seed", [1, 2])
async def test_sets_say_what_statements_say_after_every_write(world, monkeypatch, few, seed):
    """In a thread, where missing sets are read, and on the event loop, where those there are mended."""
    monkeypatch.setattr(drivers, "FEW", few)
    chance = random.Random(seed)
    town = await Town(world, chance).furnish()
    org_key, answered, other = world.caller.org_key, 0, SQLiteDatabase(world.database.path)
    for number in range(ROUNDS):
        await town.write()
        if number % 10 == 9:
            # As another process would.
            with contextlib.suppress(GuildhallError):
                await other.write(remove_user, world.caller, world.default.id, chance.choice(town.users))
        for chosen in chance.sample(await filters_of(world), 4):
            answered += await world.read(compare, org_key, chosen, number)
    await other.close()
    assert answered > 8 * ROUNDS


async def _settled(world, number):
    """A world in which each thing to come alters something, and what alters it."""
    second, resource = await world.directory(), await world.resource()
    gone = await world.user(world.default, status=UserStatus.DEACTIVATED, name="Anna", mfa_enabled=True)
    suspended = await world.user(second, status=UserStatus.SUSPENDED)
    user, member = await world.user(world.default, second, name="Quentin"), await world.user()
    giving, plain_group = await world.group(members=[member]), await world.group(members=[member])
    await world.role(giving, resource, make.USER)
    grant, place = Grant(resource.id, make.USER), (giving.directory_id, giving.id)

    def put(made, **given):
        return put_user, made.id, UserChanges(**{"name": made.name, "email": made.email} | given)

    return [
        (add_member, *place, user.id),
        (remove_member, *place, member.id),
        (suspend_user, second.id, user.id),
        (restore_user, second.id, suspended.id),
        (remove_user, second.id, user.id),
        put(user, email="quentin@two.example"),
        put(user, name="Anna"),
        put(user, mfa_enabled=True),
        put(user, claim_status=ClaimStatus.MANAGED),
        put(user, claim_status=ClaimStatus.UNMANAGED),
        put(user, directories=(GivenStanding(second.id),)),
        put(gone, closed=True),
        put(make.MadeUser("new", "Anna", "new@two.example"), directories=(GivenStanding(second.id),)),
        (assign_user_role, user.id, grant),
        (assign_roles, plain_group.directory_id, plain_group.id, [grant]),
        (revoke_roles, *place, [grant]),
        (delete_group, *place),
    ][number]


@pytest.mark.parametrize("number", range(17))
async def test_every_kind_of_write_is_seen_by_sets_that_are_there(world, monkeypatch, number):
    monkeypatch.setattr(drivers, "FEW", -1)
    operation, *arguments = await _settled(world, number)
    filters, org_key = await filters_of(world), world.caller.org_key
    before = [await world.read(compare, org_key, chosen, 0) for chosen in filters]
    await world.write(operation, world.caller, *arguments)
    assert [await world.read(compare, org_key, chosen, 1) for chosen in filters] == before


async def test_sets_say_what_statements_say_among_writers(world, monkeypatch):
    """Each read has a snapshot of its own; the writer's thread commits whenever it comes to it."""
    monkeypatch.setattr(drivers, "FEW", -1)
    town = await Town(world, random.Random(5)).furnish()
    org_key, filters, answered = world.caller.org_key, await filters_of(world), 0
    for number in range(ROUNDS):
        writes = [asyncio.create_task(town.write()) for _ in range(4)]
        while not all(task.done() for task in writes):
            chosen = town.chance.choice(filters)
            in_thread = world.database._submit_read(compare, org_key, chosen, number)
            answered += await world.read(compare, org_key, chosen, number)
            answered += await in_thread
        await asyncio.gather(*writes)
    assert answered > 2 * ROUNDS


async def test_a_snapshot_is_not_answered_by_sets_that_are_newer(world):
    """A read in a thread begins; others write, and mend the set; it still sees what was before."""
    users, group = [await world.user() for _ in range(3)], await world.group()
    await world.add(group, users[0])
    part = UserFilter(groups=await world.read(_keys, "groups"))
    begun, written = threading.Event(), threading.Event()

    async def read_slowly(tx):
        before = (await tx.user_sets(world.caller.org_key, [part], read=True))[0]
        begun.set()
        assert written.wait(30)
        return before, (await tx.user_sets(world.caller.org_key, [part], read=True))[0]

    slow = world.database._submit_read(read_slowly)
    await asyncio.get_running_loop().run_in_executor(None, begun.wait, 30)
    await world.add(group, users[1])
    now = await world.read(find, world.caller.org_key, part)
    written.set()
    before, still = await slow
    assert (before.bit_count(), still) == (1, before)
    assert now.bit_count() == 2
    await world.add(group, users[2])
    assert (await world.read(find, world.caller.org_key, part)).bit_count() == 3


async def find(tx, org_key, part):
    return (await tx.user_sets(org_key, [part], read=True))[0]


async def there(world, part):
    """Whether a set is in memory and holds."""

    async def look(tx):
        return await tx.user_sets(world.caller.org_key, [part])

    return await world.read(look) is not None


async def test_a_member_more_is_mended_and_a_group_less_is_read_anew(world):
    users, groups = [await world.user() for _ in range(3)], [await world.group(members=1) for _ in range(2)]
    part, mfa = UserFilter(groups=await world.read(_keys, "groups")), UserFilter(mfa=0)
    for each in (part, mfa):
        assert not await there(world, each)
        await world.read(find, world.caller.org_key, each)
    await world.add(groups[0], users[0])
    assert await there(world, part)
    assert await there(world, mfa)
    await world.write(delete_group, world.caller, groups[1].directory_id, groups[1].id)
    assert not await there(world, part)
    assert await there(world, mfa)


async def test_many_altered_users_are_not_mended_on_the_loop(world, monkeypatch):
    monkeypatch.setattr(sqlite_user_sets, "_MOST_MENDED_ON_LOOP", 2)
    users, group = [await world.user() for _ in range(3)], await world.group(members=1)
    part = UserFilter(groups=await world.read(_keys, "groups"))
    await world.read(find, world.caller.org_key, part)
    for number, user in enumerate(users):
        assert await there(world, part) == (number < 3)
        await world.add(group, user)
    kept = world.database._user_sets._kept
    kept[world.caller.org_key, part].moment -= 6
    assert not await there(world, part)
    assert (await world.read(find, world.caller.org_key, part)).bit_count() == 4
    assert await there(world, part)


async def test_what_is_mended_on_the_loop_is_bounded_in_sum(world, monkeypatch):
    """Two sets that are short enough each are too long together, and mended in a thread."""
    monkeypatch.setattr(sqlite_user_sets, "_MOST_MENDED_ON_LOOP", 3)
    groups = [await world.group(members=1) for _ in range(2)]
    parts = [UserFilter(groups=(key,)) for key in await world.read(_keys, "groups")]
    await there_together(world, parts, read=True)
    for group in groups:
        await world.add(group, await world.user())
    assert not await there_together(world, parts)
    assert await there_together(world, parts, read=True)
    kept = world.database._user_sets._kept
    assert [kept[world.caller.org_key, part].bits.bit_count() for part in parts] == [2, 2]
    assert await there_together(world, parts)


async def there_together(world, parts, *, read=False):
    async def look(tx):
        return await tx.user_sets(world.caller.org_key, parts, read=read)

    return await world.read(look) is not None


async def test_memory_is_bounded(world, monkeypatch):
    group = await world.group(members=3)
    parts = [UserFilter(search=f"{number}") for number in range(30)]
    monkeypatch.setattr(sqlite_user_sets, "MOST_BYTES", 5_000)
    sets = world.database._user_sets
    for part in parts:
        await world.read(find, world.caller.org_key, part)
        assert 0 < sets._bytes <= 5_000
    assert list(sets._kept) == [(world.caller.org_key, part) for part in parts[-len(sets._kept) :]]
    assert await there(world, parts[-1])
    assert not await there(world, parts[0])
    assert group


async def test_memory_counts_what_the_sets_are_of(world, monkeypatch):
    """A set of many groups has all of their keys beside its bits."""
    group = await world.group(members=3)
    keys = await world.read(_keys, "groups")
    monkeypatch.setattr(sqlite_user_sets, "MOST_BYTES", 10_000)
    sets = world.database._user_sets
    for number in range(3):
        part = UserFilter(groups=(*keys, *range(1_000 + number, 1_100 + number)))
        assert (await world.read(find, world.caller.org_key, part)).bit_count() == 3
        assert sets._bytes > 3_200 * len(sets._kept)
    assert len(sets._kept) == 2
    assert group


async def test_sets_that_cannot_be_kept_together_are_read_once(world, monkeypatch):
    """Each would push out another that is needed as well: the question is left to the statements."""
    monkeypatch.setattr(sqlite_user_sets, "MOST_BYTES", 5_000)
    await world.group(members=3)
    parts = [UserFilter(search=f"{number}") for number in range(10)]
    assert await there_together(world, parts, read=True)
    kept = dict(world.database._user_sets._kept)
    assert not await there_together(world, parts, read=True)
    assert world.database._user_sets._kept == kept
    assert await there_together(world, parts[:2], read=True)


async def test_organizations_do_not_see_each_other(world):
    other = await world.organization()
    for each in (world, other):
        await each.group(members=2)
    part = UserFilter(search="user")
    found = [await world.read(find, each.caller.org_key, part) for each in (world, other)]
    assert [bits.bit_count() for bits in found] == [2, 2]
    assert found[0] & found[1] == 0


async def test_nothing_is_known_while_others_commit(world):
    await world.group(members=2)
    part = UserFilter(mfa=0)
    await world.read(find, world.caller.org_key, part)
    lock = world.database._writer._lock
    lock.commits += 1
    assert not await there(world, part)
    lock.commits += 1
    assert not await there(world, part)
    await world.read(find, world.caller.org_key, part)
    assert await there(world, part)


@pytest.mark.parametrize("keys", [(), (0,), (1, 2, 9), range(1, 200, 3), (70_000, 3, 8, 7, 8)])
def test_bits(keys):
    bits = sum(1 << key for key in set(keys))
    assert user_sets.keys_of(bits) == sorted(set(keys))
    assert user_sets._bits_of_keys(list(keys)) == bits
    if keys:
        assert user_sets._bits(",".join(map(str, keys)), max(keys)) == bits
    text = user_sets.text_of(bits)
    assert {key for key in range(70_001) if text[-key - 1 :][:1] == b"1" and key < len(text)} == set(keys)


def test_keys_are_read_in_slices():
    keys = list(range(5, 200_000, 7))
    assert user_sets.keys_of(user_sets._bits(",".join(map(str, keys)), keys[-1])) == keys
