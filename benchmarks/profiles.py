"""Where a server's event loop is while it answers reads for the first time, by a sampling profiler."""

import collections
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec

from benchmarks import load, scenarios, servers
from benchmarks.load import LoadFailed, Manner
from benchmarks.samples import Sample
from benchmarks.scenarios import Scenario
from benchmarks.servers import Server

READS = (
    "get one group",
    "page of 20 groups",
    "page of 100 groups",
    "groups of a user",
    "search by six letters",
)

_SECONDS, _RATE = 5, 200
_IN_A_SECOND = 15_000

IDLE, REST = "waiting for requests", "event loop and the rest"
PARTS = {
    IDLE: r"epoll_p?wait",
    "waiting for the interpreter": r"take_gil|pthread_cond_timedwait",
    "SQLite in apsw": r"\(__init__\.cpython-[^/]*\.so\)",
    "JSON and structs in msgspec": r"\(msgspec/",
    "HTTP server": r"\(guildhall/server/",
    "store/": r"\(guildhall/store/",
    "api/, operations/": r"\(guildhall/(api|operations|model)/",
    "http/": r"\(guildhall/(http/|app)",
    REST: r"",
}
"""What a frame of a stack belongs to; a sample is of the innermost frame that belongs to something."""

_KNOWN = {name: re.compile(pattern) for name, pattern in PARTS.items() if pattern}


class Profile(msgspec.Struct, frozen=True):
    """How often an operation was seen in each part."""

    name: str
    samples: dict[str, int]


def measure(sample: Sample) -> list[Profile]:
    """Profile each of the reads; raises LoadFailed where there is no py-spy."""
    with servers.guildhall(sample.made.database) as server:
        return [_profile(server, sample, scenario) for scenario in scenarios.reads(server, sample, READS)]


def _profile(server: Server, sample: Sample, scenario: Scenario) -> Profile:
    asked = scenarios.asked_once(scenario, (_SECONDS + 2) * _IN_A_SECOND)
    warming, seconds = 1, _SECONDS + 1
    key, clients = sample.made.key, scenario.clients
    with load.prepared([request.encode(key) for request in asked]) as requests:
        warm = load.run(server.url, requests, clients=clients, seconds=warming)
        manner = Manner(skip=warm.requests + clients)
        with load.started(server.url, requests, clients=clients, seconds=seconds, manner=manner) as process:
            # The worker is the last of the processes.
            samples = _samples(server.processes()[-1])
            done = load.finish(process)
    if warm.requests + done.requests > len(asked):
        raise LoadFailed(f"{scenario.name}: {len(asked)} requests were not enough.")
    return Profile(scenario.name, samples)


def _samples(process: int) -> dict[str, int]:
    program = shutil.which("py-spy") or str(Path(sys.executable).with_name("py-spy"))
    with tempfile.NamedTemporaryFile() as file:
        how = ("--native", "--threads", "--format", "raw", "--rate", str(_RATE), "--duration", str(_SECONDS))
        command = (program, "record", *how, "--pid", str(process), "--output", file.name)
        try:
            subprocess.run(command, check=True, capture_output=True, text=True)
        except FileNotFoundError:
            raise LoadFailed("py-spy is not installed; see requirements-bench.txt.") from None
        except subprocess.CalledProcessError as error:
            raise LoadFailed(f"py-spy saw nothing: {error.stderr}") from error
        found: collections.Counter[str] = collections.Counter()
        for line in Path(file.name).read_text().splitlines():
            stack, _, count = line.rpartition(" ")
            thread, *frames = stack.split(";")
            if thread.endswith("MainThread"):
                found[_part(frames)] += int(count)
    return {name: found[name] for name in PARTS}


def _part(frames: list[str]) -> str:
    parts = (name for frame in reversed(frames) for name, known in _KNOWN.items() if known.search(frame))
    return next(parts, REST)
