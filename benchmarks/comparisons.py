"""Comparing two revisions on SQLite: their servers stand side by side and take turns within each scenario."""

import contextlib
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import msgspec

from benchmarks import load, samples, scenarios, servers
from benchmarks.additions import unlimited
from benchmarks.dataset import ROOT, Dataset, dataset, say
from benchmarks.load import Load
from benchmarks.runs import Plan, Taken, median, timed
from benchmarks.scenarios import WRITERS, Scenario
from benchmarks.servers import Server

Figures = dict[str, tuple[float, float]]
"""Requests a second and microseconds of processor time a request, by operation."""


Senders = Mapping[str, Callable[[float], tuple[Load, float]]]
"""What sends an operation's requests to each side for some seconds."""

_IN_A_SECOND = 25_000
"""Questions that are made ready for each second, to be asked for the first time."""


class _Side(msgspec.Struct, frozen=True):
    """A revision's server, on the dataset that it built itself."""

    made: Dataset
    server: Server
    reads: dict[str, Scenario]
    additions: Taken


def compare(revision: str, groups: int, plan: Plan) -> dict[str, Figures]:
    """Return what this checkout and a revision reach, by revision."""
    with contextlib.ExitStack() as stack:
        other = stack.enter_context(_checked_out(revision))
        sides = {
            name: _side(stack, name, root, groups, plan) for name, root in (("here", ROOT), (revision, other))
        }
        found: dict[str, Figures] = {name: {} for name in sides}
        for operation in next(iter(sides.values())).reads:
            for label, senders in (("", _again), (", for the first time", _once)):
                with contextlib.ExitStack() as files:
                    ready = {name: senders(files, side, operation, plan) for name, side in sides.items()}
                    _take_turns(f"{operation}{label}", ready, plan, found)
        adding = {name: partial(side.additions.send, side.server, WRITERS) for name, side in sides.items()}
        _take_turns("add a member", adding, plan, found)
        return found


def _take_turns(operation: str, senders: Senders, plan: Plan, found: dict[str, Figures]) -> None:
    say(operation)
    runs: dict[str, list[tuple[Load, float]]] = {name: [] for name in senders}
    for number in range(1 + plan.runs):
        for name, send in senders.items():
            # The first run of each is to warm up.
            done = send(plan.seconds if number else 1)
            if number:
                runs[name].append(done)
    for name, some in runs.items():
        found[name][operation] = (median(run.per_second for run, _ in some), median(cpu for _, cpu in some))


def _again(
    files: contextlib.ExitStack, side: _Side, operation: str, _plan: Plan
) -> Callable[[float], tuple[Load, float]]:
    scenario = side.reads[operation]
    requests = [request.encode(side.made.key) for request in scenario.requests]
    return partial(timed, side.server, files.enter_context(load.prepared(requests)), scenario.clients)


def _once(
    files: contextlib.ExitStack, side: _Side, operation: str, plan: Plan
) -> Callable[[float], tuple[Load, float]]:
    scenario = side.reads[operation]
    count = round((1 + plan.seconds * plan.runs) * _IN_A_SECOND)
    requests = [request.encode(side.made.key) for request in scenarios.asked_once(scenario, count)]
    file = files.enter_context(load.prepared(requests))
    status = scenario.requests[0].status
    return partial(Taken(operation, file, count, status).send, side.server, scenario.clients)


def _side(stack: contextlib.ExitStack, name: str, root: Path, groups: int, plan: Plan) -> _Side:
    made = unlimited(dataset(groups, root), f"compare-{'here' if name == 'here' else 'there'}")
    sample = samples.draw(made)
    server = stack.enter_context(servers.guildhall(made.database, root))
    reads = {scenario.name: scenario for scenario in scenarios.reads(server, sample)}
    added = scenarios.additions(sample, scenarios.groups_to_join(sample), plan.additions)
    prepared = stack.enter_context(load.prepared([request.encode(made.key) for request in added]))
    return _Side(made, server, reads, Taken(name, prepared, len(added)))


@contextlib.contextmanager
def _checked_out(revision: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        other = Path(folder) / "checkout"
        subprocess.run(["git", "worktree", "add", "--detach", other, revision], check=True, cwd=ROOT)
        try:
            yield other
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", other], check=True, cwd=ROOT)
