"""Servers under measurement: each a process group of its own on loopback, with its processor time."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.dataset import ROOT

_NANOSECONDS = 1e-9
_STOPPING = 30.0


class Server:
    """A started server."""

    def __init__(self, process: "subprocess.Popen[str]", url: str, seconds_to_start: float) -> None:
        self.process = process
        self.url = url
        self.seconds_to_start = seconds_to_start

    def processes(self) -> list[int]:
        """Return the ids of the process and of those that it started."""
        return _family(self.process.pid)

    def cpu(self) -> float:
        """Return the seconds of processor time that all of them have used, to the nanosecond."""
        return sum(_cpu(pid) for pid in self.processes())

    def memory(self) -> int:
        """Return the bytes of memory that they hold; what they share counts once (PSS)."""
        return sum(_field(pid, "smaps_rollup", "Pss:") for pid in self.processes())

    def memory_at_most(self) -> int:
        """Return the most bytes that each of them held so far, added up; what they share counts once."""
        held = sum(_field(pid, "smaps_rollup", "Rss:") for pid in self.processes())
        return sum(_field(pid, "status", "VmHWM:") for pid in self.processes()) - (held - self.memory())


@contextlib.contextmanager
def guildhall(
    database: str, root: Path = ROOT, workers: int = 1, environment: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Start the server of a checkout on a database, and stop it in the end."""
    options = ("--database", database, "--workers", str(workers))
    command = (sys.executable, "-m", "guildhall", "serve", "--port", "0", "--json", *options)
    with _started(command, {"PYTHONPATH": str(root / "src"), **(environment or {})}) as server:
        yield server


@contextlib.contextmanager
def bare(answers: Path, workers: int = 1) -> Iterator[Server]:
    """Start the same HTTP server with an application that knows its answers already."""
    command = (sys.executable, "-m", "benchmarks.bare", str(answers), str(workers))
    with _started(command, {"PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"}) as server:
        yield server


@contextlib.contextmanager
def _started(command: tuple[str, ...], environment: Mapping[str, str]) -> Iterator[Server]:
    begun = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, **environment},
        start_new_session=True,
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            raise RuntimeError(f"{' '.join(command)} ended with {process.wait()} before it answered")
        yield Server(process, json.loads(line)["url"], time.perf_counter() - begun)
    finally:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=_STOPPING)
        # It leads a group of its own, so nothing that somebody else has started is in it.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def ask(
    server: Server, method: str, path: str, key: str, body: str = ""
) -> tuple[int, bytes, dict[str, str]]:
    """Send one request; return status, body and headers."""
    host = server.url.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=120)
    headers = {"Authorization": f"Bearer {key}", **({"Content-Type": "application/json"} if body else {})}
    try:
        connection.request(method, path, body.encode() or None, headers)
        answer = connection.getresponse()
        return answer.status, answer.read(), dict(answer.getheaders())
    finally:
        connection.close()


def _family(pid: int) -> list[int]:
    found = [pid]
    for parent in found:
        children = Path(f"/proc/{parent}/task/{parent}/children")
        with contextlib.suppress(FileNotFoundError):
            found += map(int, children.read_text().split())
    return found


def _cpu(pid: int) -> float:
    total = 0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError):
            total += int((thread / "schedstat").read_text().split()[0])
    return total * _NANOSECONDS


def _field(pid: int, file: str, name: str) -> int:
    """Return bytes from a line of kilobytes below /proc."""
    lines = Path(f"/proc/{pid}/{file}").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))
