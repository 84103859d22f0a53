"""The lines of the documentation, run as they are printed there (contract 7)."""

import json
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any, NamedTuple

import httpx
import pytest

from tests import live
from tests.live import Live

SUCCESS = ("\n200", "\n201", "\n202", "\n204")


class Answer(NamedTuple):
    """A status and a body, as curl writes them."""

    status: int
    body: str

    def data(self) -> Any:
        """The member `data` of the body."""
        return json.loads(self.body)["data"]


class Curl:
    """Runs curl as the documentation's lines do: `--request`, `--url`, three headers, `--data`."""

    def __init__(self, server: Live) -> None:
        self._headers = [
            f"Authorization: Bearer {server.key}",
            "Accept: application/json",
            "Content-Type: application/json",
        ]

    def __call__(self, method: str, url: str, data: Any = None) -> Answer:
        """Return the answer of one line."""
        line = ["curl", "--silent", "--show-error", "--write-out", "\n%{http_code}"]
        line += ["--request", method, "--url", url]
        line += [part for header in self._headers for part in ("--header", header)]
        line += ["--data", json.dumps(data)] if data is not None else []
        done = subprocess.run(line, capture_output=True, text=True, check=True)
        body, _, status = done.stdout.rpartition("\n")
        return Answer(int(status), body)


@pytest.fixture
def curl(server: Live) -> Curl:
    """Curl with the server's key."""
    return Curl(server)


@pytest.fixture
def group(server: Live, curl: Curl, group_name: str) -> Iterator[str]:
    """The URL of a group that was made, and is removed, by the documentation's lines."""
    groups = server.url + server.groups
    assert curl("POST", groups, {"name": group_name}).status == 201
    (found,) = curl("POST", f"{groups}/search", {"groupNames": [group_name]}).data()
    yield f"{groups}/{found['id']}"
    assert curl("DELETE", f"{groups}/{found['id']}").status == 204


def online_resource(server: Live, curl: Curl) -> str:
    """A resource that takes roles and has no user limit."""
    found = curl("POST", f"{server.url}/admin/v2/orgs/{server.org_id}/workspaces", {"limit": 100}).data()
    return next(
        str(one["id"])
        for one in found
        if one["attributes"]["capacity"] is None and one["attributes"]["status"] == "online"
    )


@pytest.mark.parametrize("spelling", ["revoke'", "revoke%27", "revoke"])
def test_revoke_as_it_is_printed(server: Live, curl: Curl, group: str, spelling: str) -> None:
    """The documentation's line has a quote behind the path; the shell makes it `'` (contract 1.1)."""
    grant = {"resourceId": online_resource(server, curl), "roleId": "atlassian/user"}
    assert curl("POST", f"{group}/role-assignments/assign", grant).status == 200
    assert curl("GET", f"{group}/role-assignments").data()[0]["roles"] == ["atlassian/user"]
    assert curl("POST", f"{group}/role-assignments/{spelling}", grant).status == 204
    assert curl("GET", f"{group}/role-assignments").data() == []


@pytest.mark.parametrize("behind", ['"', "%22", ""])
def test_remove_member_as_it_is_printed(server: Live, curl: Curl, group: str, behind: str) -> None:
    """The documentation's line has a quote behind the account id (contract 1.1)."""
    users = f"{server.url}/admin/v2/orgs/{server.org_id}/directories/{server.directory_id}/users"
    account_id = curl("GET", f"{users}?status=active&limit=1").data()[0]["accountId"]
    assert curl("POST", f"{group}/memberships", {"accountId": account_id}).status == 204
    assert curl("GET", group).data()["counts"]["users"] == 1
    assert curl("DELETE", f"{group}/memberships/{account_id}{behind}").status == 204
    assert curl("GET", group).data()["counts"]["users"] == 0


@pytest.mark.parametrize("path", ["", "/count", "/stats"])
def test_reads_as_they_are_printed(server: Live, curl: Curl, path: str) -> None:
    """The documentation's lines of lists and counts."""
    assert curl("GET", server.url + server.groups + path).status == 200


class Page(HTMLParser):
    """The commands of the readable documentation."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.commands: list[str] = []
        self._tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._tags.append(tag)
        if self._tags[-2:] == ["pre", "code"]:
            self.commands.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._tags:
            del self._tags[-1 - self._tags[::-1].index(tag) :]

    def handle_data(self, text: str) -> None:
        if self._tags[-2:] == ["pre", "code"]:
            self.commands[-1] += text


def test_every_example_of_the_documentation_works_when_pasted() -> None:
    """`/docs` has a command for each operation; a shell with the demonstration's variables runs them all."""
    with live.demo() as server:
        commands = Page(httpx.get(f"{server.url}/docs").text).commands
        examples = [command for command in commands if not command.startswith("export")]
        answers = [pasted(example, server) for example in examples]
    refused = [answer for answer in answers if not answer.endswith(SUCCESS)]
    assert len(examples) > 50
    assert not refused, "\n\n".join(refused)


def pasted(example: str, server: Live) -> str:
    """Paste an example into a shell; return it with what curl printed, and the status behind it."""
    shell = 'curl() { command curl -s -w "\\n%{http_code}" "$@"; }\n' + example
    variables = {
        "PATH": "/usr/bin:/bin",
        "GUILDHALL_KEY": server.key,
        "GUILDHALL_ORG": server.org_id,
        "GUILDHALL_DIRECTORY": server.directory_id,
    }
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=True, env=variables)
    return f"{example}\n{done.stdout}"
