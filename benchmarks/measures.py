"""Measuring one server: reads beside their floors, searches, filters, writes, mass changes, sizes."""

import contextlib
import itertools
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from benchmarks import floors, load, scenarios, servers
from benchmarks.dataset import Dataset, copy_of, select
from benchmarks.load import Load, LoadFailed, Manner, Request
from benchmarks.samples import Sample
from benchmarks.scenarios import Scenario
from benchmarks.servers import Server
from guildhall.store.memberships import INSERT_MEMBERSHIP
from guildhall.store.sqlite_transaction import connect

_KEPT_BACK = frozenset({"date", "server", "connection", "transfer-encoding"})
_MICROSECONDS = 1e6
_RECORDED = 300
_SEED = 7
_GROWN_AT_ONCE = 20_000
_WARMING = 20
"""Searches of each kind that come before those that are measured."""

_MOST_TIMES = 1.5
"""How often a request may have been sent on average and still pass for one that was not sent before."""


class Plan(msgspec.Struct, frozen=True):
    """How long and how often."""

    seconds: float
    runs: int
    additions: int
    """Members that are added in all for one figure of writing."""


class Read(msgspec.Struct, frozen=True):
    """A read beside its floors: requests a second, and microseconds of processor time a request.

    `first_per_second` and `first_cpu` are of requests that were not asked before, so that nothing is kept;
    None where there are not enough of them.
    """

    name: str
    first_per_second: float | None
    first_cpu: float | None
    per_second: float
    bare_per_second: float
    cpu: float
    bare_cpu: float
    sql_cpu: float
    statements: float
    p50: float
    p99: float


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
    """One change of the largest group, and what others wait meanwhile (milliseconds)."""

    name: str
    seconds: float
    read_p99: float
    read_max: float
    write_max: float


class Combination(msgspec.Struct, frozen=True):
    """A filter or a pair of them: the median of three times, in milliseconds."""

    name: str
    milliseconds: float


def read_all(server: Server, sample: Sample, wanted: Sequence[Scenario], plan: Plan) -> list[Read]:
    """Measure read scenarios, each in turn with a bare server that sends the same bytes."""
    with _answers(server, sample, wanted) as answers, servers.bare(answers) as bare:
        return [
            _read(server, bare, sample, scenario, Request("GET", f"/{number}"), plan)
            for number, scenario in enumerate(wanted)
        ]


def _read(
    server: Server, bare: Server, sample: Sample, scenario: Scenario, floor: Request, plan: Plan
) -> Read:
    different = list(dict.fromkeys(scenario.requests))
    recorded = floors.record(sample.made, different[:_RECORDED])
    sql = floors.replay_reads(sample.made, recorded, min(1.0, plan.seconds))
    key = sample.made.key
    first_rate, first_cpu = _ask_all_once(server, sample, different, scenario.clients)
    with (
        load.prepared([request.encode(key) for request in scenario.requests]) as ours,
        load.prepared([floor.encode(key)]) as theirs,
    ):
        _run(bare, theirs, scenario.clients, 1)
        pairs = [
            (
                _run(server, ours, scenario.clients, plan.seconds),
                _run(bare, theirs, scenario.clients, plan.seconds),
            )
            for _ in range(plan.runs)
        ]
    mine, floor_runs = zip(*pairs, strict=True)
    return Read(
        scenario.name,
        first_rate,
        first_cpu,
        _median(run.per_second for run, _ in mine),
        _median(run.per_second for run, _ in floor_runs),
        _median(cpu for _, cpu in mine),
        _median(cpu for _, cpu in floor_runs),
        sql.cpu * _MICROSECONDS,
        sql.statements,
        _median(run.p50 for run, _ in mine),
        _median(run.p99 for run, _ in mine),
    )


def _ask_all_once(
    server: Server, sample: Sample, different: Sequence[Request], clients: int
) -> tuple[float, float] | tuple[None, None]:
    """Send requests for the first time; return how many a second, and the processor time of each.

    None for both when there are too few: a load goes round, and what it sends again is answered sooner.
    """
    runs: list[tuple[Load, float]] = []
    asked = last = 0
    status = different[0].status
    with load.prepared([request.encode(sample.made.key) for request in different]) as requests:
        while asked + last <= len(different):
            runs.append(_run(server, requests, clients, 1, Manner(skip=asked, status=status)))
            last = runs[-1][0].requests
            asked += last
        if asked < len(different):
            _run(server, requests, clients, 1, Manner(skip=asked))
    if asked > len(different):
        return None, None
    cpu = sum(run.requests * cpu for run, cpu in runs) / asked
    return asked / sum(run.seconds for run, _ in runs), cpu


def _run(
    server: Server, requests: Path, clients: int, seconds: float, manner: Manner = load.PLAIN
) -> tuple[Load, float]:
    """Return what a load measured, and the server's microseconds of processor time for each request."""
    before = server.cpu()
    done = load.run(server.url, requests, clients=clients, seconds=seconds, manner=manner)
    return done, (server.cpu() - before) / done.requests * _MICROSECONDS


def _median(values: Iterable[float]) -> float:
    return statistics.median(values)


@contextlib.contextmanager
def _answers(server: Server, sample: Sample, wanted: Sequence[Scenario]) -> Iterator[Path]:
    """Write the answer to each scenario's first request down for the bare server."""
    answers = {}
    for number, scenario in enumerate(wanted):
        request = scenario.requests[0]
        status, body, headers = servers.ask(
            server, request.method, request.path, sample.made.key, request.body
        )
        if status != request.status:
            raise LoadFailed(f"{scenario.name}: {status} {body[:200]!r}")
        kept = [
            (name.lower().encode(), value.encode())
            for name, value in headers.items()
            if name.lower() not in _KEPT_BACK
        ]
        answers[f"/{number}"] = (status, kept, body)
    with tempfile.NamedTemporaryFile() as file:
        file.write(msgspec.msgpack.encode(answers))
        file.flush()
        yield Path(file.name)


def beside_commits(server: Server, sample: Sample, scenario: Scenario, plan: Plan) -> tuple[Load, float]:
    """Measure a read while members are added at about 200 a second; return it and that rate."""
    groups = scenarios.groups_to_join(sample)
    added = scenarios.additions(sample, groups, int(300 * plan.seconds) + 600, skip=500)
    key = sample.made.key
    with (
        load.prepared([request.encode(key) for request in added]) as writes,
        load.prepared([request.encode(key) for request in scenario.requests]) as reads,
    ):
        _ask_all_once(server, sample, list(dict.fromkeys(scenario.requests)), scenario.clients)
        writer = load.start(
            server.url, writes, clients=3, seconds=plan.seconds + 1, manner=Manner(pause=10, status=204)
        )
        done = load.run(server.url, reads, clients=scenario.clients, seconds=plan.seconds)
        return done, load.finish(writer).per_second


def search_all(server: Server, sample: Sample, plan: Plan) -> list[tuple[str, Load, Load]]:
    """Measure each kind of search by 8 clients, and getting one group by two others meanwhile."""
    others = [
        Request("GET", f"{sample.v2('/groups')}/{group}").encode(sample.made.key) for group in sample.groups
    ]
    measured = []
    with load.prepared(others) as other:
        for scenario in scenarios.searches(sample):
            # What is made in memory for searching is there from the second search on.
            warm, cold = scenario.requests[:_WARMING], scenario.requests[_WARMING:]
            with load.prepared([request.encode(sample.made.key) for request in warm]) as first:
                load.run(server.url, first, clients=1, seconds=1)
            with load.prepared([request.encode(sample.made.key) for request in cold]) as search:
                beside = load.start(server.url, other, clients=2, seconds=plan.seconds)
                done = load.run(server.url, search, clients=scenario.clients, seconds=plan.seconds)
                again = f" (answers of {len(cold)} requests)" if done.requests > len(cold) else ""
                measured.append((f"{scenario.name}{again}", done, load.finish(beside)))
    return measured


def filter_all(server: Server, sample: Sample, wanted: Mapping[str, Request]) -> list[Combination]:
    """Ask for each combination three times, one after the other, each time for pages of another size."""
    found = []
    for name, request in wanted.items():
        times = []
        for limit in (20, 21, 22):
            begun = time.perf_counter()
            path = f"{request.path}&limit={limit}"
            status, body, _ = servers.ask(server, request.method, path, sample.made.key)
            times.append((time.perf_counter() - begun) * 1_000)
            if status != request.status:
                raise LoadFailed(f"{name}: {status} {body[:200]!r}")
        found.append(Combination(name, statistics.median(times)))
    return sorted(found, key=lambda combination: -combination.milliseconds)


def add_members(
    made: Dataset, sample: Sample, groups: Sequence[str], plan: Plan, *, name: str, **environment: str
) -> Write:
    """Measure additions to the groups in turn on a fresh copy of the dataset, by 32 clients."""
    requests = scenarios.additions(sample, groups, plan.additions)
    fresh = _unlimited(made)
    with (
        servers.guildhall(fresh, environment=environment) as server,
        load.prepared([request.encode(made.key) for request in requests]) as prepared,
    ):
        done, cpu = _run(server, prepared, scenarios.WRITERS, plan.seconds, Manner(status=204))
    if done.requests > len(requests):
        raise LoadFailed(f"{name}: {len(requests)} additions were not enough for {plan.seconds} seconds")
    _require_added(fresh, done.requests)
    return Write(name, done.per_second, done.p50, done.p90, done.p99, done.p999, cpu)


def _require_added(made: Dataset, confirmed: int) -> None:
    """Every confirmed addition is one event; those under way at the end may have one as well."""
    events = select(made, "SELECT count(*) FROM events WHERE action = 'group_member_added'")[0][0]
    if not confirmed <= int(str(events)) <= confirmed + scenarios.WRITERS:
        raise LoadFailed(f"{confirmed} additions were confirmed, but {events} are stored")


def sql_of_additions(made: Dataset, sample: Sample, groups: Sequence[str], most: int) -> float:
    """Return how many additions a second the statements alone reach, 64 to a commit."""
    requests = scenarios.additions(sample, groups, most)
    recorded = floors.record(_unlimited(made), requests)
    return floors.replay_writes(_unlimited(made), recorded).per_second


def _unlimited(made: Dataset) -> Dataset:
    """Return a fresh copy in which no resource has a user limit, so that everyone can be added."""
    fresh = copy_of(made, Path(made.path).parent / "writing")
    lift_limits(fresh)
    return fresh


def change_largest(server: Server, sample: Sample) -> list[Mass]:
    """Assign a seat-using role to the largest group, revoke it, and delete the group."""
    role = msgspec.json.encode({"resourceId": sample.free_resource, "roleId": scenarios.SEAT_ROLE}).decode()
    group = f"{sample.v2('/groups', sample.directories[0])}/{sample.largest_group}"
    changes = {
        "assign a seat-using role": Request("POST", f"{group}/role-assignments/assign", role, 200),
        "revoke it": Request("POST", f"{group}/role-assignments/revoke", role, 204),
        "delete the group": Request("DELETE", group, "", 204),
    }
    return [
        _mass(server, sample, name, request, skip=1_000 * number)
        for number, (name, request) in enumerate(changes.items(), 1)
    ]


def _mass(server: Server, sample: Sample, name: str, request: Request, *, skip: int) -> Mass:
    # The largest group itself is about to go.
    others = [group for group in sample.groups if group != sample.largest_group]
    reads = [Request("GET", f"{sample.v2('/groups')}/{group}").encode(sample.made.key) for group in others]
    joined = [group for group in scenarios.groups_to_join(sample, 50) if group in others]
    added = scenarios.additions(sample, joined, 4_000, skip=skip)
    with (
        load.prepared(reads) as read,
        load.prepared([one.encode(sample.made.key) for one in added]) as write,
    ):
        reader = load.start(server.url, read, clients=4, seconds=6)
        writer = load.start(server.url, write, clients=1, seconds=6, manner=Manner(pause=20, status=204))
        threading.Event().wait(0.5)
        begun = time.perf_counter()
        status, body, _ = servers.ask(server, request.method, request.path, sample.made.key, request.body)
        seconds = time.perf_counter() - begun
        meanwhile, waited = load.finish(reader), load.finish(writer)
    if status != request.status:
        raise LoadFailed(f"{name}: {status} {body[:300]!r}")
    return Mass(name, seconds, meanwhile.p99, meanwhile.max, waited.max)


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


def rates(
    server: Server, sample: Sample, wanted: Sequence[Scenario], plan: Plan
) -> dict[str, tuple[float, float]]:
    """Return requests a second and microseconds of processor time a request of read scenarios."""
    found = {}
    for scenario in wanted:
        with load.prepared([request.encode(sample.made.key) for request in scenario.requests]) as requests:
            _run(server, requests, scenario.clients, 1)
            runs = [_run(server, requests, scenario.clients, plan.seconds) for _ in range(plan.runs)]
        found[scenario.name] = (_median(run.per_second for run, _ in runs), _median(cpu for _, cpu in runs))
    return found
