"""Measuring PostgreSQL: reads beside bare server and bare driver, searches, what requests say to it."""

import contextlib
import itertools
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from benchmarks import load, measures, postgres, postgres_additions, scenarios, servers
from benchmarks.dataset import ROOT, Dataset, say
from benchmarks.driver import Reached
from benchmarks.load import Load, LoadFailed, Request
from benchmarks.recordings import Recorded, record
from benchmarks.runs import MICROSECONDS, Plan, answers, median, timed
from benchmarks.samples import Sample
from benchmarks.scenarios import Scenario
from benchmarks.servers import Server

WORKERS = 2
CLIENTS = scenarios.WRITERS
"""Of reads: as many as of writes, so that one table is of one load."""
READS = (
    "get one group",
    "page of 20 groups",
    "page of 100 groups",
    "groups of a user",
    "users of a group",
    "count of groups",
)

_RECORDED, _FEWEST = 500, 20


class Floored(msgspec.Struct, frozen=True):
    """A read beside its floors: requests a second, and microseconds of processor time a request."""

    name: str
    per_second: float
    p50: float
    p99: float
    cpu: float
    postgres_cpu: float
    bare_per_second: float
    bare_cpu: float
    driver_per_second: float
    driver_cpu: float
    driver_postgres_cpu: float


class Cost(msgspec.Struct, frozen=True):
    """What a request says to PostgreSQL, on average: statements, and round trips with what frames them."""

    name: str
    statements: float
    trips: float


def measure(made: Dataset, sample: Sample, plan: Plan) -> tuple[dict[str, Any], list[Scenario]]:
    """Measure everything on a database of the server that `made` is on; return the reads as well."""
    results: dict[str, Any] = {
        "settings": postgres.settings(made.url),
        "workers": WORKERS,
        "clients": CLIENTS,
    }
    say("PostgreSQL: reads")
    with servers.guildhall(made.database, workers=WORKERS) as server:
        wanted = scenarios.reads(server, sample, READS)
        recorded = {one.name: record(made, _some(one.requests)) for one in wanted}
        results["reads"] = _read_all(server, sample, wanted, recorded, plan)
        say("PostgreSQL: searches")
        results["searches"] = measures.search_all(server, sample, plan)
    say("PostgreSQL: additions")
    with postgres.copied(made) as fresh:
        results |= postgres_additions.add_all(fresh, sample, plan, WORKERS)
    recorded |= results.pop("recorded")
    results["costs"] = [_cost(name, found) for name, found in recorded.items()]
    return results, wanted


def _some(requests: Sequence[Request]) -> list[Request]:
    return list(itertools.islice(itertools.cycle(requests), min(_RECORDED, max(_FEWEST, len(requests)))))


def _cost(name: str, recorded: Sequence[Recorded]) -> Cost:
    ran = sum(not ran.controls for one in recorded for ran in one.ran)
    return Cost(name, ran / len(recorded), sum(one.trips for one in recorded) / len(recorded))


def _read_all(
    server: Server,
    sample: Sample,
    wanted: Sequence[Scenario],
    recorded: dict[str, list[Recorded]],
    plan: Plan,
) -> list[Floored]:
    with answers(server, sample, wanted) as answered, servers.bare(answered, WORKERS) as bare:
        return [
            _read(
                server, sample, scenario, (bare, Request("GET", f"/{number}"), recorded[scenario.name]), plan
            )
            for number, scenario in enumerate(wanted)
        ]


def _read(
    server: Server,
    sample: Sample,
    scenario: Scenario,
    floors: tuple[Server, Request, list[Recorded]],
    plan: Plan,
) -> Floored:
    bare, floor, recorded = floors
    key, url = sample.made.key, sample.made.url
    ours: list[tuple[Load, float, float]] = []
    theirs: list[tuple[Load, float]] = []
    driven: list[tuple[float, float, float]] = []
    with (
        load.prepared([request.encode(key) for request in scenario.requests]) as requests,
        load.prepared([floor.encode(key)]) as same,
        _statements(recorded) as statements,
    ):
        load.run(server.url, requests, clients=CLIENTS, seconds=1)
        for _ in range(plan.runs):
            ours.append(_timed(server, url, requests, plan.seconds))
            theirs.append(timed(bare, same, CLIENTS, plan.seconds))
            driven.append(_driven(url, statements, plan.seconds))
    return Floored(
        scenario.name,
        median(run.per_second for run, _, _ in ours),
        median(run.p50 for run, _, _ in ours),
        median(run.p99 for run, _, _ in ours),
        median(cpu for _, cpu, _ in ours),
        median(cpu for _, _, cpu in ours),
        median(run.per_second for run, _ in theirs),
        median(cpu for _, cpu in theirs),
        *(median(column) for column in zip(*driven, strict=True)),
    )


def _timed(server: Server, url: str, requests: Path, seconds: float) -> tuple[Load, float, float]:
    before = postgres.cpu(url)
    done, cpu = timed(server, requests, CLIENTS, seconds)
    return done, cpu, postgres.cpu_between(before, postgres.cpu(url)) / done.requests * MICROSECONDS


@contextlib.contextmanager
def _statements(recorded: Sequence[Recorded]) -> Iterator[Path]:
    """Write the statements of each request where the bare driver reads them; it has no transactions."""
    kept = [[(ran.sql, ran.values) for ran in one.ran if not ran.controls] for one in recorded]
    with tempfile.NamedTemporaryFile() as file:
        file.write(msgspec.msgpack.encode(kept))
        file.flush()
        yield Path(file.name)


def _driven(url: str, statements: Path, seconds: float) -> tuple[float, float, float]:
    """Run statements in as many processes as workers, on as many connections as clients.

    Return requests a second, and microseconds of processor time for each: of the driver, of PostgreSQL.
    """
    given = (url, str(statements), str(CLIENTS // WORKERS), str(seconds))
    command = (sys.executable, "-m", "benchmarks.driver", *given)
    streams: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": ROOT}
    started = [subprocess.Popen(command, **streams) for _ in range(WORKERS)]
    try:
        for process in started:
            _line(process)
        before = postgres.cpu(url)
        for process in started:
            _go(process)
        reached = [msgspec.json.decode(_line(process), type=Reached) for process in started]
        used = postgres.cpu_between(before, postgres.cpu(url))
        for process in started:
            _go(process)
    finally:
        for process in started:
            process.communicate()
    done = sum(one.requests for one in reached)
    own = sum(one.cpu for one in reached)
    return (
        sum(one.requests / one.seconds for one in reached),
        own / done * MICROSECONDS,
        used / done * MICROSECONDS,
    )


def _line(process: "subprocess.Popen[str]") -> str:
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        raise LoadFailed(f"The bare driver ended with {process.wait()}")
    return line


def _go(process: "subprocess.Popen[str]") -> None:
    if process.stdin:
        process.stdin.write("\n")
        process.stdin.flush()
