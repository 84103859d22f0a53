"""Measuring additions of members on PostgreSQL, beside the same transaction in pgbench."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

import msgspec

from benchmarks import load, pgbench, postgres, scenarios, servers
from benchmarks.additions import require_added, stored
from benchmarks.dataset import Dataset
from benchmarks.load import Load, LoadFailed, Request
from benchmarks.pgbench import Pair, Transaction
from benchmarks.recordings import Recorded, record
from benchmarks.runs import MICROSECONDS, Plan, Taken, median
from benchmarks.samples import Sample
from benchmarks.scenarios import WRITERS
from benchmarks.servers import Server

PLAIN, HOT, RANDOM = "groups that give nothing", "one of them", "groups that give roles"

_RECORDED = 150
_FULL = 0.9
"""Share of its pairs that pgbench may use up: one client is ahead of another."""


class Added(msgspec.Struct, frozen=True):
    """Additions of members: how many a second, milliseconds, and microseconds of processor time."""

    name: str
    per_second: float
    p50: float
    p99: float
    cpu: float
    postgres_cpu: float


class Same(msgspec.Struct):
    """The same transaction in pgbench, and what it has done."""

    made: Transaction
    slice_size: int
    """Pairs of one client in one run."""
    rates: list[float] = []
    added: int = 0

    def run(self, url: str, seconds: float) -> None:
        """Run it once more; raises LoadFailed when there were too few pairs."""
        rate, added = pgbench.run(
            url, self.made, clients=WRITERS, seconds=seconds, done=len(self.rates) * self.slice_size
        )
        if added > _FULL * WRITERS * self.slice_size:
            raise LoadFailed(f"{WRITERS * self.slice_size} pairs were not enough for pgbench.")
        self.rates.append(rate)
        self.added += added


def add_all(made: Dataset, sample: Sample, plan: Plan, workers: int) -> dict[str, Any]:
    """Measure additions on a copy that may be written to, and count the connections that they needed.

    The kinds take turns with pgbench, so that the database grows below all of them alike.
    """
    requests, left_over = _requests(sample, plan)
    alone = {name: record(made, some[:_RECORDED]) for name, some in requests.items() if name != HOT}
    same = _same(made, left_over, alone[PLAIN], plan)
    before = stored(made)
    runs: dict[str, list[tuple[Load, float, float]]] = {name: [] for name in requests}
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(servers.guildhall(made.database, workers=workers))
        taken = {}
        for name, some in requests.items():
            left = [request.encode(made.key) for request in some[_RECORDED:]]
            taken[name] = Taken(name, stack.enter_context(load.prepared(left)), len(left))
        for _ in range(plan.runs):
            for name, source in taken.items():
                runs[name].append(_run(server, made.url, source, plan.seconds))
            same.run(made.url, plan.seconds)
        connections = postgres.connections(made.url)
    confirmed = sum(source.confirmed for source in taken.values()) + same.added
    under_way = sum(source.runs for source in taken.values()) * WRITERS
    require_added(confirmed, under_way, before, stored(made))
    return {
        "additions": [_added(name, some) for name, some in runs.items()],
        "pgbench": median(same.rates),
        "connections": connections,
        "recorded": {f"add a member to {name}": some for name, some in alone.items()},
    }


def _requests(sample: Sample, plan: Plan) -> tuple[dict[str, list[Request]], list[Request]]:
    """Return the additions of each kind, and those that are left to pgbench, none of them twice."""
    hot, *plain = scenarios.plain_groups(sample)
    others = [group for group in scenarios.groups_to_join(sample) if group not in {hot, *plain}]
    most, same = plan.additions, scenarios.additions(sample, plain, 2 * plan.additions)
    kinds = {
        PLAIN: same[:most],
        HOT: scenarios.additions(sample, [hot], most),
        RANDOM: scenarios.additions(sample, others, most),
    }
    return kinds, same[most:]


def _same(made: Dataset, requests: Sequence[Request], recorded: Sequence[Recorded], plan: Plan) -> Same:
    """Return the transaction of the recorded additions, for pairs that are left to pgbench."""
    pairs = [_pair(request) for request in requests]
    stored = asyncio.run(pgbench.store_pairs(made.url, [*pairs, *(_pair(one.request) for one in recorded)]))
    found: list[tuple[Pair, Any]] = [
        (pair, [ran for ran in one.ran if not ran.tidies])
        for pair, one in zip(stored[len(pairs) :], recorded, strict=True)
    ]
    slice_size = len(pairs) // WRITERS // plan.runs // pgbench.AT_ONCE * pgbench.AT_ONCE
    return Same(pgbench.transaction(found, slice_size * plan.runs), slice_size)


def _pair(request: Request) -> tuple[str, str]:
    return request.path.split("/")[-2], msgspec.json.decode(request.body)["accountId"]


def _run(server: Server, url: str, source: Taken, seconds: float) -> tuple[Load, float, float]:
    before = postgres.cpu(url)
    done, cpu = source.send(server, WRITERS, seconds)
    return done, cpu, postgres.cpu_between(before, postgres.cpu(url)) / done.requests * MICROSECONDS


def _added(name: str, runs: Sequence[tuple[Load, float, float]]) -> Added:
    return Added(
        name,
        median(done.per_second for done, _, _ in runs),
        median(done.p50 for done, _, _ in runs),
        median(done.p99 for done, _, _ in runs),
        median(cpu for _, cpu, _ in runs),
        median(cpu for _, _, cpu in runs),
    )
