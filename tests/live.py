"""A real server in a process of its own, as a user starts it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import NamedTuple

import httpx


class Live(NamedTuple):
    """A started server: its address and what the furnished organization can be called with."""

    process: "subprocess.Popen[str]"
    url: str
    org_id: str
    directory_id: str
    key: str

    @property
    def groups(self) -> str:
        """The path of the default directory's groups, version 2."""
        return f"/admin/v2/orgs/{self.org_id}/directories/{self.directory_id}/groups"

    def http(self, **headers: str) -> httpx.Client:
        """A plain client with the key."""
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {self.key}", **headers})


def start(*arguments: str, as_json: bool = True, **environment: str) -> "subprocess.Popen[str]":
    """Start `guildhall serve` on a free port, in a process group of its own."""
    output = ["--json"] if as_json else []
    return subprocess.Popen(
        [sys.executable, "-m", "guildhall", "serve", "--port", "0", *output, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, **environment},
    )


def first_line(process: "subprocess.Popen[str]") -> dict[str, str]:
    """Wait until the server answers; return the line that it prints then."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, f"the server ended with {process.wait()} before it answered"
    parsed: dict[str, str] = json.loads(line)
    return parsed


@contextlib.contextmanager
def demo(*arguments: str, **environment: str) -> Iterator[Live]:
    """A furnished server, stopped at the end."""
    process = start("--demo", *arguments, **environment)
    try:
        line = first_line(process)
        yield Live(process, line["url"], line["orgId"], line["directoryId"], line["key"])
    finally:
        stop(process)


def stop(process: "subprocess.Popen[str]") -> int:
    """End a server as its operator would; return its exit code."""
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    return process.returncode
