"""Canaille, an identity server with a SCIM interface, on its SQLite database."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

from benchmarks.peers import draws, scim
from benchmarks.peers.draws import Addition
from benchmarks.peers.environments import environment
from benchmarks.peers.http_load import Scenario
from benchmarks.peers.http_peers import Client, HTTPPeer, run
from benchmarks.peers.portions import Group
from benchmarks.peers.processes import ADDRESS, Server, free_port, started
from benchmarks.peers.results import PeerFailed, disk_bytes, say

_ROOT = "scim/v2"
_TOKEN = "measured"  # noqa: S105 -- for a server that lives as long as the measurement
_CONFIGURATION = """
SECRET_KEY = "measured"

[CANAILLE]
DATABASE = "sql"

[CANAILLE.LOGGING]
version = 1

[CANAILLE_SQL]
DATABASE_URI = "sqlite:///{database}"

[CANAILLE_SCIM]
ENABLE_SERVER = true
"""
_TOKEN_OF_CLIENT = (
    *("--token-id", _TOKEN, "--access-token", _TOKEN, "--client", _TOKEN, "--scope", "openid"),
    *("--issue-date", "2026-01-01T00:00:00+00:00", "--lifetime", "1000000000"),
)


class Canaille(HTTPPeer):
    """Canaille with the server that its `run` command starts."""

    name = "canaille"
    groups = 200
    largest = 500
    notes = (
        "It keeps everything in SQLite, synchronously as SQLite does by default.",
        "There are no pages: `count` is answered with an internal error, and without it the list is whole.",
        "There is no filter, so there is no substring search.",
        "An added member is written by reading the group, all its members included, and writing it anew.",
    )

    def started(self) -> AbstractContextManager[Server]:
        """Make a new database and start the server on it."""
        program = str(environment(self.name, self.options.work) / "canaille")
        for old in self.folder.glob("canaille.sqlite*"):
            old.unlink()
        configuration = self.folder / "canaille.toml"
        configuration.write_text(_CONFIGURATION.format(database=self.folder / "canaille.sqlite"))
        # The server is a child, and takes this over from here.
        os.environ["CANAILLE_CONFIG"] = str(configuration)
        say("Making canaille's database")
        self._canaille(program, "install")
        self._canaille(program, "create", "client", "--client-id", _TOKEN, "--client-name", _TOKEN)
        self._canaille(program, "create", "token", *_TOKEN_OF_CLIENT)
        port = free_port()
        self._url = f"http://{ADDRESS}:{port}/{_ROOT}"
        return started([program, "run", "--bind", f"{ADDRESS}:{port}"], port, self.folder)

    def _canaille(self, *command: str) -> None:
        ended = subprocess.run(command, check=False, cwd=self.folder, capture_output=True, text=True)
        if ended.returncode:
            raise PeerFailed(f"{' '.join(command)} failed:\n{ended.stderr}")

    def headers(self) -> dict[str, str]:
        """Return the token and the type of the bodies."""
        return {"Content-Type": scim.MEDIA_TYPE, "Authorization": f"Bearer {_TOKEN}"}

    def disk_bytes(self) -> int:
        """Return the size of the database."""
        return sum(disk_bytes(file) for file in self.folder.glob("canaille.sqlite*"))

    def load(self, client: Client) -> None:
        """Create users, then groups with their members."""
        for user in self.portion.users:
            client.ask("POST", scim.path(_ROOT, "Users"), scim.user(user))
        names = {user.key: user.account_id for user in self.portion.users}
        for group in self.portion.groups:
            members = [self._member(names[user]) for user in self.portion.members[group.key]]
            client.ask("POST", scim.path(_ROOT, "Groups"), scim.group(group.name, members))

    def _member(self, account_id: str) -> dict[str, str]:
        """Canaille wants the address beside the name, which is what it calls the user by."""
        return {"value": account_id, "$ref": self._url + scim.path("Users", account_id)}

    def reads(self, client: Client) -> Iterator[Scenario]:  # noqa: ARG002 -- nothing has to be asked first
        """Return what it can be asked: a group by the name, and a user."""
        names = [group.name for group in draws.groups(self.portion)]
        by_name = [scim.path(_ROOT, "Groups", name, **scim.WITHOUT_MEMBERS) for name in names]
        yield self._gets("get group by name", by_name, '"displayName"')
        people = [user.account_id for user in draws.members(self.portion)]
        of_user = [scim.path(_ROOT, "Users", user, attributes="groups") for user in people]
        yield self._gets("groups of a user", of_user, '"groups"')

    def _gets(self, name: str, paths: list[str], expected: str) -> Scenario:
        return Scenario(name, [self.request("GET", path) for path in paths], expected)

    def addition(self, addition: Addition) -> bytes:
        """Return a PATCH that adds a member."""
        path = scim.path(_ROOT, "Groups", addition.group.name)
        return self.request("PATCH", path, scim.addition(self._member(addition.user.account_id)))

    def member(self, addition: Addition) -> str:
        """Return what canaille calls the user."""
        return addition.user.account_id

    def members(self, client: Client, group: Group) -> set[str]:
        """Return the names of the members."""
        answer: Any = client.ask("GET", scim.path(_ROOT, "Groups", group.name))
        return {member["value"] for member in answer["members"]}


if __name__ == "__main__":
    sys.exit(run(Canaille))
