"""What the wires measure of themselves; no label holds an id or a name (contract 8)."""

from functools import lru_cache

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("guildhall_requests", "Requests by operation and status.", ("operation", "status"))


_BOUNDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0, 5.0)

REQUEST_SECONDS = Histogram(
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


def note_request(operation: str, status: int, seconds: float) -> None:
    """Count a request that took so many seconds."""
    counter, histogram = _children(operation, status)
    counter.inc()
    histogram.observe(seconds)


@lru_cache(4_096)
def _children(operation: str, status: int) -> tuple[Counter, Histogram]:
    return REQUESTS.labels(operation, str(status)), REQUEST_SECONDS.labels(operation)
