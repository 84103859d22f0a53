"""What requests are made of: ids, names and cursors of a dataset, drawn by a fixed seed."""

import http.client
import itertools
import random
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import msgspec

from benchmarks.dataset import Dataset, select
from benchmarks.servers import Server

DRAWN = 20_000
"""Ids, names or cursors that a scenario goes through: of pages of 20 groups all there are."""

_SEED = 7


class Sample(msgspec.Struct, frozen=True):
    """Ids of a dataset."""

    made: Dataset
    groups: list[str]
    users: list[str]
    members_groups: list[str]
    """Groups as members would name them: large ones often."""
    largest_group: str
    group_of_ten: str
    largest_resource: str
    smallest_resource: str
    free_resource: str
    """An online resource that the largest group has no role on."""
    owners: list[str]
    """Resource owners, the one with most assignments first."""
    directories: list[str]

    def v1(self, path: str = "") -> str:
        """Return a path of version 1."""
        return f"/admin/v1/orgs/{self.made.org_id}{path}"

    def v2(self, path: str, directory: str = "-") -> str:
        """Return a path of version 2, of all directories."""
        return f"/admin/v2/orgs/{self.made.org_id}/directories/{directory}{path}"


def draw(made: Dataset) -> Sample:
    """Draw the sample of a dataset; the same dataset always gives the same."""
    chance = random.Random(_SEED)
    return Sample(
        made=made,
        groups=_some(made, chance, "groups", "group_key", "id"),
        users=_some(made, chance, "users", "user_key", "account_id"),
        members_groups=_groups_of_members(made, chance),
        largest_group=_one(made, _GROUP.format(where="", order="c.users DESC")),
        group_of_ten=_one(made, _GROUP.format(where=_ORDINARY, order="abs(c.users - 10), g.group_key")),
        largest_resource=_one(made, _RESOURCE.format(order="DESC")),
        smallest_resource=_one(made, _RESOURCE.format(order="ASC")),
        free_resource=_one(made, _FREE),
        owners=[str(row[0]) for row in select(made, _OWNERS)],
        directories=[
            str(row[0]) for row in select(made, "SELECT id FROM directories ORDER BY rank, name_key")
        ],
    )


_ORDINARY = "WHERE g.synced = 0 AND g.type = 0 AND g.grants_admin = 0 AND g.is_default = 0"
_GROUP = """
    SELECT g.id FROM groups AS g JOIN group_counts AS c ON c.group_key = g.group_key {where}
    ORDER BY {order} LIMIT 1
"""
_RESOURCE = """
    SELECT r.id FROM resources AS r JOIN role_assignments AS a ON a.resource_key = r.resource_key
    GROUP BY r.resource_key ORDER BY count(*) {order}, r.id LIMIT 1
"""
_FREE = """
    SELECT r.id FROM resources AS r WHERE r.status = 'online' AND r.owner = 'jira-software'
      AND NOT EXISTS (SELECT 1 FROM role_assignments AS a
                      WHERE a.org_key = 1 AND a.resource_key = r.resource_key AND a.group_key = (
                          SELECT c.group_key FROM group_counts AS c ORDER BY c.users DESC LIMIT 1))
    ORDER BY r.resource_key DESC LIMIT 1
"""
_OWNERS = """
    SELECT r.owner FROM resources AS r JOIN role_assignments AS a ON a.resource_key = r.resource_key
    GROUP BY r.owner ORDER BY count(*) DESC
"""


def _one(made: Dataset, sql: str) -> str:
    return str(select(made, sql)[0][0])


def _some(made: Dataset, chance: random.Random, table: str, key: str, column: str) -> list[str]:
    last: Any = select(made, f"SELECT max({key}) FROM {table}")[0][0]
    keys = sorted(chance.sample(range(1, last + 1), min(DRAWN, last)))
    sql = f"SELECT {column} FROM {table} WHERE {key} IN (SELECT value FROM json_each(?))"
    found = [str(row[0]) for row in select(made, sql, msgspec.json.encode(keys).decode())]
    chance.shuffle(found)
    return found


def _groups_of_members(made: Dataset, chance: random.Random) -> list[str]:
    last: Any = select(made, "SELECT max(user_key) FROM users")[0][0]
    keys = msgspec.json.encode(sorted(chance.sample(range(1, last + 1), min(DRAWN, last)))).decode()
    sql = """
        SELECT (SELECT g.id FROM memberships AS m JOIN groups AS g ON g.group_key = m.group_key
                WHERE m.org_key = 1 AND m.user_key = value LIMIT 1)
        FROM json_each(?)
    """
    found = [str(row[0]) for row in select(made, sql, keys) if row[0]]
    chance.shuffle(found)
    return found


def walk(server: Server, sample: Sample, path: str, body: dict[str, Any] | None = None) -> list[str]:
    """Return the cursor of every page but the first, in random order; a POST search when there is a body."""
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=60)
    tokens = list(itertools.islice(_tokens(connection, sample.made.key, path, body), 50_000))
    connection.close()
    random.Random(_SEED).shuffle(tokens)
    return tokens[:DRAWN]


def _tokens(
    connection: http.client.HTTPConnection, key: str, path: str, body: dict[str, Any] | None
) -> Iterator[str]:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    ask: Callable[[str | None], Any]

    def get(token: str | None) -> Any:
        separator = "&" if "?" in path else "?"
        connection.request(
            "GET", path + (f"{separator}cursor={quote(token)}" if token else ""), None, headers
        )

    def post(token: str | None) -> Any:
        connection.request("POST", path, msgspec.json.encode({"cursor": token} if token else body), headers)

    ask, token = (get if body is None else post), None
    while True:
        ask(token)
        page = msgspec.json.decode(connection.getresponse().read())
        token = page["links"]["next"]
        if token is None:
            return
        yield token
