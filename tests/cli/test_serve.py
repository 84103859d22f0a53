"""`guildhall serve`, as an operator starts and stops it."""

import contextlib
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from guildhall.app import open_database
from guildhall.cli.demo import furnish_demo
from guildhall.cli.exit_codes import ExitCode
from guildhall.cli.main import run
from tests import live


@contextlib.contextmanager
def serving(*arguments: str, **environment: str) -> Iterator[str]:
    """A started server; gives its base URL."""
    process = live.start(*arguments, **environment)
    try:
        yield live.first_line(process)["url"]
    finally:
        assert live.stop(process) == ExitCode.DONE


@pytest.fixture
def database(tmp_path: Path) -> str:
    """A database with an organization."""
    path = str(tmp_path / "guildhall.db")
    assert run(["init", "--database", path, "--json"]) == ExitCode.DONE
    return path


def _demo_lines(*options: str) -> tuple[list[str], "subprocess.Popen[str]"]:
    process = live.start("--demo", *options, as_json=False)
    assert process.stdout is not None
    lines = [process.stdout.readline()]
    while "Ctrl-C" not in lines[-1]:
        lines.append(process.stdout.readline())
    return [line.strip() for line in lines], process


def test_demo_prints_lines_that_work_when_pasted() -> None:
    """A shell that finds no `guildhall` runs all of them: exports, the command, curl."""
    lines, process = _demo_lines()
    pasted = [line for line in lines if line.startswith(("export ", "guildhall ", "curl "))]
    assert sum(line.startswith("export GUILDHALL_") for line in pasted) == 4
    shell = ["bash", "--noprofile", "--norc", "-ec", "\n".join(pasted)]
    bare = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    done = subprocess.run(shell, capture_output=True, text=True, check=False, env=bare)
    assert live.stop(process) == ExitCode.DONE
    assert done.returncode == 0, done.stderr
    assert "jira-users" in done.stdout
    assert '"directoryId"' in done.stdout
    assert '"counts":{"users":' in done.stdout


def test_demo_has_the_same_key_and_ids_at_each_start() -> None:
    """So that what was pasted once works again."""
    seen = set()
    for _ in range(2):
        with live.demo() as server, server.http() as http:
            groups = http.get(f"{server.groups}?limit=100").json()["data"]
            seen.add((server.key, server.org_id, server.directory_id, *(group["id"] for group in groups)))
    assert len(seen) == 1


async def test_demo_that_others_can_reach_has_a_key_of_its_own(tmp_path: Path) -> None:
    keys = set()
    for number, well_known in enumerate((False, False, True)):
        database = await open_database(str(tmp_path / f"{number}.db"))
        keys.add((await furnish_demo(database, well_known_key=well_known)).key)
        await database.close()
    assert len(keys) == 3


def test_demo_has_everything_that_it_promises() -> None:
    """Issue: directories, a few hundred users, a default group, a synced group, a full resource."""
    with live.demo() as server, server.http() as http:
        base = f"/admin/v2/orgs/{server.org_id}"
        groups = http.get(f"{base}/directories/-/groups?limit=100").json()["data"]
        workspaces = http.post(f"{base}/workspaces", json={"limit": 100}).json()["data"]
        assert len(http.get(f"{base}/directories").json()["data"]) >= 3
        assert http.get(f"{base}/directories/-/users/count").json()["count"] >= 300
        assert any(group["externalSynced"] for group in groups)
        attributes = [workspace["attributes"] for workspace in workspaces]
        assert any(one["usage"] == one["capacity"] for one in attributes)
        assert {"jira", "confluence", "jira-servicedesk"} <= {one["owner"] for one in attributes}


def test_demo_never_touches_another_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with live.demo():
        pass
    assert list(tmp_path.iterdir()) == []
    assert run(["serve", "--demo", "--database", "x.db"]) == ExitCode.USAGE
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_demo_leaves_is_removed_by_the_next(tmp_path: Path) -> None:
    killed = live.start("--demo", "--workers", "2", TMPDIR=str(tmp_path))
    live.first_line(killed)
    with live.demo("--workers", "2", TMPDIR=str(tmp_path)):
        assert len(list(tmp_path.iterdir())) == 4
        os.killpg(killed.pid, signal.SIGKILL)
        killed.communicate()
    assert len(list(tmp_path.iterdir())) == 2
    with live.demo(TMPDIR=str(tmp_path)):
        pass
    assert list(tmp_path.iterdir()) == []


def test_empty_database_says_how_to_init(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with serving("--database", str(tmp_path / "new.db")) as url:
        assert httpx.get(f"{url}/readyz").status_code == 200
    assert "guildhall init" in capfd.readouterr().err


def test_taken_port_is_an_error(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert run(["serve", "--database", database, "--port", str(port)]) == ExitCode.FAILED
    error = capsys.readouterr().err
    assert f"port {port}" in error
    assert "--port" in error


def test_port_of_another_server_is_not_shared(database: str) -> None:
    """A second server on the same address would take half of the requests in silence."""
    with serving("--database", database) as url:
        assert run(["serve", "--database", database, "--port", url.rpartition(":")[2]]) == ExitCode.FAILED


def test_variables_are_settings(database: str) -> None:
    environment = {"GUILDHALL_DATABASE": database, "GUILDHALL_PUBLIC_URL": "https://directory.example"}
    with serving(**environment) as url:
        assert httpx.get(f"{url}/readyz").json() == {"status": "ready", "detail": None}


def test_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("GUILDHALL_WORKERS", "many")
    assert run(["serve"]) == ExitCode.USAGE
    assert "GUILDHALL_WORKERS" in capsys.readouterr().err


def test_workers_sum_their_metrics(database: str) -> None:
    """Design 2.3: `/metrics` sums all workers of a machine."""
    counted = r'requests_total{operation="getHealth",status="200"} 20\.0'
    with serving("--database", database, "--workers", "2") as url:
        for _ in range(20):
            httpx.get(f"{url}/healthz")
        _ask_until(f"{url}/metrics", counted)
        shown = [httpx.get(f"{url}/metrics").text for _ in range(4)]
    assert all(re.search(counted, text) for text in shown)


def _ask_until(url: str, pattern: str) -> None:
    """Ask for metrics until the workers have told each other what they counted."""
    ends = time.monotonic() + 10
    while not re.search(pattern, httpx.get(url).text):
        assert time.monotonic() < ends, f"{url} never showed {pattern}"


def test_metrics_have_an_address_of_their_own(database: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with serving("--database", database, GUILDHALL_METRICS_ADDRESS=address) as url:
        assert httpx.get(f"{url}/metrics").status_code == 404
        _ask_until(f"http://{address}/metrics", "guildhall_requests_total")


def test_https(database: str, tmp_path: Path) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    arguments = ("--database", database, "--tls-certificate", str(certificate), "--tls-key", str(key))
    with serving(*arguments) as url:
        assert url.startswith("https://")
        trusting = ssl.create_default_context(cafile=str(certificate))
        assert httpx.get(f"{url}/healthz", verify=trusting).json()["status"] == "alive"


def test_termination_finishes_what_was_begun(database: str) -> None:
    """SIGTERM drains and stops cleanly; the same database serves again at once."""
    for _ in range(2):
        process = live.start("--database", database)
        url = live.first_line(process)["url"]
        with httpx.Client() as client:
            assert client.get(f"{url}/healthz").status_code == 200
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)
        assert process.returncode == ExitCode.DONE
        assert not Path(f"{database}-wal").exists() or Path(f"{database}-wal").stat().st_size == 0


def test_limit_of_a_key_holds_over_all_workers(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Contract 1.7: connections are spread over the workers, the limit is not."""
    capsys.readouterr()
    assert run(["keys", "create", "limited", "--rate-limit", "5", "--database", database, "--json"]) == 0
    secret = json.loads(capsys.readouterr().out)["key"]
    with serving("--database", database, "--workers", "4") as url:
        statuses = [
            httpx.get(f"{url}/admin/v1/orgs", headers={"Authorization": f"Bearer {secret}"}).status_code
            for _ in range(40)
        ]
    # The minute may end meanwhile.
    assert statuses.count(200) in {5, 10}
    assert set(statuses) == {200, 429}
