"""Servers under measurement: started on loopback, watched for their processor time, ended by their id."""

import contextlib
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from benchmarks.peers.results import PeerFailed

ADDRESS = "127.0.0.1"

_TICK_MICROSECONDS = 1e6 / os.sysconf("SC_CLK_TCK")
_STARTING_SECONDS = 60.0
_STOPPING_SECONDS = 30.0
_LOOK_AGAIN_SECONDS = 0.05
_SETTLING_SECONDS = 120.0
_IDLE_MICROSECONDS = 20_000
_LOG_END = 2_000


class Server(msgspec.Struct, frozen=True):
    """A started server."""

    pid: int
    port: int

    def cpu_us(self) -> float:
        """Return the processor time that it and its children have used, ended threads included."""
        return sum(_ticks(pid) for pid in _family(self.pid)) * _TICK_MICROSECONDS

    def settle(self) -> None:
        """Wait until it has finished what it was asked, even where nobody waits for the answer any more."""
        used = [self.cpu_us()]

        def idle() -> bool:
            used.append(self.cpu_us())
            return used[-1] - used[-2] <= _IDLE_MICROSECONDS

        _wait_until(idle, _SETTLING_SECONDS, _LOOK_AGAIN_SECONDS * 4)


def free_port() -> int:
    """Return a port of loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def started(command: Sequence[str], port: int, folder: Path) -> Iterator[Server]:
    """Start a server in a folder, wait until it accepts connections, and stop it in the end."""
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            cwd=folder,
            start_new_session=True,
        )
    try:
        _wait(process, port, log)
        yield Server(process.pid, port)
    finally:
        _stop(process)


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    """Wait until the server accepts connections; raises PeerFailed when it ends or takes too long."""
    _wait_until(lambda: process.poll() is not None or _accepts(port), _STARTING_SECONDS, _LOOK_AGAIN_SECONDS)
    if process.poll() is not None or not _accepts(port):
        told = log.read_text(errors="replace")[-_LOG_END:]
        raise PeerFailed(f"{process.args!r} does not accept connections:\n{told}")


def _accepts(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((ADDRESS, port), timeout=1):
        return True
    return False


def _wait_until(happened: Callable[[], bool], seconds: float, between: float) -> None:
    """Look again and again until it has happened, or that many seconds are over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        # Each look is a whole interval after the last: what is measured between two looks is comparable.
        threading.Event().wait(between)
        if happened():
            return


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """End the server in its own way, and what is left of its process group after that."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_STOPPING_SECONDS)
    # It leads a group of its own, so nothing that somebody else has started is in it.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _family(pid: int) -> list[int]:
    found = [pid]
    for parent in found:
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                found += map(int, children.read_text().split())
    return found


def _ticks(pid: int) -> int:
    """Return user and system time, fields 14 and 15 of the line; the name before them may hold spaces."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
