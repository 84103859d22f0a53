"""Comparing two revisions on SQLite: their servers stand side by side and take turns within each scenario."""

import contextlib
import subprocess
import tempfile
from collections.abc import Iterator
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
        runs: dict[str, dict[str, list[tuple[Load, float]]]] = {name: {} for name in sides}
        for operation in [*next(iter(sides.values())).reads, "add a member"]:
            say(operation)
            for number in range(1 + plan.runs):
                for name, side in sides.items():
                    # The first run of each is to warm up.
                    done = _run(side, operation, plan.seconds if number else 1)
                    if number:
                        runs[name].setdefault(operation, []).append(done)
        return {
            name: {
                operation: (median(run.per_second for run, _ in some), median(cpu for _, cpu in some))
                for operation, some in operations.items()
            }
            for name, operations in runs.items()
        }


def _run(side: _Side, operation: str, seconds: float) -> tuple[Load, float]:
    if operation not in side.reads:
        return side.additions.send(side.server, WRITERS, seconds)
    scenario = side.reads[operation]
    with load.prepared([request.encode(side.made.key) for request in scenario.requests]) as requests:
        return timed(side.server, requests, scenario.clients, seconds)


def _side(stack: contextlib.ExitStack, name: str, root: Path, groups: int, plan: Plan) -> _Side:
    made = unlimited(dataset(groups, root), f"compare-{'here' if name == 'here' else 'there'}")
    sample = samples.draw(made)
    server = stack.enter_context(servers.guildhall(made, root))
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
