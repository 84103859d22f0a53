"""Times Guildhall beside its floors and its peers, and writes `report.md`.

`python benchmarks/run.py` takes about three quarters of an hour once the datasets are built; `--part`
measures some of it and keeps the rest of the last run, `--quick` takes a few minutes, on a small dataset
and without a report; `--compare REV` sets this checkout against another revision. PostgreSQL is measured
where the variable `GUILDHALL_BENCH_POSTGRES` names a server.
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
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

import apsw  # noqa: E402 -- the paths above come first, so that the script runs from anywhere
import msgspec  # noqa: E402

from benchmarks import (  # noqa: E402
    additions,
    comparisons,
    filters,
    measures,
    peer_reports,
    postgres,
    postgres_measures,
    profiles,
    reports,
    samples,
    scenarios,
    servers,
    workers,
)
from benchmarks.dataset import LARGEST, Dataset, copy_of, dataset, home, say, select  # noqa: E402
from benchmarks.runs import Plan  # noqa: E402

FULL = Plan(seconds=5, runs=3, additions=150_000)
SHORT = Plan(seconds=2, runs=1, additions=60_000)
"""For the sizes beside the largest, whose figures are compared among themselves; also `--short`."""

QUICK = Plan(seconds=1, runs=1, additions=40_000)
SMALL = 1_000
_GROWN = 1_000_000
"""Members that are added at random before the size on disk is looked at again."""

_SECONDS = 3.0
"""Seconds of a run on PostgreSQL, at most: each takes turns with its floors."""

SIZES = (SMALL, 10_000, 100_000, LARGEST)
PEERS = ("slapd", "moto", "scim2_server", "canaille")


def main() -> None:
    """Read the command line and measure what it asks for."""
    options = _options()
    if options.again:
        write_report(_kept())
        return
    plan = QUICK if options.quick else SHORT if options.short else FULL
    groups = options.groups or (SMALL * 10 if options.quick else LARGEST)
    if options.compare:
        print(reports.comparison(comparisons.compare(options.compare, options.groups or SMALL * 10, plan)))
        return
    printed = options.quick or options.short
    results = {} if printed or not options.part else _kept()
    if results.setdefault("groups", groups) != groups:
        raise SystemExit(
            f"The last full run was of {results['groups']} groups; add --short to print this one."
        )
    for part in options.part or (("sqlite", "postgres") if printed else PARTS):
        origin = {"revision": _revision(), "date": f"{datetime.now(UTC):%Y-%m-%d}", "machine": _machine()}
        results |= PARTS[part](groups, plan)
        results.setdefault("measured", {})[part] = origin
        # What was measured up to here stays, whatever happens to the next part.
        if not printed:
            _keep(results)
    if printed:
        print(reports.report(results))
    else:
        write_report(results)


def _kept() -> dict[str, Any]:
    file = home() / "results.json"
    results: dict[str, Any] = msgspec.json.decode(file.read_bytes()) if file.exists() else {}
    return results


def _keep(results: dict[str, Any]) -> None:
    (home() / "results.json").write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=2))


def write_report(results: dict[str, Any]) -> None:
    """Write the report of a full run, its plots, and what was found out about it."""
    # Only here: the plots need a library that nothing else needs.
    if "reads" in results and "sizes" in results:
        importlib.import_module("benchmarks.plots").draw(results)
    here = ROOT / "benchmarks"
    text = reports.report(results) + "\n" + (here / "findings.md").read_text()
    (here / "report.md").write_text(text)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a small dataset and short runs, printed")
    parser.add_argument(
        "--short", action="store_true", help="the largest dataset, short runs, no other sizes, printed"
    )
    parser.add_argument("--again", action="store_true", help="write the report of the last full run anew")
    parser.add_argument("--groups", type=int, help="groups of the dataset")
    parser.add_argument(
        "--part",
        action="append",
        choices=PARTS,
        help="only this; once for each; the others stay as they were",
    )
    parser.add_argument("--compare", metavar="REV", help="set this checkout against a revision, in turn")
    return parser.parse_args()


def _sqlite(groups: int, plan: Plan) -> dict[str, Any]:
    """Measure everything on SQLite with one worker."""
    made = copy_of(dataset(groups), home() / "work")
    sample = samples.draw(made)
    results: dict[str, Any] = {"disk": _disk(made)}
    with servers.guildhall(made.database) as server:
        results["start"] = server.seconds_to_start
        results["memory_idle"] = server.memory()
        say("Measuring reads")
        reads = scenarios.reads(server, sample)
        results["reads"] = measures.read_all(server, sample, reads, plan)
        say("Measuring searches and filters")
        results["searches"] = measures.search_all(server, sample, plan)
        results["filters of groups"] = filters.measure(server, sample, filters.of_groups(sample))
        results["filters of users"] = filters.measure(server, sample, filters.of_users(sample))
        for number in ("count", "stats"):
            wanted = filters.of_numbers(sample, number)
            results[f"users/{number}"] = filters.measure(server, sample, wanted)
        say("Measuring pages beside writes")
        results["beside"] = measures.beside_writes(server, sample, reads, plan)
        results["memory_loaded"] = server.memory_at_most()
    results |= _writes(dataset(groups), sample, plan)
    results["disk_grown"] = _disk(additions.grow(copy_of(dataset(groups), home() / "work"), _GROWN))
    say("Measuring mass changes")
    results["mass"] = additions.change_largest(dataset(groups), sample, plan)
    shutil.rmtree(home() / "work")
    return _plain(results)


def _writes(original: Dataset, sample: samples.Sample, plan: Plan) -> dict[str, Any]:
    say("Measuring additions")
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
            additions.add_members(original, sample, groups, plan, name=name, **environment)
            for name, groups, environment in kinds
        ]
    sql = additions.sql_of_additions(original, sample, random, 20_000)
    return {"writes": writes, "sql_of_additions": sql}


def _delaying(folder: Path) -> str:
    library = folder / "fsync_delay.so"
    source = ROOT / "benchmarks" / "fsync_delay.c"
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return str(library)


def _sizes(_groups: int, _plan: Plan) -> dict[str, Any]:
    largest = _size(SIZES[-1], SHORT, {})
    different = {read["name"]: read["different"] for read in largest["reads"]}
    sizes = {str(size): _size(size, SHORT, different) for size in SIZES[:-1]}
    return {"sizes": {**sizes, str(SIZES[-1]): largest}}


def _size(groups: int, plan: Plan, different: Mapping[str, int]) -> dict[str, Any]:
    """Measure a few operations on a dataset of another size.

    Each read is asked in as many different requests as are given: so many answers are kept at each size.
    """
    say(f"Measuring {groups:,} groups")
    original = dataset(groups)
    made = copy_of(original, home() / "work")
    sample = samples.draw(made)
    with servers.guildhall(made.database) as server:
        wanted = [
            msgspec.structs.replace(one, requests=scenarios.asked_once(one, different[one.name]))
            if one.name in different
            else one
            for one in scenarios.reads(server, sample)
        ]
        reads = measures.read_all(server, sample, wanted, plan)
        searches = measures.search_all(server, sample, plan)
    joined = scenarios.groups_to_join(sample)
    added = additions.add_members(original, sample, joined, plan, name=f"{groups} groups")
    mass = additions.change_largest(original, sample, plan)
    shutil.rmtree(home() / "work")
    found = {"reads": reads, "searches": searches, "added": added, "mass": mass, "disk": _disk(original)}
    return _plain(found)


def _postgres(groups: int, plan: Plan) -> dict[str, Any]:
    """Measure PostgreSQL where there is one, and how many workers do on either."""
    original, server = dataset(groups), postgres.server_url()
    sample, engines = samples.draw(original), {"SQLite": original}
    plan = msgspec.structs.replace(plan, seconds=min(_SECONDS, plan.seconds))
    results: dict[str, Any] = {"postgres": None}
    known: dict[str, list[scenarios.Scenario]] = {}
    if server:
        made = engines["PostgreSQL"] = postgres.postgres_dataset(original, server)
        asked = msgspec.structs.replace(sample, made=made)
        results["postgres"], known["PostgreSQL"] = postgres_measures.measure(made, asked, plan)
    say("Measuring workers")
    results["workers"] = workers.measure(engines, known, sample, plan)
    shutil.rmtree(home() / "work")
    return _plain(results)


def _peers(groups: int, plan: Plan) -> dict[str, Any]:
    """Measure the peers, and the same reads of Guildhall by as many clients."""
    original = dataset(groups)
    sample = samples.draw(original)
    with servers.guildhall(original.database) as server:
        wanted = scenarios.reads(server, sample, peer_reports.READS)
        ours = measures.rates(server, sample, wanted, scenarios.WRITERS, plan)
    peers = [result for name in PEERS for result in _peer(name, groups, plan)]
    return _plain({"peers": peers, "reads beside peers": ours})


def _peer(name: str, groups: int, plan: Plan) -> list[Any]:
    """Measure a peer; one that is measured in two ways writes two results."""
    say(f"Measuring peer {name}")
    with tempfile.TemporaryDirectory() as folder:
        result = str(Path(folder) / "result.json")
        data = ("--data", dataset(groups).path, "--work", str(home() / "peers"), "--json", result)
        how = ("--seconds", str(round(plan.seconds)), "--clients", str(scenarios.WRITERS))
        subprocess.run((sys.executable, "-m", f"benchmarks.peers.{name}", *data, *how), check=True, cwd=ROOT)
        return [msgspec.json.decode(file.read_bytes()) for file in sorted(Path(folder).glob("*.json"))]


def _profile(groups: int, _plan: Plan) -> dict[str, Any]:
    """See where the time of reads goes on SQLite, with one worker."""
    say("Profiling reads")
    return _plain({"profiles": profiles.measure(samples.draw(dataset(groups)))})


PARTS: dict[str, Callable[[int, Plan], dict[str, Any]]] = {
    "sqlite": _sqlite,
    "sizes": _sizes,
    "postgres": _postgres,
    "peers": _peers,
    "profile": _profile,
}
"""What is measured by itself, and how; all of it unless a part is named."""


def _disk(made: Dataset) -> dict[str, float]:
    """Return bytes on disk: of the file, and of what memberships and groups need with their indexes."""
    sizes: dict[str, Any] = dict(
        select(made, "SELECT name, sum(pgsize) FROM dbstat WHERE aggregate = FALSE GROUP BY name")  # type: ignore[arg-type]
    )
    rows: dict[Any, Any] = dict(
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


def _revision() -> str:
    command = ("git", "rev-parse", "--short", "HEAD")
    try:
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _machine() -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        "sqlite": apsw.sqlite_lib_version(),
        "httptools": importlib.metadata.version("httptools"),
        "uvloop": importlib.metadata.version("uvloop"),
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


if __name__ == "__main__":
    main()
