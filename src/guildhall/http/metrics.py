"""What the wires measure of themselves; no label holds an id or a name (contract 8)."""

import asyncio
import bisect
import weakref

import msgspec
from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("guildhall_requests", "Requests by operation and status.", ("operation", "status"))


class _Seconds(Histogram):
    """A histogram that takes what was sorted into its buckets before."""

    def add(self, seconds: float, buckets: list[int]) -> None:
        """Add so many observations in each bucket, which make so many seconds together."""
        self._sum.inc(seconds)
        for bucket, count in zip(self._buckets, buckets, strict=True):
            if count:
                bucket.inc(count)


_BOUNDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0, 5.0)

REQUEST_SECONDS = _Seconds(
    "guildhall_request_seconds",
    "Time from a request's first byte to its answer, by operation.",
    ("operation",),
    buckets=_BOUNDS,
)

SEATS_USED = Gauge(
    "guildhall_seats_used", "Seats in use, all resources together.", multiprocess_mode="mostrecent"
)

SEATS_LIMITED = Gauge(
    "guildhall_resources_at_limit",
    "Resources whose user limit is reached.",
    multiprocess_mode="mostrecent",
)

KEYS_EXPIRING = Gauge(
    "guildhall_keys_expiring", "API keys that expire within ten days.", multiprocess_mode="mostrecent"
)

_PUBLISHED_AFTER = 0.25
"""Seconds, at most, until the workers beside this one can show what it has counted."""


class _Tally(msgspec.Struct):
    """Requests of one operation that were answered with one status."""

    seconds: float = 0.0
    buckets: list[int] = msgspec.field(default_factory=lambda: [0] * (len(_BOUNDS) + 1))


class RequestMeter:
    """Counts requests of one event loop and hands them to the library together.

    Handing over a number takes a lock and, with several workers, a write to a file that they share.
    """

    def __init__(self) -> None:
        self._tallies: dict[tuple[str, int], _Tally] = {}
        _METERS.add(self)

    def add(self, operation: str, status: int, seconds: float) -> None:
        """Count a request that took so many seconds."""
        tally = self._tallies.get((operation, status))
        if tally is None:
            if not self._tallies:
                asyncio.get_running_loop().call_later(_PUBLISHED_AFTER, self.publish)
            tally = self._tallies[operation, status] = _Tally()
        tally.seconds += seconds
        tally.buckets[bisect.bisect_left(_BOUNDS, seconds)] += 1

    def publish(self) -> None:
        """Hand over what was counted since the last time."""
        tallies, self._tallies = self._tallies, {}
        for (operation, status), tally in tallies.items():
            REQUESTS.labels(operation, status).inc(sum(tally.buckets))
            REQUEST_SECONDS.labels(operation).add(tally.seconds, tally.buckets)


_METERS: "weakref.WeakSet[RequestMeter]" = weakref.WeakSet()


def publish_requests() -> None:
    """Hand over what this process has counted: before its metrics are read, and at the end.

    Its servers share one thread, as those of `guildhall serve` do.
    """
    for meter in list(_METERS):
        meter.publish()
