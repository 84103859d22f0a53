"""The order of events, on both engines: what the stream may show, and where times lead (design 2.2)."""

import asyncio
import contextlib
import random

import pytest

from guildhall.app import open_database
from guildhall.model.events import EventAction, EventFilter, EventView
from guildhall.model.paging import Window
from guildhall.operations.events import (
    LOOKED_AT,
    PRUNED_AT_ONCE,
    list_events,
    prune_expired_events,
    record_event,
)
from guildhall.store.events import INSERT_EVENT, KEYS_OF_TRANSACTION
from guildhall.store.statement import Statement
from tests import make, postgres

DAY = 86_400_000
SPAN = 40 * 60_000
STREAM = EventView(EventFilter(), oldest_first=True, stream=True)


@pytest.fixture
def own_url(postgres_url):
    with postgres.empty_database(postgres_url) as url:
        yield url


@pytest.fixture
def other_url(postgres_url):
    with postgres.empty_database(postgres_url) as url:
        yield url


@pytest.fixture
async def postgres_world(own_url):
    async with make.open_world(own_url) as opened:
        yield opened


async def record(tx, caller, message):
    await record_event(tx, caller, EventAction.GROUP_UPDATED, message, [])


async def insert(tx, caller, times):
    """Write an event for each time, in this order; its message is its time."""
    for time in times:
        await tx.run(
            INSERT_EVENT,
            org_key=caller.org_key,
            time=time,
            action="group_updated",
            actor_id=None,
            actor_name="system",
            ip=None,
            product=None,
            message=str(time),
            context="[]",
        )


async def stream(world, view=STREAM):
    page = await world.read(list_events, world.caller, view, Window(500))
    return [event.message for event in page.items]


async def every(world, view, limit=500):
    """All events of a list, page by page."""
    window, found = Window(limit), []
    while window is not None:
        page = await world.read(list_events, world.caller, view, window)
        found += page.items
        window = page.next if page.items or not view.stream else None
    return found


@contextlib.asynccontextmanager
async def running(database, before, behind=None):
    """A transaction that has done `before`, and does `behind` and commits when the block ends."""
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def transaction(tx):
        await before(tx)
        begun.set()
        await go_on.wait()
        if behind is not None:
            await behind(tx)

    task = asyncio.create_task(database.write(transaction))
    await begun.wait()
    try:
        yield
    finally:
        go_on.set()
        await task


async def take_an_id(tx):
    await tx.run(Statement("UPDATE schema_info SET scrubs = scrubs + 1"))


async def test_stream_stops_below_a_running_transaction(postgres_world):
    """What commits first may stand behind: it waits until what is before it is settled."""
    world = postgres_world
    before = await stream(world)
    async with running(world.database, lambda tx: record(tx, world.caller, "slow")):
        await world.write(record, world.caller, "quick")
        assert await stream(world) == before
        newest_first = await stream(world, EventView(EventFilter()))
        assert newest_first[0] == "quick"  # A list shows at once what an answer confirmed.
    assert await stream(world) == [*before, "slow", "quick"]


async def test_stream_waits_for_a_transaction_that_has_recorded_nothing_yet(postgres_world):
    world = postgres_world
    before = await stream(world)
    async with running(world.database, take_an_id, lambda tx: record(tx, world.caller, "late")):
        await world.write(record, world.caller, "quick")
        assert await stream(world) == before
    assert await stream(world) == [*before, "late", "quick"]


async def test_stream_does_not_wait_for_other_databases(postgres_world, other_url):
    """Transaction ids are shared by all databases of a cluster; a long import next door is not ours."""
    world = postgres_world
    other = await open_database(other_url)
    async with running(other, take_an_id):
        await world.write(record, world.caller, "here")
        assert (await stream(world))[-1] == "here"
    await other.close()


async def test_stream_shows_each_event_once_in_whatever_order_writers_commit(postgres_world):
    world = postgres_world
    writers, each = 9, 20
    chance = random.Random(5)

    async def write(tx, message):
        await tx.value(Statement("SELECT pg_current_xact_id()::text"))
        for _ in range(chance.randrange(12)):
            await tx.value(Statement("SELECT 1"))
        await record(tx, world.caller, message)
        for _ in range(chance.randrange(12)):
            await tx.value(Statement("SELECT 1"))

    async def work(writer):
        for number in range(each):
            await world.write(write, f"{writer}-{number}")

    window, seen = Window(5), []
    writing = asyncio.gather(*(work(writer) for writer in range(writers)))
    while True:
        ended = writing.done()
        page = await world.read(list_events, world.caller, STREAM, window)
        seen += [event.message for event in page.items]
        window = page.next
        if ended and not page.items:
            break
    await writing
    expected = [f"{writer}-{number}" for writer in range(writers) for number in range(each)]
    assert sorted(text for text in seen if text[0].isdigit()) == sorted(expected)


async def test_events_of_another_cluster_stay_below_new_ones(postgres_world, own_url):
    """A dump may come from a cluster whose transaction ids are far ahead of this one's."""
    world = postgres_world
    await world.write(record, world.caller, "old")
    ahead = Statement(
        "UPDATE events SET event_key = event_key + CAST(:by AS BIGINT) WHERE org_key = :org_key"
    )
    await world.write(_run, ahead, by=10**9 * KEYS_OF_TRANSACTION, org_key=world.caller.org_key)
    for number in range(2):
        await (await open_database(own_url)).close()
        await world.write(record, world.caller, f"new {number}")
    assert (await stream(world))[-3:] == ["old", "new 0", "new 1"]
    assert [event.message for event in await every(world, EventView(EventFilter()), 1)][:3] == [
        *("new 1", "new 0", "old")
    ]


async def _run(tx, statement, **parameters):
    await tx.run(statement, **parameters)


def steady(chance, start):
    """Clocks of several servers that differ by less than a minute."""
    rising = sorted(chance.randrange(start, start + SPAN) for _ in range(300))
    return [time + chance.randrange(-30_000, 30_000) for time in rising]


def set_back(chance, start):
    """A clock that runs ahead for a while, and is set back twice."""
    rising = sorted(chance.randrange(start, start + SPAN) for _ in range(900))
    return [time + SPAN // 2 * (number // 300 == 1) for number, time in enumerate(rising)]


def two_servers(chance, start):
    """One server's clock is wrong by years."""
    return [start + number * 1_000 + chance.choice((0, 3_650 * DAY)) for number in range(300)]


@pytest.mark.parametrize("clocks", [steady, set_back, two_servers])
@pytest.mark.parametrize("seed", range(2))
async def test_times_are_found_where_they_contradict_the_order(world, seed, clocks):
    """Whatever the order of events, times select exactly."""
    chance = random.Random(seed)
    start = make.NOW + DAY
    times = clocks(chance, start)
    await world.write(insert, world.caller, times)
    edges = [start, start + SPAN, *times]
    for _ in range(20):
        since, until = sorted(chance.choice(edges) + chance.randrange(-60_000, 60_000) for _ in range(2))
        wanted = EventFilter(since=since, until=until)
        expected = [str(time) for time in times if since <= time < until]
        for view in (EventView(wanted), EventView(wanted, oldest_first=True, stream=True)):
            right = expected if view.stream else expected[::-1]
            for _ in range(20 if view.stream else 1):
                # A stream waits for what ends just now: it might be of this database.
                found = [event.message for event in await every(world, view, chance.choice((3, 50, 500)))]
                if found == right:
                    break
            assert found == right


@pytest.mark.parametrize("upward", [True, False])
async def test_times_far_away_take_one_page(world, upward):
    """Nobody walks through thousands of events that are of other times, in either direction."""
    days = [make.NOW + DAY + number for number in range(LOOKED_AT * 2)]
    wanted = make.NOW + 30 * DAY
    times = [*days, wanted, wanted + 1] if upward else [wanted, wanted + 1, *days]
    await world.write(insert, world.caller, times)
    view = EventView(EventFilter(since=wanted, until=wanted + DAY), oldest_first=upward)
    page = await world.read(list_events, world.caller, view, Window(25))
    assert [event.time for event in page.items] == sorted((wanted, wanted + 1), reverse=not upward)
    assert page.next is None


async def test_prune_goes_on_behind_an_event_of_the_future(world):
    """It was written while the clock was wrong; those behind it expire as they should."""
    future = make.NOW + 3_650 * DAY
    old = [make.NOW + number for number in range(10)]
    await world.write(insert, world.caller, [future, *old, make.NOW + 190 * DAY])
    world.clock.now = make.NOW + 200 * DAY
    await prune_expired_events(world.database, 180)
    found = [event.time for event in await every(world, EventView(EventFilter()))]
    assert found == [make.NOW + 190 * DAY, future]


async def test_polling_goes_on_behind_an_event_of_the_future(world):
    """A poller that asks from a time on meets what is written now as well."""
    world.clock.now = make.NOW + 3_650 * DAY
    await world.write(record, world.caller, "future")
    world.clock.now = make.NOW + DAY
    await world.write(record, world.caller, "now")
    view = EventView(EventFilter(since=make.NOW + DAY), oldest_first=True)
    assert [event.message for event in await every(world, view)] == ["future", "now"]


async def test_prune_removes_expired_events_in_batches(world):
    old = [make.NOW + number for number in range(PRUNED_AT_ONCE * 2 + 10)]
    recent = [make.NOW + 180 * DAY, make.NOW + 190 * DAY]
    await world.write(insert, world.caller, [*old, *recent])
    world.clock.now = make.NOW + 200 * DAY
    await prune_expired_events(world.database, 180)
    assert [event.time for event in await every(world, EventView(EventFilter()))] == recent[::-1]


async def test_prune_keeps_the_newest_event(world):
    """Its key would be given again, and a poller would take the next event for one that it has seen."""
    await world.write(record, world.caller, "last")
    world.clock.now = make.NOW + 1_000 * DAY
    await prune_expired_events(world.database, 180)
    page = await world.read(list_events, world.caller, STREAM, Window(5))
    assert [event.message for event in page.items] == ["last"]
    await world.write(record, world.caller, "next")
    page = await world.read(list_events, world.caller, STREAM, page.next)
    assert [event.message for event in page.items] == ["next"]


async def test_prune_keeps_what_has_not_expired(world):
    before = await every(world, EventView(EventFilter()))
    world.clock.now = make.NOW + 180 * DAY
    await prune_expired_events(world.database, 180)
    assert await every(world, EventView(EventFilter())) == before
