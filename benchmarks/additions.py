"""Measuring writes on SQLite: added members, changes of the largest group, and a database that has grown."""

import itertools
import random
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from benchmarks import floors, load, postgres, scenarios, servers
from benchmarks.dataset import Dataset, copy_of, home, say, select
from benchmarks.load import LoadFailed, Manner, Request
from benchmarks.runs import Plan, Taken, median, medians
from benchmarks.samples import Sample
from benchmarks.servers import Server
from guildhall.store.memberships import INSERT_MEMBERSHIP
from guildhall.store.sqlite.transaction import connect

_SEED = 7
_GROWN_AT_ONCE = 20_000
_SHORTEST = 0.5
"""Seconds of a change below which a load beside it has hardly begun."""

_LONGEST = 120.0
"""Seconds that are waited for something that must happen."""

_ADDED_BESIDE = 80
"""Members that each of some groups gets at most while the largest group changes."""

_COUNT_EVENTS = "SELECT count(*) FROM events WHERE action = 'group_member_added'"
_COUNT_BOTH = f"SELECT ({_COUNT_EVENTS}), (SELECT count(*) FROM memberships)"
_RECORDING = 60.0
"""Seconds that recording additions may take."""


class Stored(NamedTuple):
    """Events of additions, and memberships."""

    events: int
    memberships: int


class Write(msgspec.Struct, frozen=True):
    """Additions of members: how many a second, milliseconds, and microseconds of processor time."""

    name: str
    per_second: float
    p50: float
    p90: float
    p99: float
    p999: float
    cpu: float


class Mass(msgspec.Struct, frozen=True):
    """One change of the largest group, and what others wait meanwhile (milliseconds).

    None for reads where the change is over before they have begun.
    """

    name: str
    seconds: float
    read_p99: float | None
    read_max: float | None
    write_max: float


def add_members(
    made: Dataset, sample: Sample, groups: Sequence[str], plan: Plan, *, name: str, **environment: str
) -> Write:
    """Measure additions to the groups in turn on a fresh copy of the dataset, by 32 clients."""
    requests = scenarios.additions(sample, groups, plan.additions)
    fresh = unlimited(made)
    before = stored(fresh)
    with (
        servers.guildhall(fresh.database, environment=environment) as server,
        load.prepared([request.encode(made.key) for request in requests]) as prepared,
    ):
        taken = Taken(name, prepared, len(requests))
        runs = [taken.send(server, scenarios.WRITERS, plan.seconds) for _ in range(plan.runs)]
    require_added(taken.confirmed, taken.runs * scenarios.WRITERS, before, stored(fresh))
    done = medians([run for run, _ in runs])
    rate = median(run.per_second for run, _ in runs)
    return Write(name, rate, done.p50, done.p90, done.p99, done.p999, median(cpu for _, cpu in runs))


def stored(made: Dataset) -> Stored:
    """Return what is on disk of additions: each is one event and one membership."""
    row: Any = postgres.fetch(made.url, _COUNT_BOTH)[0] if made.url else select(made, _COUNT_BOTH)[0]
    return Stored(*row)


def require_added(confirmed: int, under_way: int, before: Stored, after: Stored) -> None:
    """Every confirmed addition must be stored; those under way at the ends of runs may be.

    Raises LoadFailed.
    """
    events, memberships = after.events - before.events, after.memberships - before.memberships
    if events != memberships or not confirmed <= events <= confirmed + under_way:
        raise LoadFailed(f"{confirmed} additions were confirmed, but {after} came after {before}")


def sql_of_additions(made: Dataset, sample: Sample, groups: Sequence[str], most: int) -> float:
    """Return how many additions a second the statements alone reach, 64 to a commit."""
    requests = scenarios.additions(sample, groups, most)
    recorded = floors.record(unlimited(made), requests, seconds=_RECORDING)
    say(f"The statements of {len(recorded):,} additions run alone")
    return floors.replay_writes(unlimited(made), recorded).per_second


def unlimited(made: Dataset, name: str = "writing") -> Dataset:
    """Return a fresh copy in which no resource has a user limit, so that everyone can be added."""
    fresh = copy_of(made, home() / "work" / name)
    lift_limits(fresh)
    return fresh


def change_largest(original: Dataset, sample: Sample, plan: Plan) -> list[Mass]:
    """Assign a seat-using role to the largest group, revoke it, delete the group; medians of fresh copies."""
    role = msgspec.json.encode({"resourceId": sample.free_resource, "roleId": scenarios.SEAT_ROLE}).decode()
    group = f"{sample.v2('/groups', sample.directories[0])}/{sample.largest_group}"
    changes = {
        "assign a seat-using role": Request("POST", f"{group}/role-assignments/assign", role, 200),
        "revoke it": Request("POST", f"{group}/role-assignments/revoke", role, 204),
        "delete the group": Request("DELETE", group, "", 204),
    }
    found: dict[str, list[Mass]] = {name: [] for name in changes}
    for _ in range(plan.runs):
        fresh = unlimited(original)
        with servers.guildhall(fresh.database) as server:
            for number, (name, request) in enumerate(changes.items()):
                found[name].append(_mass(server, fresh, sample, (name, request), skip=number * _ADDED_BESIDE))
    return [_middle(masses) for masses in found.values()]


def _middle(masses: Sequence[Mass]) -> Mass:
    known = [one for one in masses if one.read_p99 is not None]
    return Mass(
        masses[0].name,
        median(one.seconds for one in masses),
        median(one.read_p99 or 0.0 for one in known) if known else None,
        median(one.read_max or 0.0 for one in known) if known else None,
        median(one.write_max for one in masses),
    )


def _mass(server: Server, made: Dataset, sample: Sample, change: tuple[str, Request], *, skip: int) -> Mass:
    name, request = change
    # The largest group itself is about to go.
    others = [group for group in sample.groups if group != sample.largest_group]
    reads = [Request("GET", f"{sample.v2('/groups')}/{group}").encode(made.key) for group in others]
    joined = [group for group in scenarios.groups_to_join(sample, 50) if group in others]
    beside = scenarios.additions(sample, joined, len(joined) * _ADDED_BESIDE, skip=skip)
    writes = [one.encode(made.key) for one in beside]
    pace, before = Manner(pause=20, status=204), _events(made)
    with (
        load.prepared(reads) as read,
        load.prepared(writes) as write,
        load.started(server.url, write, clients=1, seconds=_LONGEST, manner=pace) as writer,
    ):
        _wait_until(lambda: writer.poll() is not None or _events(made) > before)
        with load.started(server.url, read, clients=4, seconds=_LONGEST) as reader:
            begun = time.perf_counter()
            status, body, _ = servers.ask(server, request.method, request.path, made.key, request.body)
            seconds = time.perf_counter() - begun
            # What is read when the change is over would hide what was read meanwhile.
            meanwhile = load.cut_short(reader) if seconds > _SHORTEST else None
        after = _events(made)
        _wait_until(lambda: writer.poll() is not None or _events(made) > after + 1)
        waited = load.cut_short(writer)
    if status != request.status:
        raise LoadFailed(f"{name}: {status} {body[:300]!r}")
    if meanwhile is None:
        return Mass(name, seconds, None, None, waited.max)
    return Mass(name, seconds, meanwhile.p99, meanwhile.max, waited.max)


def _events(made: Dataset) -> int:
    return int(str(select(made, _COUNT_EVENTS)[0][0]))


def _wait_until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _LONGEST
    while not happened():
        if time.monotonic() > deadline:
            raise LoadFailed("Nobody was added in two minutes.")
        threading.Event().wait(0.02)


def grow(made: Dataset, most: int) -> Dataset:
    """Put users into groups at random, so many times; who is in one already was drawn for nothing."""
    connection, chance = connect(Path(made.path)), random.Random(_SEED)
    sql = "SELECT (SELECT max(group_key) FROM groups), (SELECT max(user_key) FROM users)"
    groups, users = (int(str(last)) for last in select(made, sql)[0])
    drawn = ((1, chance.randint(1, groups), chance.randint(1, users), 0) for _ in range(most))
    while rows := list(itertools.islice(drawn, _GROWN_AT_ONCE)):
        with connection:
            connection.executemany(INSERT_MEMBERSHIP.sqlite, rows)
    connection.close()
    return made


def lift_limits(made: Dataset) -> None:
    """Take the user limits off a copy, so that the largest group's members fit anywhere."""
    connection = connect(Path(made.path))
    connection.execute("UPDATE resource_seats SET user_limit = NULL")
    connection.close()
