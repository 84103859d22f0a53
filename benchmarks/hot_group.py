"""Different users join one group from many clients, beside the same in random groups (ADR 18).

    python -m benchmarks.hot_group --database postgresql://…/empty

The database must be an empty one, on a server whose commits are durable, or a file that is not there yet.
Every addition is new, and is acknowledged when it is on disk; any other answer fails the run. With seats,
every group gives a seat of one resource: then all additions meet at its count, whatever the group.
"""

import argparse
import contextlib
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks import load, servers

USERS = 20_000
GROUPS = 500
_RESOURCE = "ari:cloud:jira::site/hot"


class Organization(NamedTuple):
    """What additions are made of."""

    key: str
    groups_path: str
    groups: list[str]
    users: list[str]

    def additions(self, groups: Sequence[str]) -> list[bytes]:
        """Return requests by which each user joins one of the groups."""
        chance = random.Random(1)
        path = "{}/{}/memberships"
        return [
            load.Request(
                "POST",
                path.format(self.groups_path, chance.choice(groups)),
                json.dumps({"accountId": user}),
                204,
            ).encode(self.key)
            for user in self.users
        ]


def main() -> None:
    """Print additions a second for each kind of groups."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--database", required=True, help="URL of an empty database")
    parser.add_argument("--servers", type=int, default=2)
    parser.add_argument("--workers", type=int, default=1, help="of each server")
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seats", action="store_true", help="every group gives a seat of one resource")
    options = parser.parse_args()
    made = furnish(options.database, seats=options.seats)
    with contextlib.ExitStack() as stack:
        started = [
            stack.enter_context(servers.guildhall(options.database, workers=options.workers))
            for _ in range(options.servers)
        ]
        hot, others = made.groups[: options.rounds], made.groups[options.rounds :]
        for number in range(options.rounds):
            third = len(others) // options.rounds
            measure(
                "random groups",
                started,
                made.additions(others[third * number : third * (number + 1)]),
                options,
            )
            measure("one group", started, made.additions([hot[number]]), options)


def measure(
    label: str, started: Sequence[servers.Server], requests: Sequence[bytes], options: argparse.Namespace
) -> None:
    """Send additions to all servers at once; print how many there were a second."""
    share = len(requests) // len(started)
    with contextlib.ExitStack() as stack:
        files = [
            stack.enter_context(load.prepared(requests[share * number : share * (number + 1)]))
            for number in range(len(started))
        ]
        clients, manner = options.clients // len(started), load.Manner(status=204)
        running = [
            stack.enter_context(
                load.started(server.url, file, clients=clients, seconds=options.seconds, manner=manner)
            )
            for server, file in zip(started, files, strict=True)
        ]
        found = [load.finish(process) for process in running]
    if any(one.requests > share for one in found):
        raise load.LoadFailed("The additions ran out: take fewer seconds.")
    rate = sum(one.per_second for one in found)
    p99, longest = max(one.p99 for one in found), max(one.max for one in found)
    print(f"{label:<14} {rate:7.0f} additions/s   p99 {p99:6.1f} ms   max {longest:6.1f} ms", flush=True)


def furnish(database: str, *, seats: bool) -> Organization:
    """Make the organization with users and groups."""
    made = json.loads(_guildhall("init", "--database", database, "--json"))
    users = [f"{number:024x}" for number in range(1, USERS + 1)]
    groups = [f"00000000-0000-4000-8000-{number:012x}" for number in range(1, GROUPS + 1)]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.writelines(f"{line}\n" for line in _lines(users, groups, seats=seats))
        file.flush()
        _guildhall("seed", "--database", database, file.name)
    path = f"/admin/v2/orgs/{made['orgId']}/directories/{made['directoryId']}/groups"
    return Organization(made["key"], path, groups, users)


def _lines(users: Sequence[str], groups: Sequence[str], *, seats: bool) -> Iterator[str]:
    yield f"resources:\n- {json.dumps({'id': _RESOURCE, 'name': 'Hot'})}\nusers:"
    for user in users:
        item = {"accountId": user, "name": f"User {user[-6:]}", "email": f"{user}@example.com"}
        yield f"- {json.dumps(item)}"
    yield "groups:"
    for group in groups:
        roles = [{"resource": _RESOURCE, "roles": ["atlassian/user"]}] if seats else []
        yield f"- {json.dumps({'id': group, 'name': f'Group {group[-6:]}', 'roles': roles})}"


def _guildhall(*arguments: str) -> str:
    command = [sys.executable, "-m", "guildhall", *arguments]
    return subprocess.run(
        command, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[1]
    ).stdout


if __name__ == "__main__":
    main()
