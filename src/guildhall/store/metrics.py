"""What the store measures of itself, for `/metrics`."""

from prometheus_client import Counter, Histogram

COMMIT_SECONDS = Histogram(
    "guildhall_commit_seconds",
    "Time to put a batch of writes on disk.",
    buckets=(0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2.0),
)

BATCH_SIZE = Histogram(
    "guildhall_batch_operations",
    "Write operations that shared one commit.",
    buckets=(1, 2, 4, 8, 16, 32, 64),
)

READ_SECONDS = Histogram(
    "guildhall_read_seconds",
    "Time of a read transaction that took too long for the event loop and was moved to a thread.",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0),
)

READS = Counter(
    "guildhall_reads",
    "Reads by the database that answered, primary or replica; counted where a read database is set.",
    ("database",),
)
