"""The processes of `guildhall serve`, killed one by one (contract 8; docs/deployment.md)."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from guildhall.cli.exit_codes import ExitCode
from guildhall.cli.main import run
from tests import live
from tests.sockets.raw import PATIENCE, connected, head, parse, read_answer, read_to_end


def workers_of(process: "subprocess.Popen[str]") -> list[int]:
    return list(map(int, Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()))


def wait_until(condition) -> None:
    ends = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < ends


def is_gone(pid: int) -> bool:
    """Whether a process is no more, but perhaps for its entry in the table."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    return True


def answers(url: str) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"{url}/healthz", timeout=PATIENCE).status_code == 200
    return False


@pytest.fixture
def database(tmp_path: Path) -> str:
    path = str(tmp_path / "guildhall.db")
    assert run(["init", "--database", path, "--json"]) == ExitCode.DONE
    return path


@contextlib.contextmanager
def started(*arguments: str, **environment: str) -> Iterator["tuple[subprocess.Popen[str], str]"]:
    process = live.start(*arguments, **environment)
    try:
        yield process, live.first_line(process)["url"]
    finally:
        live.stop(process)


@pytest.mark.parametrize("workers", [1, 3])
def test_killed_server_leaves_no_worker_and_starts_again(database, workers):
    """The address is free at once, and the same command works."""
    with started("--database", database, "--workers", str(workers)) as (process, url):
        children = workers_of(process)
        assert len(children) == workers
        process.kill()
        process.wait()
        wait_until(lambda: all(map(is_gone, children)))
        port = url.rpartition(":")[2]
        again = live.start("--database", database, "--port", port)
        try:
            assert live.first_line(again)["url"] == url
            assert answers(url)
        finally:
            assert live.stop(again) == ExitCode.DONE


@pytest.mark.parametrize("workers", [1, 2])
def test_dead_workers_are_replaced_again_and_again(database, workers):
    with started("--database", database, "--workers", str(workers)) as (process, url):
        for _ in range(4):
            (*_, victim) = workers_of(process)
            os.kill(victim, signal.SIGKILL)
            wait_until(lambda dead=victim: dead not in workers_of(process))
            wait_until(lambda: len(workers_of(process)) == workers)
        assert answers(url)
        assert process.poll() is None


def test_other_workers_answer_while_one_is_replaced(database):
    with started("--database", database, "--workers", "2") as (process, url):
        os.kill(workers_of(process)[0], signal.SIGKILL)
        for _ in range(50):
            assert answers(url)


def test_termination_waits_for_the_answer_and_refuses_new_connections():
    """A body that is on its way when SIGTERM comes is still answered."""
    body = b'{"limit": 1}'
    with live.demo() as server, connected(server) as connection:
        lines = ("Content-Type: application/json", f"Content-Length: {len(body)}")
        connection.sendall(head(server, "POST", f"{server.groups}/search", *lines).encode() + body[:5])
        with connected(server) as another:
            another.sendall(head(server, "GET", "/healthz").encode())
            assert read_answer(another).status == 200
            server.process.send_signal(signal.SIGTERM)
            assert read_to_end(another) == b""
        wait_until(lambda: not answers(server.url))
        connection.sendall(body[5:])
        answer = parse(read_to_end(connection))
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        assert server.process.wait(PATIENCE) == ExitCode.DONE


def test_interrupt_ends_all(database):
    with started("--database", database, "--workers", "2") as (process, _):
        children = workers_of(process)
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(PATIENCE) == ExitCode.DONE
        assert all(map(is_gone, children))


def test_limit_of_open_files_is_raised(database):
    with started("--database", database) as (process, _):
        lines = Path(f"/proc/{workers_of(process)[0]}/limits").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith("Max open files")]
    soft, hard = line.split()[3:5]
    assert int(soft) == min(int(hard), 65_536) or int(soft) > 65_536


def test_taken_address_of_metrics_refuses_the_start(database, capsys, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        monkeypatch.setenv("GUILDHALL_METRICS_ADDRESS", address)
        assert run(["serve", "--database", database, "--port", "0"]) == ExitCode.FAILED
    assert "GUILDHALL_METRICS_ADDRESS" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", ["missing", "nonsense", "of another", "locked"])
def test_tls_that_cannot_be_served_refuses_the_start(database, tmp_path, capsys, wrong):
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    make(certificate, key)
    if wrong == "missing":
        key.unlink()
    elif wrong == "nonsense":
        key.write_text("no key")
    elif wrong == "of another":
        make(tmp_path / "other.pem", key)
    else:
        subprocess.run(
            ["openssl", "rsa", "-aes128", "-passout", "pass:secret", "-in", str(key), "-out", str(key)],
            check=True, capture_output=True,
        )  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GUILDHALL_TLS_CERTIFICATE", str(certificate))
        patch.setenv("GUILDHALL_TLS_KEY", str(key))
        assert run(["serve", "--database", database, "--port", "0"]) == ExitCode.FAILED
    assert str(key) in capsys.readouterr().err


def make(certificate: Path, key: Path) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
