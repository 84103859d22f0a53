"""Time and ids as the program gets them; tests put their own in their place."""

import time
import uuid


def wall_clock() -> int:
    """Return the time in epoch milliseconds."""
    return time.time_ns() // 1_000_000


def random_id() -> str:
    """Return a new UUIDv4."""
    return str(uuid.uuid4())
