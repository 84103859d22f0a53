"""A PgBouncer before a PostgreSQL server, which gives each transaction whichever connection is free.

It is a program of its own, which no wheel brings: `apt-get install pgbouncer`, or `brew install pgbouncer`.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

SECONDS_TO_START = 10
CONNECTIONS = 3
"""To the server, for each database: fewer than clients have, so that every transaction gets another one."""


@contextlib.contextmanager
def running_pgbouncer(server_url: str) -> Iterator[str]:
    """Yield the URL by which the server is reached through a PgBouncer, which ends with the block."""
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if program is None:
        raise RuntimeError("PgBouncer is not installed: `apt-get install pgbouncer`, then test again")
    with tempfile.TemporaryDirectory(prefix="guildhall-pgbouncer-") as folder:
        port = _free_port()
        configuration = _write_configuration(Path(folder), server_url, port)
        # It refuses to run as root.
        account = ("-u", "nobody") if os.geteuid() == 0 else ()
        with (Path(folder) / "log").open("w") as log:
            process = subprocess.Popen([program, *account, configuration], stdout=log, stderr=log)
        try:
            _await(port, process, Path(folder) / "log")
            yield _through(server_url, port)
        finally:
            process.terminate()
            process.wait()


def _write_configuration(folder: Path, server_url: str, port: int) -> Path:
    server = urllib.parse.urlsplit(server_url)
    host = urllib.parse.parse_qs(server.query).get("host", [server.hostname or "127.0.0.1"])[0]
    (folder / "users").write_text(f'"{server.username or "postgres"}" "{server.password or ""}"\n')
    path = folder / "pgbouncer.ini"
    path.write_text(
        "[databases]\n"
        f"* = host={host} port={server.port or 5432}\n"
        "[pgbouncer]\n"
        "pool_mode = transaction\n"
        f"default_pool_size = {CONNECTIONS}\n"
        "max_client_conn = 200\n"
        "auth_type = trust\n"
        f"auth_file = {folder}/users\n"
        "listen_addr = 127.0.0.1\n"
        f"listen_port = {port}\n"
        "unix_socket_dir =\n"
    )
    for found in (folder, *folder.iterdir()):
        found.chmod(0o755)
    return path


def _free_port() -> int:
    with socket.socket() as reservation:
        reservation.bind(("127.0.0.1", 0))
        port: int = reservation.getsockname()[1]
    return port


def _await(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + SECONDS_TO_START
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"PgBouncer did not start:\n{log.read_text()}")


def _through(server_url: str, port: int) -> str:
    server = urllib.parse.urlsplit(server_url)
    user = server.username or "postgres"
    password = f":{server.password}" if server.password else ""
    return server._replace(netloc=f"{user}{password}@127.0.0.1:{port}", query="").geturl()
