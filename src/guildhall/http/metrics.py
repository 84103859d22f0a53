"""What the wires measure of themselves; no label holds an id or a name (contract 8)."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("guildhall_requests", "Requests by operation and status.", ("operation", "status"))

REQUEST_SECONDS = Histogram(
    "guildhall_request_seconds",
    "Time from a request's first byte to its answer, by operation.",
    ("operation",),
    buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0, 5.0),
)

SEATS_USED = Gauge(
    "guildhall_seats_used", "Seats in use, all resources together.", multiprocess_mode="mostrecent"
)

SEATS_LIMITED = Gauge(
    "guildhall_resources_at_limit",
    "Resources whose user limit is reached.",
    multiprocess_mode="mostrecent",
)
