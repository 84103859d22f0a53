"""Measuring how many workers do: SQLite with one, two and four, PostgreSQL with one and two."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from benchmarks import load, postgres, scenarios, servers
from benchmarks.additions import require_added, stored, unlimited
from benchmarks.dataset import Dataset
from benchmarks.load import Load
from benchmarks.runs import Plan, Taken, median, timed
from benchmarks.samples import Sample
from benchmarks.scenarios import WRITERS, Scenario
from benchmarks.servers import Server

READS = ("get one group", "page of 20 groups")

_WORKERS = {"SQLite": (1, 2, 4), "PostgreSQL": (1, 2)}
_SECONDS = 3.0
"""Seconds of a run, at most: there are many."""


class Rate(msgspec.Struct, frozen=True):
    """A rate with its latencies in milliseconds."""

    name: str
    per_second: float
    p50: float
    p99: float


class Measured(msgspec.Struct, frozen=True):
    """What a server with so many workers reaches."""

    engine: str
    workers: int
    rates: list[Rate]


class _Contender(msgspec.Struct):
    """A started server, and what it is to do."""

    engine: str
    workers: int
    made: Dataset
    server: Server
    reads: list[Scenario]
    additions: Taken
    runs: dict[str, list[Load]]

    def warm_up(self) -> None:
        """Write for some seconds, which do not count."""
        self.additions.send(self.server, WRITERS, _SECONDS)

    def run(self, seconds: float) -> None:
        """Read and write once more, by 32 clients."""
        for scenario in self.reads:
            with load.prepared([request.encode(self.made.key) for request in scenario.requests]) as requests:
                self.runs[scenario.name].append(timed(self.server, requests, WRITERS, seconds)[0])
        self.runs["add a member"].append(self.additions.send(self.server, WRITERS, seconds)[0])

    def measured(self) -> Measured:
        """Return the medians of its runs."""
        rates = [
            Rate(
                name,
                median(run.per_second for run in runs),
                median(run.p50 for run in runs),
                median(run.p99 for run in runs),
            )
            for name, runs in self.runs.items()
        ]
        return Measured(self.engine, self.workers, rates)


def measure(
    engines: Mapping[str, Dataset], known: Mapping[str, list[Scenario]], sample: Sample, plan: Plan
) -> list[Measured]:
    """Measure each engine's dataset with its numbers of workers, all of them in turn.

    `known` are reads of an engine whose cursors are there already. Raises LoadFailed for any answer that is
    not due, and for a confirmed addition that is not stored.
    """
    with contextlib.ExitStack() as stack:
        found = [
            one
            for engine, made in engines.items()
            for one in _contenders(stack, engine, made, (sample, known.get(engine, ())), plan)
        ]
        before = {one.made: stored(one.made) for one in found}
        for one in found:
            # A copy is not in memory yet, and PostgreSQL writes whole pages to its log behind a checkpoint.
            one.warm_up()
        for _ in range(plan.runs):
            for one in found:
                one.run(min(_SECONDS, plan.seconds))
        for made, was in before.items():
            mine = [one.additions for one in found if one.made == made]
            confirmed = sum(taken.confirmed for taken in mine)
            require_added(confirmed, sum(taken.runs for taken in mine) * WRITERS, was, stored(made))
        return [one.measured() for one in found]


def _contenders(
    stack: contextlib.ExitStack,
    engine: str,
    made: Dataset,
    questions: tuple[Sample, Sequence[Scenario]],
    plan: Plan,
) -> Iterator[_Contender]:
    counts, (sample, known) = _WORKERS[engine], questions
    reads = [scenario for scenario in known if scenario.name in READS]
    requests = scenarios.additions(sample, scenarios.groups_to_join(sample), plan.additions)
    # A copy of PostgreSQL's database takes long: its servers share one, and each has a part of the requests.
    copy = stack.enter_context(postgres.copied(made)) if made.url else None
    for number, workers in enumerate(counts):
        own = copy or unlimited(made, f"workers-{workers}")
        some = requests[number :: len(counts)] if copy else requests
        server = stack.enter_context(servers.guildhall(own.database, workers=workers))
        reads = reads or scenarios.reads(server, msgspec.structs.replace(sample, made=own), READS)
        prepared = stack.enter_context(load.prepared([request.encode(own.key) for request in some]))
        taken = Taken(f"{engine} with {workers} workers", prepared, len(some))
        runs: dict[str, list[Load]] = {name: [] for name in (*READS, "add a member")}
        yield _Contender(engine, workers, own, server, reads, taken, runs)
