"""Filters alone and in pairs: of lists of groups and of users, and of numbers of users.

Each time the same is asked in other bytes, so that revisions which kept answers can be compared.
"""

import itertools
import time
from collections.abc import Iterator, Mapping
from urllib.parse import urlencode

import msgspec

from benchmarks import servers
from benchmarks.dataset import select
from benchmarks.load import LoadFailed, Request
from benchmarks.runs import median
from benchmarks.samples import Sample
from benchmarks.scenarios import TERMS
from benchmarks.servers import Server

_TIMES = 3
_SEARCHED = frozenset({"groupNames", "emailDomains"})
"""Filters that only the search by POST knows."""

_SINGLE = frozenset({"searchTerm", "mfaEnabled"})
_APART = ({"groupNames", "searchTerm"}, {"groupNames", "groupIds"}, {"emails", "searchTerm"})
"""Filters that are refused together."""


class Combination(msgspec.Struct, frozen=True):
    """A filter or a pair of them: milliseconds for the first time, and each of the later ones."""

    name: str
    first: float
    later: list[float]


def of_groups(sample: Sample) -> dict[str, Request]:
    """Return lists of groups by each filter alone and by each pair, the largest and smallest of each."""
    names = [str(row[0]) for row in select(sample.made, "SELECT name FROM groups ORDER BY group_key LIMIT 2")]
    values = {
        "accountIds": sample.users[:2],
        "groupIds": [",".join(sample.groups[:3])],
        "groupNames": names,
        "resourceOwners": [sample.owners[0], sample.owners[-1]],
        "resourceIds": [sample.largest_resource, sample.smallest_resource],
        "roleIds": ["atlassian/user", "atlassian/stakeholder"],
        "searchTerm": list(TERMS.values()),
        "directoryIds": [sample.directories[0], ",".join(sample.directories[1:3])],
    }
    return dict(_combined(sample.v2("/groups"), values))


def of_users(sample: Sample) -> dict[str, Request]:
    """Return lists of users in the same way."""
    domains = "SELECT email_domain FROM users GROUP BY email_domain ORDER BY count(*) DESC, email_domain"
    found = [str(row[0]) for row in select(sample.made, domains)]
    values = _values_of_users(sample) | {"emailDomains": [found[0], found[-1]]}
    return dict(_combined(sample.v2("/users"), values))


def of_numbers(sample: Sample, number: str) -> dict[str, Request]:
    """Return the same for a number of users: `count` or `stats`, which know no domains."""
    return dict(_combined(sample.v2(f"/users/{number}"), _values_of_users(sample)))


def _values_of_users(sample: Sample) -> dict[str, list[str]]:
    emails = "SELECT email FROM users ORDER BY user_key LIMIT 2"
    return {
        "accountIds": sample.users[:1],
        "emails": [",".join(str(row[0]) for row in select(sample.made, emails))],
        "groupIds": [sample.largest_group, sample.group_of_ten],
        "resourceIds": [sample.largest_resource, sample.smallest_resource],
        "roleIds": ["atlassian/user", "atlassian/stakeholder"],
        "status": ["active", "suspended"],
        "accountStatus": ["closed"],
        "claimStatus": ["managed"],
        "mfaEnabled": ["true", "false"],
        "searchTerm": ["e", "anna", "qqzzx", "qu"],
        "directoryIds": [sample.directories[0], ",".join(sample.directories[1:3])],
    }


def _combined(path: str, values: Mapping[str, list[str]]) -> Iterator[tuple[str, Request]]:
    single = [(name, value) for name, some in values.items() for value in some]
    pairs = [
        pair
        for pair in itertools.combinations(single, 2)
        if pair[0][0] != pair[1][0] and {pair[0][0], pair[1][0]} not in _APART
    ]
    for chosen in [*((one,) for one in single), *pairs]:
        label = " + ".join(f"{name}={value[:40]}" for name, value in chosen)
        yield label, _request(path, chosen)


def _request(path: str, chosen: tuple[tuple[str, str], ...]) -> Request:
    if not {name for name, _ in chosen} & _SEARCHED:
        return Request("GET", f"{path}?{urlencode(chosen)}")
    given = {name: value if name in _SINGLE else value.split(",") for name, value in chosen}
    flags = {name: value == "true" for name, value in chosen if name == "mfaEnabled"}
    return Request("POST", f"{path}/search", msgspec.json.encode(given | flags).decode())


def measure(server: Server, sample: Sample, wanted: Mapping[str, Request]) -> list[Combination]:
    """Ask for each combination once, then three times one after the other; the slowest is the first."""
    first = {name: _ask(server, sample, name, request, 0) for name, request in wanted.items()}
    found = [
        Combination(
            name,
            first[name],
            [_ask(server, sample, name, request, again) for again in range(1, _TIMES + 1)],
        )
        for name, request in wanted.items()
    ]
    return sorted(found, key=lambda combination: -median(combination.later))


def _ask(server: Server, sample: Sample, name: str, request: Request, again: int) -> float:
    """Return how long an answer takes, in milliseconds."""
    asked = request.reworded(again)
    begun = time.perf_counter()
    status, answer, _ = servers.ask(server, asked.method, asked.path, sample.made.key, asked.body)
    taken = (time.perf_counter() - begun) * 1_000
    if status != request.status:
        raise LoadFailed(f"{name}: {status} {answer[:200]!r}")
    return taken
