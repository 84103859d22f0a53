"""A PostgreSQL server that keeps what it confirmed, and that a test may stop in the middle and start again.

    with durable_server() as server:
        …  server.url
        server.stop_at_once()
        server.start()

`python -m tests.durable_postgres` prints the URL of one, which ends when its standard input does.
"""

import contextlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests import postgres

# Everything that makes a commit durable is as PostgreSQL has it by default.
_SETTINGS = {
    "autovacuum": "off",
    "io_method": "sync",
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "max_wal_size": "4GB",
}


class DurableServer:
    """A server on a directory of its own, reached by a socket there."""

    def __init__(self, directory: Path, binaries: Path) -> None:
        self._directory = directory
        self._control = (binaries / "pg_ctl", "-D", directory / "data", "-w", "-t", "60")
        self.url = f"postgresql://postgres@/postgres?host={directory}"

    def start(self) -> None:
        """Start it and wait until it takes connections, its recovery included."""
        options = " ".join(f"-c {name}='{value}'" for name, value in _SETTINGS.items())
        socket = f"-k {self._directory}"
        postgres.run(*self._control, "-l", self._directory / "log", "-o", f"{options} {socket}", "start")

    def stop_at_once(self) -> None:
        """Stop it as a crash would: nobody is waited for, nothing is written any more."""
        postgres.run(*self._control, "-m", "immediate", "stop")


@contextlib.contextmanager
def durable_server() -> Iterator[DurableServer]:
    """Yield a started server, which is stopped in the end."""
    with tempfile.TemporaryDirectory(prefix="guildhall-durable-") as name:
        directory = Path(name)
        binaries = postgres.usable_binaries(directory)
        arguments = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "-N")
        postgres.run(binaries / "initdb", "-D", directory / "data", *arguments)
        server = DurableServer(directory, binaries)
        server.start()
        try:
            yield server
        finally:
            with contextlib.suppress(SystemExit):  # A test may have left it stopped.
                server.stop_at_once()


if __name__ == "__main__":
    with durable_server() as opened:
        print(opened.url, flush=True)
        sys.stdin.read()
