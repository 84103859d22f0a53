"""Load over HTTP: wrk replays prepared requests on connections that it keeps open if the server lets it."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import msgspec

from benchmarks.peers.processes import ADDRESS, Server
from benchmarks.peers.results import Operation, PeerFailed, say

_SCRIPT = Path(__file__).with_name("replay.lua")
_WARM_UP_SECONDS = 1
_ENOUGH = 50
"""Answers that a median can be told from."""
_LONGEST_SECONDS = 30


class Scenario(msgspec.Struct, frozen=True):
    """Requests of one operation, sent in turn."""

    name: str
    requests: Sequence[bytes]
    expected: str = ""
    """What stands in the body of every right answer."""
    once: bool = False
    """Each request can be sent only once."""


class Measured(msgspec.Struct, frozen=True):
    """The figures of a scenario, and how many requests were sent for them and for the warm-up."""

    operation: Operation
    sent: int
    unanswered: int
    """Requests that were still under way when a run's time was over."""


class _Run(msgspec.Struct, frozen=True):
    taken: int
    """How far it came in the file."""
    sent: int
    answered: int
    seconds: float
    p50_ms: float
    p99_ms: float
    errors: int


def encode(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """Return a request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {ADDRESS}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def measure(server: Server, scenario: Scenario, seconds: int, clients: int, work: Path) -> Measured:
    """Warm up, then time a scenario; raises PeerFailed when an answer was wrong or none came.

    A run of which too little is answered is repeated, three times as long.
    """
    say(f"Timing {scenario.name}")
    file = work / "requests.bin"
    file.write_bytes(b"".join(b"%08d" % len(request) + request for request in scenario.requests))
    # Requests that can be sent only once are few at times: most of them are left for the measurement.
    last, few = (len(scenario.requests), 1 + len(scenario.requests) // 10) if scenario.once else (0, 0)
    runs = [_replay(server, scenario, (file, 0, few), _WARM_UP_SECONDS, clients)]
    while True:
        server.settle()
        before = server.cpu_us()
        runs.append(_replay(server, scenario, (file, runs[-1].taken, last), seconds, clients))
        enough = runs[-1].answered >= _ENOUGH or runs[-1].taken == last
        if enough or seconds >= _LONGEST_SECONDS:
            break
        seconds *= 3
    server.settle()
    file.unlink()
    operation = _operation(runs[-1], server.cpu_us() - before, clients)
    return Measured(operation, runs[-1].taken, sum(run.sent - run.answered for run in runs))


def _operation(run: _Run, cpu_us: float, clients: int) -> Operation:
    if not run.answered:
        raise PeerFailed("Nothing was answered in time.")
    return Operation(
        per_second=round(run.answered / run.seconds, 2),
        p50_ms=run.p50_ms,
        p99_ms=run.p99_ms,
        errors=run.errors,
        # The server goes on with what was under way at the end, so all that was sent has cost it time.
        server_cpu_us=round(cpu_us / run.sent, 1),
        clients=clients,
    )


def _replay(
    server: Server, scenario: Scenario, source: tuple[Path, int, int], seconds: int, clients: int
) -> _Run:
    program = shutil.which("wrk")
    if program is None:
        raise PeerFailed("wrk is not installed; Debian's package is called wrk.")
    file, skip, last = source
    times = ("--duration", f"{seconds}s", "--timeout", "120s")
    shape = ("--threads", "1", "--connections", str(clients), *times, "--script", str(_SCRIPT))
    arguments = (f"http://{ADDRESS}:{server.port}/", "--", str(file), str(skip), str(last), scenario.expected)
    ended = subprocess.run((program, *shape, *arguments), check=False, capture_output=True, text=True)
    _, found, told = ended.stdout.partition("RESULT ")
    if not found:
        raise PeerFailed(f"{scenario.name}: wrk measured nothing: {ended.stderr or ended.stdout}")
    figures, _, failure = told.partition("\n")
    run = msgspec.convert(dict(zip(_Run.__struct_fields__, figures.split(), strict=True)), _Run, strict=False)
    if run.errors:
        raise PeerFailed(f"{scenario.name}: {run.errors} of {run.answered} requests failed: {failure}")
    return run
