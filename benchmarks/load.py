"""The load: wrk, which replays prepared requests on connections that stay open."""

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

_SCRIPT = Path(__file__).with_name("load.lua")
_BLANKS = str.maketrans("01", " \t")


class Request(msgspec.Struct, frozen=True):
    """One request, and the status that must come back."""

    method: str
    path: str
    body: str = ""
    status: int = 200

    def encode(self, key: str) -> bytes:
        """Return it as HTTP/1.1."""
        lines = [f"{self.method} {self.path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {key}"]
        if self.body:
            lines += ["Content-Type: application/json", f"Content-Length: {len(self.body.encode())}"]
        return ("\r\n".join(lines) + "\r\n\r\n" + self.body).encode()

    def reworded(self, number: int) -> "Request":
        """Return the same question in other bytes for each number: older revisions kept answers.

        An unknown parameter changes nothing, nor does white space.
        """
        if self.body:
            blanks = f"{number:b}".translate(_BLANKS)
            return msgspec.structs.replace(self, body=blanks + self.body)
        separator = "&" if "?" in self.path else "?"
        return msgspec.structs.replace(self, path=f"{self.path}{separator}_={number}")


class Load(msgspec.Struct, frozen=True):
    """What a load measured; latencies are milliseconds."""

    requests: int
    seconds: float
    bytes: int
    errors: int
    p50: float
    p90: float
    p99: float
    p999: float
    max: float

    @property
    def per_second(self) -> float:
        """Requests answered in a second."""
        return self.requests / self.seconds


class LoadFailed(Exception):
    """An answer that should not have come, or none: no figure of that run counts."""


@contextmanager
def prepared(requests: Sequence[bytes]) -> Iterator[Path]:
    """Write requests where wrk's script reads them; raises LoadFailed when there are none."""
    if not requests:
        raise LoadFailed("There is nothing to send: the dataset is too small.")
    with tempfile.NamedTemporaryFile(prefix="guildhall-load-") as file:
        for request in requests:
            file.write(b"%08d" % len(request) + request)
        file.flush()
        yield Path(file.name)


class Manner(msgspec.Struct, frozen=True):
    """How requests are sent, and what must come back."""

    pause: int = 0
    """Milliseconds that each connection waits before a request."""
    skip: int = 0
    """Requests that are left out in the first round."""
    status: int = 200
    """What each answer's status must be."""


PLAIN = Manner()


def run(url: str, requests: Path, *, clients: int, seconds: float, manner: Manner = PLAIN) -> Load:
    """Send the requests in turn for some seconds; raises LoadFailed when any of them failed."""
    with started(url, requests, clients=clients, seconds=seconds, manner=manner) as process:
        return finish(process)


@contextmanager
def started(
    url: str, requests: Path, *, clients: int, seconds: float, manner: Manner = PLAIN
) -> "Iterator[subprocess.Popen[str]]":
    """Begin a load that ends by itself, or with the block."""
    program = shutil.which("wrk")
    if program is None:
        raise LoadFailed("wrk is not installed; Debian's package is called wrk.")
    times = ("--duration", f"{max(1, round(seconds))}s", "--timeout", "60s")
    given = (str(number) for number in msgspec.structs.astuple(manner))
    script = ("--script", str(_SCRIPT), url, "--", str(requests), *given)
    command = (program, "--threads", "1", "--connections", str(clients), *times, *script)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            # Does nothing to one that has ended.
            process.kill()


def cut_short(process: "subprocess.Popen[str]") -> Load:
    """End a load before its time; return what it measured up to now."""
    process.send_signal(signal.SIGINT)
    return finish(process)


def finish(process: "subprocess.Popen[str]") -> Load:
    """Wait for a load; raises LoadFailed when any of its requests failed."""
    output, complaints = process.communicate()
    line = next((line for line in output.splitlines() if line.startswith("{")), None)
    if line is None:
        raise LoadFailed(f"wrk measured nothing: {complaints or output}")
    load = msgspec.json.decode(line, type=Load)
    if load.errors or not load.requests:
        raise LoadFailed(f"{load.errors} of {load.requests} requests failed")
    return load
