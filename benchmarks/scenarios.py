"""What is measured: requests by name, as real clients send them."""

import collections
import functools
import itertools
import random
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from benchmarks.dataset import Dataset, select
from benchmarks.load import Request
from benchmarks.peers import draws
from benchmarks.samples import Sample, walk
from benchmarks.servers import Server

CLIENTS = 8
"""Connections of a read scenario."""

WRITERS = 32
"""Connections of a write scenario."""

JOINED = 2_000
"""Groups that members are added to at random."""

_SEED = 7
_LIMITS, _SEARCHES = 80, 60_000
"""Sizes of pages, 20 and more, and requests of one kind of search, at most."""

COUNTS = 'counts={"includeUsers":true,"includeResources":true}'
SEAT_ROLE = "atlassian/user"
TERMS = {
    "common": "team",
    "rare": "quantum",
    "no match": "qqzzx",
    "two letters": "qu",
}
"""Substrings of group names; what is rare and what is common is the generator's."""


class Scenario(msgspec.Struct, frozen=True):
    """Requests of one kind, sent in turn by so many clients."""

    name: str
    requests: list[Request]
    clients: int = CLIENTS


def reads(server: Server, sample: Sample, wanted: Collection[str] = ()) -> list[Scenario]:
    """Return the reads that have a floor of their own, all or those wanted; cursors come from the server."""
    groups = sample.v2("/groups")
    joined = f"{sample.v2('/users')}?groupIds="
    found: dict[str, Callable[[], list[Request]]] = {
        "get one group": lambda: _gets(f"{groups}/{group}" for group in sample.groups),
        "page of 20 groups": lambda: _pages(server, sample, 20),
        "page of 100 groups": lambda: _pages(server, sample, 100),
        "groups of a user": lambda: _gets(f"{groups}?accountIds={user}" for user in sample.users),
        "users of a group": lambda: _gets(f"{joined}{group}" for group in sample.members_groups),
        "members of a group": lambda: _gets(
            f"{groups}/{group}/memberships?limit=20" for group in sample.members_groups
        ),
        "v1 search of 1000 groups": lambda: _v1_search(server, sample),
        "search by six letters": lambda: _gets(_six_letters(sample)),
        "count of groups": lambda: _gets([f"{groups}/count"]),
        "stats of groups": lambda: _gets([f"{groups}/stats"]),
    }
    return [Scenario(name, make()) for name, make in found.items() if not wanted or name in wanted]


def asked_once(scenario: Scenario, count: int) -> list[Request]:
    """Return so many questions of a scenario, each in bytes of its own: all are asked for the first time."""
    worded = (request.reworded(number) for number in itertools.count() for request in scenario.requests)
    return list(itertools.islice(worded, count))


def _gets(paths: Iterable[str]) -> list[Request]:
    return [Request("GET", path) for path in paths]


def _pages(server: Server, sample: Sample, size: int) -> list[Request]:
    path = f"{sample.v2('/groups')}?limit={size}&{quote(COUNTS, safe='=')}&sortBy=name"
    tokens = walk(server, sample, path)
    return _gets(f"{sample.v2('/groups')}?cursor={quote(token)}" for token in tokens) or _gets([path])


def _v1_search(server: Server, sample: Sample) -> list[Request]:
    path = sample.v1("/groups/search")
    # A walk alone has too few pages to be asked for the first time for a second.
    bodies: list[dict[str, Any]] = [
        {"cursor": t} for limit in (1000, 999, 998) for t in walk(server, sample, path, {"limit": limit})
    ]
    bodies = bodies or [{"limit": 1000}]
    return [Request("POST", path, msgspec.json.encode(body).decode()) for body in bodies]


def _six_letters(sample: Sample) -> Iterator[str]:
    """Return searches for pieces of names, drawn as those that peers are asked for.

    Each comes in all orders of its parameters, which mean the same: each is asked for the first time once.
    """
    sql = "SELECT name FROM groups WHERE id IN (SELECT value FROM json_each(?))"
    chosen = msgspec.json.encode(sample.groups[: draws.DRAWN]).decode()
    terms = draws.terms(str(row[0]) for row in select(sample.made, sql, chosen))
    for order in range(6):
        for term in terms:
            orders = list(itertools.permutations((f"searchTerm={term}", "limit=20", "sortBy=name")))
            yield f"{sample.v2('/groups')}?{'&'.join(orders[order])}"


def searches(sample: Sample) -> list[Scenario]:
    """Return substring searches of each kind, each for many terms and sizes of pages, none of them twice."""
    return [
        Scenario(f"search: {kind}", list(_searches(sample, terms))) for kind, terms in _terms(sample).items()
    ]


def _searches(sample: Sample, terms: Sequence[str]) -> Iterator[Request]:
    limits = min(_LIMITS, max(1, _SEARCHES // (2 * len(terms))))
    for limit, counts, term in itertools.product(range(20, 20 + limits), ("", f"&{COUNTS}"), terms):
        query = urlencode({"searchTerm": term, "limit": limit})
        yield Request("GET", f"{sample.v2('/groups')}?{query}{quote(counts, safe='=&')}")


def _terms(sample: Sample) -> dict[str, list[str]]:
    """Return substrings of group names of each kind, as they occur in this organization."""
    names = [str(row[0]) for row in select(sample.made, "SELECT name_key FROM groups")]
    words = collections.Counter(word for name in names for word in name.split())
    pairs = collections.Counter(name[at : at + 2] for name in names[::10] for at in range(len(name) - 1))
    chance = random.Random(_SEED)
    chance.shuffle(names)
    return {
        "common": [word for word, _ in words.most_common(100) if len(word) > 2],
        "rare": names[:2_000],
        "no match": ["".join(chance.choices("bcdfghjklmnpqrstvwxz", k=6)) for _ in range(2_000)],
        "two letters": [pair for pair, _ in pairs.most_common(400)],
    }


def additions(sample: Sample, groups: Sequence[str], most: int, skip: int = 0) -> list[Request]:
    """Return requests that each add another user to one of the groups in turn; `skip` leaves users out."""
    found: list[Request] = []
    each = most // len(groups) + 1
    people = {group: itertools.islice(_strangers(sample, group), skip, skip + each) for group in groups}
    for group in itertools.cycle(groups):
        user = next(people[group], None)
        if user is None or len(found) == most:
            return found
        path = f"{sample.v2('/groups', sample.directories[0])}/{group}/memberships"
        found.append(Request("POST", path, msgspec.json.encode({"accountId": user}).decode(), 204))
    return found


def renames(sample: Sample, groups: Sequence[str], most: int) -> list[Request]:
    """Return requests that each give one of the groups, in turn, another name."""
    path = sample.v2("/groups", sample.directories[0])
    return [
        Request("PATCH", f"{path}/{group}", msgspec.json.encode({"name": f"Renamed {number}"}).decode(), 204)
        for number, group in zip(range(most), itertools.cycle(groups), strict=False)
    ]


def groups_to_join(sample: Sample, most: int = JOINED) -> list[str]:
    """Return ordinary groups of the default directory in random order, in which anyone may be put."""
    sql = """
        SELECT g.id FROM groups AS g JOIN directories AS d ON d.directory_key = g.directory_key
        WHERE d.rank = 0 AND g.synced = 0 AND g.type = 0 AND g.grants_admin = 0
          AND g.id IN (SELECT value FROM json_each(?))
    """
    rows = select(sample.made, sql, msgspec.json.encode(sample.groups).decode())
    return [str(row[0]) for row in rows][:most]


def _strangers(sample: Sample, group: str) -> Iterator[str]:
    """Yield people who are not in the group, in random order; each group begins at another place."""
    sql = """
        SELECT m.user_key FROM memberships AS m JOIN groups AS g ON g.group_key = m.group_key
        WHERE m.org_key = 1 AND g.org_key = 1 AND g.id = ?
    """
    people, present = _people(sample.made), {row[0] for row in select(sample.made, sql, group)}
    start = int(group[:8], 16)
    for number in range(len(people)):
        key, account_id = people[(start + number) % len(people)]
        if key not in present:
            yield account_id


@functools.lru_cache(1)
def _people(made: Dataset) -> list[tuple[int, str]]:
    """Return keys and ids of the active users of the default directory, in random order."""
    sql = """
        SELECT u.user_key, u.account_id FROM directory_users AS u
        JOIN directories AS d ON d.directory_key = u.directory_key AND d.rank = 0
        WHERE u.org_key = 1 AND u.status = 0
    """
    found: list[Any] = select(made, sql)
    random.Random(_SEED).shuffle(found)
    return found


def plain_groups(sample: Sample, most: int = JOINED) -> list[str]:
    """Return ordinary groups of the default directory that give nothing: each addition is the same work."""
    sql = """
        SELECT g.id FROM groups AS g JOIN directories AS d ON d.directory_key = g.directory_key
        JOIN group_counts AS c ON c.group_key = g.group_key
        WHERE d.rank = 0 AND g.synced = 0 AND g.type = 0 AND g.grants_admin = 0 AND c.resources = 0
        ORDER BY g.id LIMIT ?
    """
    return [str(row[0]) for row in select(sample.made, sql, most)]
