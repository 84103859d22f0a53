"""Times Guildhall beside its floors and its peers, and writes `report.md`.

`python benchmarks/run.py` takes about half an hour once the datasets are built; `--quick` a minute or two, on
a small dataset and without a report; `--compare REV` sets this checkout against another revision.
"""

import argparse
import importlib
import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

import apsw  # noqa: E402 -- the paths above come first, so that the script runs from anywhere
import msgspec  # noqa: E402

from benchmarks import measures, reports, samples, scenarios, servers  # noqa: E402
from benchmarks.dataset import LARGEST, Dataset, copy_of, dataset, home, select  # noqa: E402
from benchmarks.measures import Plan  # noqa: E402

FULL = Plan(seconds=5, runs=3, additions=120_000)
SHORT = Plan(seconds=2, runs=1, additions=60_000)
"""For the sizes beside the largest, whose figures are compared among themselves; also `--short`."""

QUICK = Plan(seconds=1, runs=1, additions=40_000)
SMALL = 1_000
_GROWN = 1_000_000
"""Members that are added at random before the size on disk is looked at again."""

SIZES = (SMALL, 10_000, 100_000, LARGEST)
PEERS = ("slapd", "moto", "scim2_server", "canaille")


def main() -> None:
    """Read the command line and measure what it asks for."""
    options = _options()
    if options.again:
        write_report(msgspec.json.decode((home() / "results.json").read_bytes()))
        return
    if options.compare:
        compare(options.compare, options.groups or SMALL * 10, QUICK if options.quick else FULL)
        return
    plan = QUICK if options.quick else SHORT if options.short else FULL
    groups = options.groups or (SMALL * 10 if options.quick else LARGEST)
    results = measure(groups, plan)
    if not (options.quick or options.short):
        results["sizes"] = {str(size): _size(size, SHORT) for size in SIZES}
    if options.peers:
        # What was measured up to here stays, whatever happens to a peer.
        _keep(results)
        results["peers"] = [result for name in PEERS for result in _peers(name, groups, plan)]
    if options.quick or options.short:
        print(reports.report(results))
        return
    _keep(results)
    write_report(results)


def _keep(results: dict[str, Any]) -> None:
    (home() / "results.json").write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=2))


def write_report(results: dict[str, Any]) -> None:
    """Write the report of a full run, its plots, and what was found out about it."""
    # Only here: the plots need a library that nothing else needs.
    importlib.import_module("benchmarks.plots").draw(results)
    here = ROOT / "benchmarks"
    text = reports.report(results) + "\n" + (here / "findings.md").read_text()
    (here / "report.md").write_text(text)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small dataset and short runs, printed")
    parser.add_argument(
        "--short", action="store_true", help="the largest dataset, short runs, no other sizes, printed"
    )
    parser.add_argument("--again", action="store_true", help="write the report of the last full run anew")
    parser.add_argument("--groups", type=int, help="groups of the dataset")
    parser.add_argument("--peers", action="store_true", help="measure the peers as well")
    parser.add_argument(
        "--compare", metavar="REV", help="measure reads of this checkout and of a revision in turn"
    )
    return parser.parse_args()


def measure(groups: int, plan: Plan) -> dict[str, Any]:
    """Measure everything on a dataset of so many groups."""
    made = copy_of(dataset(groups), home() / "work")
    sample = samples.draw(made)
    results: dict[str, Any] = {"machine": _machine(), "groups": groups, "disk": _disk(made)}
    with servers.guildhall(made) as server:
        results["start"] = server.seconds_to_start
        results["memory_idle"] = server.memory()
        _say("reads")
        reads = scenarios.reads(server, sample)
        results["reads"] = measures.read_all(server, sample, reads, plan)
        _say("searches and filters")
        results["searches"] = measures.search_all(server, sample, plan)
        filters = scenarios.filters_of_groups(sample)
        results["filters of groups"] = measures.filter_all(server, sample, filters)
        results["filters of users"] = measures.filter_all(server, sample, scenarios.filters_of_users(sample))
        results["memory_loaded"] = server.memory()
        _say("pages beside commits")
        pages = [scenario for scenario in reads if scenario.name.startswith("page of")]
        results["beside"] = [
            (scenario.name, *measures.beside_commits(server, sample, scenario, plan)) for scenario in pages
        ]
    results |= _writes(dataset(groups), plan)
    results["disk_grown"] = _disk(measures.grow(copy_of(dataset(groups), home() / "work"), _GROWN))
    _say("mass changes")
    again = copy_of(dataset(groups), home() / "work")
    measures.lift_limits(again)
    with servers.guildhall(again) as server:
        results["mass"] = measures.change_largest(server, sample)
    shutil.rmtree(home() / "work")
    return _plain(results)


def _writes(original: Dataset, plan: Plan) -> dict[str, Any]:
    _say("additions")
    made = copy_of(original, home() / "work")
    sample = samples.draw(made)
    random = scenarios.groups_to_join(sample)
    with tempfile.TemporaryDirectory() as folder:
        slow = {"LD_PRELOAD": _delaying(Path(folder)), "FSYNC_DELAY_MS": "2"}
        kinds: list[tuple[str, list[str], dict[str, str]]] = [
            ("random groups", random, {}),
            ("2 ms more for each sync", random, slow),
            ("the largest group", [sample.largest_group], {}),
            ("a group of ten", [sample.group_of_ten], {}),
        ]
        writes = [
            measures.add_members(made, sample, groups, plan, name=name, **environment)
            for name, groups, environment in kinds
        ]
    sql = measures.sql_of_additions(made, sample, random, 2_000)
    return {"writes": writes, "sql_of_additions": sql}


def _delaying(folder: Path) -> str:
    library = folder / "fsync_delay.so"
    source = ROOT / "benchmarks" / "fsync_delay.c"
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return str(library)


def _size(groups: int, plan: Plan) -> dict[str, Any]:
    """Measure a few operations on a dataset of another size."""
    _say(f"{groups:,} groups")
    original = dataset(groups)
    made = copy_of(original, home() / "work")
    sample = samples.draw(made)
    with servers.guildhall(made) as server:
        reads = measures.read_all(server, sample, scenarios.reads(server, sample), plan)
    joined = scenarios.groups_to_join(sample)
    added = measures.add_members(made, sample, joined, plan, name=f"{groups} groups")
    shutil.rmtree(home() / "work")
    return _plain({"reads": reads, "added": added, "disk": _disk(original)})


def compare(revision: str, groups: int, plan: Plan) -> None:
    """Measure reads of this checkout and of a revision, each on the dataset that it builds itself."""
    with tempfile.TemporaryDirectory() as folder:
        other = Path(folder) / "checkout"
        subprocess.run(["git", "worktree", "add", "--detach", other, revision], check=True, cwd=ROOT)
        try:
            measured = {}
            for name, root in (("here", ROOT), (revision, other)):
                made = copy_of(dataset(groups, root), home() / f"compare-{root.name}")
                sample = samples.draw(made)
                with servers.guildhall(made, root) as server:
                    found = scenarios.reads(server, sample)
                    measured[name] = measures.rates(server, sample, found, plan)
            print(reports.comparison(measured))
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", other], check=True, cwd=ROOT)


def _peers(name: str, groups: int, plan: Plan) -> list[Any]:
    """Measure a peer; one that is measured in two ways writes two results."""
    _say(f"peer {name}")
    with tempfile.TemporaryDirectory() as folder:
        result = str(Path(folder) / "result.json")
        data = ("--data", dataset(groups).path, "--work", str(home() / "peers"), "--json", result)
        seconds = ("--seconds", str(round(plan.seconds)))
        subprocess.run(
            (sys.executable, "-m", f"benchmarks.peers.{name}", *data, *seconds), check=True, cwd=ROOT
        )
        return [msgspec.json.decode(file.read_bytes()) for file in sorted(Path(folder).glob("*.json"))]


def _disk(made: Dataset) -> dict[str, float]:
    """Return bytes on disk: of the file, and of what memberships and groups need with their indexes."""
    sizes: dict[str, Any] = dict(
        select(made, "SELECT name, sum(pgsize) FROM dbstat WHERE aggregate = FALSE GROUP BY name")  # type: ignore[arg-type]
    )
    rows = dict(
        select(
            made,
            "SELECT 'memberships', count(*) FROM memberships UNION ALL SELECT 'groups', count(*) FROM groups",
        )  # type: ignore[arg-type]
    )
    memberships = sum(size for name, size in sizes.items() if name.startswith("memberships"))
    groups = sum(
        size
        for name, size in sizes.items()
        if name.startswith(("groups", "group_", "sqlite_autoindex_groups"))
    )
    return {
        "file": Path(made.path).stat().st_size,
        "per_membership": memberships / max(1, int(str(rows["memberships"]))),
        "per_group": groups / max(1, int(str(rows["groups"]))),
    }


def _machine() -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        "sqlite": apsw.sqlite_lib_version(),
        "granian": importlib.metadata.version("granian"),
        "wrk": subprocess.run(("wrk", "-v"), capture_output=True, text=True, check=False).stdout.split(" [")[
            0
        ],
        "cores": os.cpu_count(),
        "memory_gb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30,
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "processor": _processor(),
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "unknown")


def _plain(results: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(results)
    return plain


def _say(what: str) -> None:
    print(f"Measuring {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
