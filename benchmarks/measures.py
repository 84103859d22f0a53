"""Measuring reads of one server: beside their floors, beside commits, and searches."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from benchmarks import floors, load, scenarios, servers
from benchmarks.load import Load, Manner, Request
from benchmarks.runs import MICROSECONDS, Plan, answers, median, medians, timed
from benchmarks.samples import Sample
from benchmarks.scenarios import Scenario
from benchmarks.servers import Server

_RECORDED = 300
_WARMING = 20
"""Searches of each kind that come before those that are measured."""

_SEARCHING = 3.0
"""Seconds of a run of searches, at most: so many different ones there are."""


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
    recorded = floors.record(sample.made, different[:_RECORDED])
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
    status = different[0].status
    with load.prepared([request.encode(sample.made.key) for request in different]) as requests:
        while asked + last <= len(different):
            runs.append(timed(server, requests, clients, 1, Manner(skip=asked, status=status)))
            last = runs[-1][0].requests
            asked += last
        if asked < len(different):
            timed(server, requests, clients, 1, Manner(skip=asked))
    if asked > len(different):
        return None, None
    cpu = sum(run.requests * cpu for run, cpu in runs) / asked
    return asked / sum(run.seconds for run, _ in runs), cpu


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
        pace = Manner(pause=10, status=204)
        with load.started(server.url, writes, clients=3, seconds=plan.seconds + 1, manner=pace) as writer:
            done = load.run(server.url, reads, clients=scenario.clients, seconds=plan.seconds)
            return done, load.finish(writer).per_second


def search_all(server: Server, sample: Sample, plan: Plan) -> list[Search]:
    """Measure each kind of search by 8 clients, and getting one group by two others meanwhile."""
    key = sample.made.key
    others = [Request("GET", f"{sample.v2('/groups')}/{group}").encode(key) for group in sample.groups]
    with load.prepared(others) as other:
        return [_search(server, scenario, key, other, plan) for scenario in scenarios.searches(sample)]


def _search(server: Server, scenario: Scenario, key: str, other: Path, plan: Plan) -> Search:
    seconds = min(_SEARCHING, plan.seconds)
    # What is made in memory for searching is there from the second search on.
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
