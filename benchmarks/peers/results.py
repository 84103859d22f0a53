"""What a peer's run gives: a result that can stand beside others, or a reason why there is none."""

import sys
from collections.abc import Callable
from pathlib import Path

import msgspec


class PeerFailed(Exception):
    """The peer could not be set up, loaded or measured; no figure of this run counts."""


class Held(msgspec.Struct, frozen=True):
    """How much the peer held while it was measured."""

    users: int
    groups: int
    memberships: int
    largest_group: int


class Operation(msgspec.Struct, frozen=True):
    """One operation's figures; `server_cpu_us` is processor time of the server for one request."""

    per_second: float
    p50_ms: float
    p99_ms: float
    errors: int
    server_cpu_us: float
    clients: int


class Result(msgspec.Struct, frozen=True):
    """What was measured of one peer, and what has to be said about it."""

    peer: str
    version: str
    held: Held
    load_seconds: float
    disk_bytes: int
    operations: dict[str, Operation]
    notes: list[str]


def write(result: Result, path: Path | None) -> None:
    """Print the result, and keep it in a file when there is to be one."""
    encoded = msgspec.json.format(msgspec.json.encode(result), indent=2)
    print(encoded.decode(), flush=True)
    if path:
        path.write_bytes(encoded + b"\n")


def exit_status(measure: Callable[[], None]) -> int:
    """Return 0 when the measurement came to its end, and 1 with a message when it did not."""
    try:
        measure()
    except PeerFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


def say(progress: str) -> None:
    """Tell whoever waits what is done now."""
    print(progress, file=sys.stderr, flush=True)


def disk_bytes(file: Path) -> int:
    """Return what a file takes on disk; of a sparse one only what is written counts."""
    return file.stat().st_blocks * 512
