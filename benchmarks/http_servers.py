"""Compare HTTP servers by what they cost: an application that sends a prepared answer (ADR 24).

`python benchmarks/http_servers.py` times the product's own server, and those of granian, uvicorn and
hypercorn that are installed beside it (`pip install granian uvicorn hypercorn`), one worker each.
"""

import contextlib
import importlib.util
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

ROOT = Path(__file__).resolve().parent.parent
_SECONDS = 5
_CONNECTIONS = 32
_BODY = b'{"data":[' + b",".join(b'{"id":"%032d","name":"group %d"}' % (n, n) for n in range(20)) + b"]}"
_HEADERS = [
    (b"x-request-id", b"0123abcd"),
    (b"content-type", b"application/json"),
    (b"content-length", b"%d" % len(_BODY)),
]
_APPLICATION = """
import sys
sys.path.insert(0, {root!r})
from benchmarks.bare import Application, read_answers
application = Application(read_answers({answers!r}))
"""


def commands(port: int) -> dict[str, list[str]]:
    """Return how each server is started on a port, but the product's own."""
    at = ["--host", "127.0.0.1", "--port", str(port)]
    return {
        "granian": ["granian", "--interface", "asgi", "--no-ws", "--log-level", "warning", *at],
        "uvicorn": ["uvicorn", "--http", "httptools", "--loop", "uvloop", "--ws", "none", "--no-access-log",
                    "--log-level", "warning", *at],
        "hypercorn": ["hypercorn", "--worker-class", "uvloop", "--bind", f"127.0.0.1:{port}"],
    }  # fmt: skip


def main() -> None:
    """Print requests a second of each."""
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        answers = folder / "answers"
        answers.write_bytes(msgspec.msgpack.encode({"/groups": (200, _HEADERS, _BODY)}))
        (folder / "prepared.py").write_text(_APPLICATION.format(root=str(ROOT), answers=str(answers)))
        with own(answers) as port:
            report("guildhall.server", port)
        for name in commands(0):
            if importlib.util.find_spec(name) is None:
                print(f"{name:20} not installed")
                continue
            with other(name, folder) as port:
                report(name, port)


def report(name: str, port: int) -> None:
    """Time a server by wrk and print what it found."""
    print(f"{name:20} {measure(port, 1):>10,.0f} requests/s of 1 connection, "
          f"{measure(port, _CONNECTIONS):>10,.0f} of {_CONNECTIONS}", flush=True)  # fmt: skip


def measure(port: int, connections: int) -> float:
    """Return requests a second, warm."""
    url = f"http://127.0.0.1:{port}/groups"
    command = ["wrk", "-t1", f"-c{connections}", f"-d{_SECONDS}s", url]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(r"Requests/sec: +([0-9.]+)", done.stdout)
    if found is None or "Non-2xx" in done.stdout:
        raise RuntimeError(done.stdout)
    return float(found[1])


@contextlib.contextmanager
def own(answers: Path) -> Iterator[int]:
    """Start the product's own server."""
    command = [sys.executable, "-m", "benchmarks.bare", str(answers), "1"]
    with _stopping(subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)) as process:
        line = process.stdout.readline() if process.stdout else ""
        yield int(msgspec.json.decode(line)["url"].rpartition(":")[2])


@contextlib.contextmanager
def other(name: str, folder: Path) -> Iterator[int]:
    """Start another server."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    command = [sys.executable, "-m", *commands(port)[name], "prepared:application"]
    with _stopping(subprocess.Popen(command, text=True, cwd=folder)):
        while not _listens(port):
            time.sleep(0.05)
        yield port


@contextlib.contextmanager
def _stopping(process: "subprocess.Popen[str]") -> Iterator["subprocess.Popen[str]"]:
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


if __name__ == "__main__":
    main()
