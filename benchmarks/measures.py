"""Measuring reads of one server: beside their floors, beside writes, and searches."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from benchmarks import floors, load, scenarios, servers
from benchmarks.load import Load, LoadFailed, Manner, Request
from benchmarks.runs import MICROSECONDS, Plan, answers, median, medians, timed
from benchmarks.samples import Sample
from benchmarks.scenarios import Scenario
from benchmarks.servers import Server

_RECORDED = 300
_WARMING = 20
"""Requests of a kind that come before those that are measured."""

_BESIDE = 3.0
"""Seconds of a run beside writes, at most."""

_SEARCHING = 3.0
"""Seconds of a run of searches, at most: so many different ones there are."""


class Read(msgspec.Struct, frozen=True):
    """A read beside its floors: requests a second, and microseconds of processor time a request.

    `first_per_second` and `first_cpu` are of requests that were not asked before;
    None where there are not enough of them.
    """

    name: str
    different: int
    """Requests that were sent, none of them twice before all were."""
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


class Rate(msgspec.Struct, frozen=True):
    """Requests a second of a read, and microseconds of processor time of each."""

    name: str
    per_second: float
    cpu: float
    p50: float
    p99: float
    first_per_second: float | None


class Beside(msgspec.Struct, frozen=True):
    """A read while there are writes of some kind, so many a second."""

    name: str
    writes: str
    writes_per_second: float
    load: Load


class Search(msgspec.Struct, frozen=True):
    """A kind of search, other requests meanwhile, and microseconds of processor time of one alone."""

    name: str
    load: Load
    beside: Load
    cpu: float


def read_all(server: Server, sample: Sample, wanted: Sequence[Scenario], plan: Plan) -> list[Read]:
    """Measure read scenarios, each in turn with a bare server that sends the same bytes."""
    with answers(server, sample, wanted) as answered, servers.bare(answered) as bare:
        return [
            _read(server, bare, sample, scenario, Request("GET", f"/{number}"), plan)
            for number, scenario in enumerate(wanted)
        ]


def _read(
    server: Server, bare: Server, sample: Sample, scenario: Scenario, floor: Request, plan: Plan
) -> Read:
    different = list(dict.fromkeys(scenario.requests))
    cut = _WARMING if len(different) > _WARMING else 0
    recorded = floors.record(sample.made, different[cut : cut + _RECORDED], warm=different[:cut])
    sql = floors.replay_reads(sample.made, recorded, min(1.0, plan.seconds))
    key = sample.made.key
    first_rate, first_cpu = _ask_all_once(server, sample, different, scenario.clients)
    with (
        load.prepared([request.encode(key) for request in scenario.requests]) as ours,
        load.prepared([floor.encode(key)]) as theirs,
    ):
        timed(bare, theirs, scenario.clients, 1)
        pairs = [
            (
                timed(server, ours, scenario.clients, plan.seconds),
                timed(bare, theirs, scenario.clients, plan.seconds),
            )
            for _ in range(plan.runs)
        ]
    mine, floor_runs = zip(*pairs, strict=True)
    return Read(
        scenario.name,
        len(different),
        first_rate,
        first_cpu,
        median(run.per_second for run, _ in mine),
        median(run.per_second for run, _ in floor_runs),
        median(cpu for _, cpu in mine),
        median(cpu for _, cpu in floor_runs),
        sql.cpu * MICROSECONDS,
        sql.statements,
        median(run.p50 for run, _ in mine),
        median(run.p99 for run, _ in mine),
    )


def _ask_all_once(
    server: Server, sample: Sample, different: Sequence[Request], clients: int
) -> tuple[float, float] | tuple[None, None]:
    """Send requests for the first time; return how many a second, and the processor time of each.

    None for both when there are too few: a load goes round, and what it sends again is answered sooner.
    """
    runs: list[tuple[Load, float]] = []
    asked = last = 0
    with load.prepared([request.encode(sample.made.key) for request in different]) as requests:
        while asked + last <= len(different):
            runs.append(timed(server, requests, clients, 1, Manner(skip=asked)))
            last = runs[-1][0].requests
            asked += last
        if asked < len(different):
            timed(server, requests, clients, 1, Manner(skip=asked))
    if asked > len(different):
        return None, None
    cpu = sum(run.requests * cpu for run, cpu in runs) / asked
    return asked / sum(run.seconds for run, _ in runs), cpu


def rates(server: Server, sample: Sample, wanted: Sequence[Scenario], clients: int, plan: Plan) -> list[Rate]:
    """Measure reads by so many clients, without floors."""
    found = []
    for scenario in wanted:
        different = list(dict.fromkeys(scenario.requests))
        first, _ = _ask_all_once(server, sample, different, clients)
        with load.prepared([request.encode(sample.made.key) for request in different]) as requests:
            runs = [timed(server, requests, clients, plan.seconds) for _ in range(plan.runs)]
        done = medians([run for run, _ in runs])
        cpu = median(cpu for _, cpu in runs)
        found.append(Rate(scenario.name, done.per_second, cpu, done.p50, done.p99, first))
    return found


class _Writing(NamedTuple):
    """Writes that go on while pages are read, none of them twice."""

    name: str
    requests: list[Request]
    clients: int
    pause: int
    """Milliseconds that each client waits before each of them."""


def beside_writes(server: Server, sample: Sample, reads: Sequence[Scenario], plan: Plan) -> list[Beside]:
    """Measure pages beside about 200 additions of members a second, and beside about 5 renames of groups."""
    plan = msgspec.structs.replace(plan, seconds=min(_BESIDE, plan.seconds))
    groups, seconds = scenarios.groups_to_join(sample), (round(plan.seconds) + 1) * plan.runs
    pages = [scenario for scenario in reads if scenario.name.startswith("page of")]
    found = []
    for page in pages:
        added = scenarios.additions(sample, groups, 300 * seconds)
        found.append(_beside(server, sample, page, _Writing("additions", added, 3, 10), plan))
    renames = _Writing("renames", scenarios.renames(sample, groups, 10 * seconds), 1, 200)
    return [*found, _beside(server, sample, pages[0], renames, plan)]


def _beside(server: Server, sample: Sample, page: Scenario, writing: _Writing, plan: Plan) -> Beside:
    key, sent = sample.made.key, 0
    runs: list[tuple[Load, Load]] = []
    _ask_all_once(server, sample, list(dict.fromkeys(page.requests)), page.clients)
    with (
        load.prepared([request.encode(key) for request in writing.requests]) as writes,
        load.prepared([request.encode(key) for request in page.requests]) as reads,
    ):
        for _ in range(plan.runs):
            manner = Manner(pause=writing.pause, skip=sent, status=204)
            seconds, clients = plan.seconds + 1, writing.clients
            with load.started(server.url, writes, clients=clients, seconds=seconds, manner=manner) as writer:
                done = load.run(server.url, reads, clients=page.clients, seconds=plan.seconds)
                runs.append((done, load.finish(writer)))
            sent += runs[-1][1].requests + clients
    if sent > len(writing.requests):
        raise LoadFailed(f"{len(writing.requests)} {writing.name} were not enough.")
    read, written = zip(*runs, strict=True)
    return Beside(page.name, writing.name, median(one.per_second for one in written), medians(read))


def search_all(server: Server, sample: Sample, plan: Plan) -> list[Search]:
    """Measure each kind of search by 8 clients, and getting one group by two others meanwhile."""
    key = sample.made.key
    others = [Request("GET", f"{sample.v2('/groups')}/{group}").encode(key) for group in sample.groups]
    with load.prepared(others) as other:
        return [_search(server, scenario, key, other, plan) for scenario in scenarios.searches(sample)]


def _search(server: Server, scenario: Scenario, key: str, other: Path, plan: Plan) -> Search:
    seconds = min(_SEARCHING, plan.seconds)
    # The database reads its pages into memory.
    warm, cold = scenario.requests[:_WARMING], scenario.requests[_WARMING:]
    with load.prepared([request.encode(key) for request in warm]) as first:
        load.run(server.url, first, clients=1, seconds=1)
    runs: list[tuple[Load, Load]] = []
    with load.prepared([request.encode(key) for request in cold]) as search:
        alone, cpu = timed(server, search, scenario.clients, 1)
        sent = alone.requests + scenario.clients
        for _ in range(plan.runs):
            with load.started(server.url, other, clients=2, seconds=seconds) as beside:
                manner = Manner(skip=sent)
                done = load.run(server.url, search, clients=scenario.clients, seconds=seconds, manner=manner)
                runs.append((done, load.finish(beside)))
            sent += done.requests + scenario.clients
    again = f" (answers of {len(cold)} requests)" if sent > len(cold) else ""
    searched, meanwhile = zip(*runs, strict=True)
    return Search(f"{scenario.name}{again}", medians(searched), medians(meanwhile), cpu)
