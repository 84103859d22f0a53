"""What is measured: requests by name, as real clients send them."""

import collections
import itertools
import random
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from benchmarks.dataset import select
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
    """Return searches for pieces of names, drawn as those that peers are asked for."""
    sql = "SELECT name FROM groups WHERE id IN (SELECT value FROM json_each(?))"
    chosen = msgspec.json.encode(sample.groups[: draws.DRAWN]).decode()
    for term in draws.terms(str(row[0]) for row in select(sample.made, sql, chosen)):
        yield f"{sample.v2('/groups')}?searchTerm={term}&limit=20"


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
    people = {group: iter(_strangers(sample, group, most // len(groups) + 1, skip)) for group in groups}
    for group in itertools.cycle(groups):
        user = next(people[group], None)
        if user is None or len(found) == most:
            return found
        path = f"{sample.v2('/groups', sample.directories[0])}/{group}/memberships"
        found.append(Request("POST", path, msgspec.json.encode({"accountId": user}).decode(), 204))
    return found


def groups_to_join(sample: Sample, most: int = JOINED) -> list[str]:
    """Return ordinary groups of the default directory in random order, in which anyone may be put."""
    sql = """
        SELECT g.id FROM groups AS g JOIN directories AS d ON d.directory_key = g.directory_key
        WHERE d.rank = 0 AND g.synced = 0 AND g.type = 0 AND g.grants_admin = 0
          AND g.id IN (SELECT value FROM json_each(?))
    """
    rows = select(sample.made, sql, msgspec.json.encode(sample.groups).decode())
    return [str(row[0]) for row in rows][:most]


def _strangers(sample: Sample, group: str, most: int, skip: int) -> list[str]:
    """Return active users of the default directory who are not in the group, each group others first."""
    sql = """
        SELECT u.account_id FROM directory_users AS u
        JOIN directories AS d ON d.directory_key = u.directory_key AND d.rank = 0
        WHERE u.org_key = 1 AND u.status = 0 AND u.user_key > ?
          AND NOT EXISTS (SELECT 1 FROM memberships AS m JOIN groups AS g ON g.group_key = m.group_key
                          WHERE g.id = ? AND m.org_key = 1 AND m.user_key = u.user_key)
        LIMIT ? OFFSET ?
    """
    last = int(str(select(sample.made, "SELECT max(user_key) FROM users")[0][0]))
    start = int(group[:6], 16) % (last // 2)
    return [str(row[0]) for row in select(sample.made, sql, start, group, most, skip)]


def plain_groups(sample: Sample, most: int = JOINED) -> list[str]:
    """Return ordinary groups of the default directory that give nothing: each addition is the same work."""
    sql = """
        SELECT g.id FROM groups AS g JOIN directories AS d ON d.directory_key = g.directory_key
        JOIN group_counts AS c ON c.group_key = g.group_key
        WHERE d.rank = 0 AND g.synced = 0 AND g.type = 0 AND g.grants_admin = 0 AND c.resources = 0
        ORDER BY g.id LIMIT ?
    """
    return [str(row[0]) for row in select(sample.made, sql, most)]
