"""One run of a load against one server, and how runs become a figure."""

import contextlib
import statistics
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from benchmarks import load, servers
from benchmarks.load import Load, LoadFailed, Manner
from benchmarks.samples import Sample
from benchmarks.scenarios import Scenario
from benchmarks.servers import Server

MICROSECONDS = 1e6

_KEPT_BACK = frozenset({"date", "server", "connection", "transfer-encoding"})


class Plan(msgspec.Struct, frozen=True):
    """How long and how often."""

    seconds: float
    runs: int
    additions: int
    """Members that are added in all for one figure of writing."""


def timed(
    server: Server, requests: Path, clients: int, seconds: float, manner: Manner = load.PLAIN
) -> tuple[Load, float]:
    """Return what a load measured, and the server's microseconds of processor time for each request."""
    before = server.cpu()
    done = load.run(server.url, requests, clients=clients, seconds=seconds, manner=manner)
    return done, (server.cpu() - before) / done.requests * MICROSECONDS


def median(values: Iterable[float]) -> float:
    """Return what half of the values are at most."""
    return statistics.median(values)


def medians(loads: Sequence[Load]) -> Load:
    """Return a load of the medians of several; its requests and seconds are those of the middle rate."""
    middle = sorted(loads, key=lambda one: one.per_second)[len(loads) // 2]
    found = {
        name: median(getattr(one, name) for one in loads) for name in ("p50", "p90", "p99", "p999", "max")
    }
    return msgspec.structs.replace(middle, **found)


class Taken:
    """Requests that can be sent only once: each run begins behind those that earlier runs took."""

    def __init__(self, name: str, requests: Path, count: int, status: int = 204) -> None:
        self.name = name
        self.confirmed = 0
        self.runs = 0
        self._requests = requests
        self._count = count
        self._status = status
        self._taken = 0

    def send(self, server: Server, clients: int, seconds: float) -> tuple[Load, float]:
        """Send what was not sent yet; raises LoadFailed when there was too little of it."""
        manner = Manner(skip=self._taken, status=self._status)
        done, cpu = timed(server, self._requests, clients, seconds, manner)
        # What was under way at the end was sent as well.
        self._taken += done.requests + clients
        self.confirmed += done.requests
        self.runs += 1
        if self._taken > self._count:
            raise LoadFailed(f"{self.name}: {self._count} requests were not enough.")
        return done, cpu


@contextlib.contextmanager
def answers(server: Server, sample: Sample, wanted: Sequence[Scenario]) -> Iterator[Path]:
    """Write the answer to each scenario's first request down for the bare server."""
    found = {}
    for number, scenario in enumerate(wanted):
        request = scenario.requests[0]
        status, body, headers = servers.ask(
            server, request.method, request.path, sample.made.key, request.body
        )
        if status != request.status:
            raise LoadFailed(f"{scenario.name}: {status} {body[:200]!r}")
        kept = [
            (name.lower().encode(), value.encode())
            for name, value in headers.items()
            if name.lower() not in _KEPT_BACK
        ]
        found[f"/{number}"] = (status, kept, body)
    with tempfile.NamedTemporaryFile() as file:
        file.write(msgspec.msgpack.encode(found))
        file.flush()
        yield Path(file.name)
