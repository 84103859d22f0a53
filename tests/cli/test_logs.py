"""What `guildhall serve` writes to the log: JSON, or text on a terminal."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from guildhall.cli.exit_codes import ExitCode
from guildhall.cli.main import run
from tests import live

SERVE = (sys.executable, "-m", "guildhall", "serve", "--port", "0", "--json")


def logged(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines()]


def serve(log: Path, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
    with log.open("w") as stderr:
        return subprocess.Popen(
            [*SERVE, *arguments],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            env={**os.environ, **environment},
        )


def test_demo_logs_every_request_as_json_where_no_terminal_is(tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = serve(log, "--demo")
    try:
        line = live.first_line(process)
        path = f"/admin/v1/orgs/{line['orgId']}"
        answer = httpx.get(f"{line['url']}{path}?a=b", headers={"Authorization": f"Bearer {line['key']}"})
    finally:
        live.stop(process)
    (request,) = (entry for entry in logged(log) if entry["logger"] == "guildhall.requests")
    assert (request["method"], request["path"], request["status"]) == ("GET", path, answer.status_code)
    assert (request["key"], request["code"]) == ("demo", None)
    assert request["request_id"] == answer.headers["x-request-id"]
    assert line["key"] not in log.read_text()


def test_demo_logs_a_line_of_text_on_a_terminal() -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen([*SERVE, "--demo"], stdout=subprocess.PIPE, stderr=theirs, text=True)
    os.close(theirs)
    try:
        url = live.first_line(process)["url"]
        assert httpx.get(f"{url}/admin/v1/nothing").status_code == 404
        text = b""
        while b"\n" not in text:
            text += os.read(ours, 4_096)
    finally:
        live.stop(process)
        os.close(ours)
    words = text.decode().splitlines()[0].split()
    assert words[1] == "404"
    assert words[3:7] == ["ms", "GET", "/admin/v1/nothing", "ADMIN-404-1"]


def test_variable_says_what_the_demo_logs(tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = serve(log, "--demo", GUILDHALL_LOG_REQUESTS="none")
    try:
        assert httpx.get(f"{live.first_line(process)['url']}/nothing").status_code == 404
    finally:
        live.stop(process)
    assert logged(log) == []


def test_keys_that_expire_soon_are_told_of_once_at_the_start(tmp_path: Path) -> None:
    """However many workers there are."""
    database, log = str(tmp_path / "guildhall.db"), tmp_path / "log"
    assert run(["init", "--database", database, "--json"]) == ExitCode.DONE
    create = ["keys", "create", "nightly", "--database", database, "--expires-days", "3"]
    assert run(create) == ExitCode.DONE
    process = serve(log, "--database", database, "--workers", "2")
    try:
        live.first_line(process)
    finally:
        live.stop(process)
    (warning,) = (entry for entry in logged(log) if entry["logger"] == "guildhall.keys")
    assert warning["level"] == "warning"
    assert "nightly" in warning["message"]
