"""Scim2-server, the SCIM server of the python-scim project, as its command starts it."""

import random
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

from benchmarks.peers import draws, scim
from benchmarks.peers.draws import Addition
from benchmarks.peers.environments import environment
from benchmarks.peers.http_load import Scenario
from benchmarks.peers.http_peers import Client, HTTPPeer, run
from benchmarks.peers.options import SEED
from benchmarks.peers.portions import Group
from benchmarks.peers.processes import ADDRESS, Server, free_port, started

_ROOT = "v2"


class Scim2Server(HTTPPeer):
    """The server with its storage, which is in memory."""

    name = "scim2-server"
    groups = 1_000
    largest = 2_000
    notes = (
        "Everything is in memory and gone when the server stops: nothing is durable.",
        "Requests are not authenticated.",
        "The server closes the connection after every answer.",
        "Pages are in order of the ids, which are random; lists are asked for without members.",
        "The groups of a user are those that the filter `members.value eq` finds: users do not tell them.",
    )

    def started(self) -> AbstractContextManager[Server]:
        """Start the server of the `scim2-server` command."""
        port = free_port()
        program = str(environment(self.name, self.options.work) / "scim2-server")
        return started([program, "--hostname", ADDRESS, "--port", str(port)], port, self.folder)

    def headers(self) -> dict[str, str]:
        """Return the type of the bodies."""
        return {"Content-Type": scim.MEDIA_TYPE}

    def load(self, client: Client) -> None:
        """Create users, then groups with their members."""
        self.user_ids: dict[int, str] = {}
        for user in self.portion.users:
            answer = client.ask("POST", scim.path(_ROOT, "Users"), scim.user(user))
            self.user_ids[user.key] = answer["id"]
        self.group_ids: dict[int, str] = {}
        for group in self.portion.groups:
            members = [{"value": self.user_ids[user]} for user in self.portion.members[group.key]]
            answer = client.ask("POST", scim.path(_ROOT, "Groups"), scim.group(group.name, members))
            self.group_ids[group.key] = answer["id"]

    def reads(self, client: Client) -> Iterator[Scenario]:  # noqa: ARG002 -- its pages have numbers
        """Return what SCIM can ask about groups."""
        names = [f"displayName eq {_quoted(group.name)}" for group in draws.groups(self.portion)]
        yield self._lists("get group by name", [{"filter": name} for name in names])
        chance = random.Random(SEED)
        for size in (20, 100):
            starts = range(1, max(2, len(self.portion.groups) - size + 2))
            asked = [
                {"startIndex": str(chance.choice(starts)), "count": str(size)} for _ in range(draws.DRAWN)
            ]
            yield self._lists(f"page of {size}", asked)
        people = [self.user_ids[user.key] for user in draws.members(self.portion)]
        yield self._lists("groups of a user", [{"filter": f'members.value eq "{user}"'} for user in people])
        drawn = draws.terms(group.name for group in draws.groups(self.portion))
        terms = [f'displayName co "{term}"' for term in drawn]
        yield self._lists("substring search", [{"filter": term, "count": "20"} for term in terms])

    def _lists(self, name: str, queries: list[dict[str, str]]) -> Scenario:
        paths = [scim.path(_ROOT, "Groups", **query, **scim.WITHOUT_MEMBERS) for query in queries]
        return Scenario(name, [self.request("GET", path) for path in paths], expected='"displayName"')

    def addition(self, addition: Addition) -> bytes:
        """Return a PATCH that adds a member."""
        path = scim.path(_ROOT, "Groups", self.group_ids[addition.group.key])
        return self.request("PATCH", path, scim.addition({"value": self.member(addition)}))

    def member(self, addition: Addition) -> str:
        """Return the id of the user."""
        return self.user_ids[addition.user.key]

    def members(self, client: Client, group: Group) -> set[str]:
        """Return the ids of the members."""
        answer: Any = client.ask("GET", scim.path(_ROOT, "Groups", self.group_ids[group.key]))
        return {member["value"] for member in answer["members"]}


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


if __name__ == "__main__":
    sys.exit(run(Scim2Server))
