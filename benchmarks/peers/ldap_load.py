"""Load over LDAP: a small C program replays prepared messages, so that the client is not what is measured."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import msgspec

from benchmarks.peers.processes import Server
from benchmarks.peers.results import Operation, PeerFailed

SUCCESS, COMPARE_TRUE = 0, 6
"""Result codes of RFC 4511."""

_SOURCE = Path(__file__).with_name("replay.c")
_WARM_UP_SECONDS = 1


class Messages(msgspec.Struct, frozen=True):
    """Messages of one operation, sent in turn."""

    requests: Sequence[bytes]
    mode: str = "repeat"
    """Or `once`, or `walk`: see replay.c."""
    success: int = SUCCESS
    finds: bool = False
    """Every answer has to hold an entry."""


class Figures(msgspec.Struct, frozen=True):
    """What the program prints."""

    taken: int
    """Requests sent, those of the warm-up and those that were not answered in time included."""
    answered: int
    seconds: float
    errors: int
    first_error: int
    entries: int
    cpu_us: float
    p50_ms: float
    p99_ms: float


class LDAPLoad:
    """The compiled program, aimed at a server."""

    def __init__(self, work: Path, bind: bytes) -> None:
        self._program = _compile(work)
        self._bind = work / "bind.bin"
        self._requests = work / "requests.bin"
        _write(self._bind, [bind])

    def run(self, server: Server, messages: Messages, clients: int, seconds: float) -> Figures:
        """Warm up, then measure; raises PeerFailed when nothing was answered."""
        _write(self._requests, messages.requests)
        numbers = (server.port, server.pid, clients, _WARM_UP_SECONDS, seconds)
        how = (messages.mode, str(messages.success), str(self._bind), str(self._requests))
        command = (str(self._program), *map(str, numbers), *how)
        ended = subprocess.run(command, check=False, capture_output=True, text=True)
        self._requests.unlink()
        if ended.returncode:
            raise PeerFailed(f"The LDAP client failed: {ended.stderr.strip()}")
        values = dict(zip(Figures.__struct_fields__, ended.stdout.split(), strict=True))
        return msgspec.convert(values, Figures, strict=False)

    def measure(
        self, server: Server, messages: Messages, clients: int, seconds: float
    ) -> tuple[Operation, Figures]:
        """Measure; raises PeerFailed when an answer was wrong as well."""
        figures = self.run(server, messages, clients, seconds)
        if figures.errors:
            raise PeerFailed(f"{figures.errors} requests ended with errors, first {figures.first_error}.")
        # An answer counts in the window that it comes in; its entries may have come just before.
        if messages.finds and figures.entries < figures.answered - clients:
            raise PeerFailed(f"{figures.answered} searches found only {figures.entries} entries.")
        operation = Operation(
            per_second=round(figures.answered / figures.seconds, 2),
            p50_ms=figures.p50_ms,
            p99_ms=figures.p99_ms,
            errors=figures.errors,
            server_cpu_us=round(figures.cpu_us / figures.answered, 1),
            clients=clients,
        )
        return operation, figures


def _compile(work: Path) -> Path:
    compiler = shutil.which("cc")
    if compiler is None:
        raise PeerFailed("No C compiler: Debian's package is called build-essential.")
    program = work / "replay"
    command = (compiler, "-O2", "-o", str(program), str(_SOURCE))
    ended = subprocess.run(command, check=False, capture_output=True, text=True)
    if ended.returncode:
        raise PeerFailed(f"{_SOURCE.name} does not compile:\n{ended.stderr}")
    return program


def _write(file: Path, messages: Sequence[bytes]) -> None:
    file.write_bytes(b"".join(len(message).to_bytes(4, "big") + message for message in messages))
