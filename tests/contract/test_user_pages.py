"""Lists of users against a model in plain Python: filters, orders, page sizes, directions, numbers."""

import asyncio
import contextlib
import dataclasses
import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guildhall.model.roles import BUILT_IN
from guildhall.operations.accounts import UserChanges, put_user
from tests import make
from tests.contract.answers import data
from tests.contract.reading import REACHES, reaching
from tests.contract.user_model import ACCOUNTS, DOMAINS, ROLES, STATUSES, furnish, listed

PAGE_SIZES = (1, 5, 16, 53, 100)
UNKNOWN = "99999999-0000-4000-8000-000000000000"
TERMS = (
    "ada",
    "STRASS",
    "ß",
    "É",
    "t\u00e9",
    "i\u0307",
    "👍",
    "👍🏽",
    "王",
    "%",
    "_",
    " ",
    "1@",
    "öz",
    "a s",
    "e.x",
)

# Numbers stand for what the town has; the last one of each stands for nothing that is there.
FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "directoryIds": st.lists(st.integers(0, 3), min_size=1, max_size=3, unique=True),
        "accountIds": st.lists(st.integers(0, ACCOUNTS), min_size=1, max_size=10, unique=True),
        "groupIds": st.lists(st.integers(0, 9), min_size=1, max_size=3, unique=True),
        "resourceIds": st.lists(st.integers(0, 4), min_size=1, max_size=3, unique=True),
        "roleIds": st.lists(st.sampled_from(ROLES), min_size=1, max_size=2, unique=True),
        "status": st.lists(st.sampled_from(STATUSES), min_size=1, max_size=3, unique=True),
        "accountStatus": st.lists(
            st.sampled_from(("active", "inactive", "closed")), min_size=1, max_size=2, unique=True
        ),
        "membershipStatus": st.lists(
            st.sampled_from(("active", "suspended", "no_membership")), min_size=1, max_size=2, unique=True
        ),
        "claimStatus": st.lists(st.sampled_from(("managed", "unmanaged")), min_size=1, max_size=1),
        "mfaEnabled": st.booleans(),
        "searchTerm": st.sampled_from(TERMS) | st.text("aAdDsSßéE %_1@.王", min_size=1, max_size=4),
        "emails": st.lists(st.integers(0, ACCOUNTS), min_size=1, max_size=10, unique=True),
        "emailDomains": st.lists(st.sampled_from([*DOMAINS, "none"]), min_size=1, max_size=2, unique=True),
    },
)


@dataclasses.dataclass(frozen=True)
class Shape:
    """How a list is asked for, and after how many rows the store looks for another way."""

    search: bool
    size: int
    sort: str | None
    descending: bool
    directory: int
    reach: int

    def order(self):
        """The order of what is asked for: the plain list knows one only."""
        return (self.sort, self.descending) if self.search and self.sort else (None, False)


SHAPES = st.builds(
    Shape,
    st.booleans(),
    st.sampled_from(PAGE_SIZES),
    st.sampled_from((None, "name", "nick_name")),
    st.booleans(),
    st.integers(0, 3),
    st.sampled_from(REACHES),
)


@pytest.fixture(scope="module")
def runner():
    with asyncio.Runner() as running:
        yield running


@pytest.fixture(scope="module")
def town(runner, module_database_url):
    stack = contextlib.AsyncExitStack()
    world = runner.run(stack.enter_async_context(make.open_world(module_database_url)))
    yield runner.run(furnish(world))
    runner.run(stack.aclose())


def resolve(town, numbers, shape):
    """Put ids in the place of the numbers of a filter, and leave out what cannot be asked for together."""
    ids = {
        "directoryIds": [*town.directories, UNKNOWN],
        "accountIds": [*town.accounts, "nobody"],
        "groupIds": [*town.groups, UNKNOWN],
        "resourceIds": [*town.resources, "ari:cloud:jira::site/none"],
        "emails": [*(email.swapcase() for email in town.emails), "nobody@example.com"],
    }
    chosen = {
        name: [ids[name][number] for number in given] if name in ids else given
        for name, given in numbers.items()
    }
    if "searchTerm" in chosen:
        chosen.pop("emails", None)
    if not shape.search:
        chosen.pop("emailDomains", None)
    return chosen


@given(numbers=FILTERS, shape=SHAPES)
@settings(max_examples=150)
def test_list_users_equals_the_model(town, runner, numbers, shape):
    """Contract 1.4, 4, 8: all filters, alone and together, in every order, walked forward and back."""
    with reaching(shape.reach):
        runner.run(compare_pages(town, resolve(town, numbers, shape), shape))


async def compare_pages(town, filters, shape):
    sort, descending = shape.order()
    chosen = listed(inside(town, shape), filters, sort, descending=descending)
    groups = [group_id for group_id in filters.get("groupIds", ()) if group_id in town.groups]
    if sort is None and filters.keys() <= {"groupIds", "directoryIds"} and len(groups) == 1:
        # The members of one group stand in the order in which their accounts were made.
        chosen.sort(key=lambda item: town.accounts.index(item.id))
    expected = [place(item) for item in chosen]
    pages = [await ask(town, shape, filters)]
    while token := links(pages[-1])["next"]:
        pages.append(await ask(town, shape, cursor=token))
    assert [place_of(row) for page in pages for row in data(page)] == expected
    assert [len(data(page)) for page in pages[:-1]] == [shape.size] * (len(pages) - 1)
    assert (len(pages) - 1) * shape.size <= max(len(expected) - 1, 0)
    back = [pages[-1]]
    while token := links(back[-1])["prev"]:
        back.append(await ask(town, shape, cursor=token))
    assert [data(page) for page in reversed(back)] == [data(page) for page in pages]
    assert links(pages[0])["prev"] is None


@given(numbers=FILTERS, shape=SHAPES)
@settings(max_examples=60)
def test_numbers_of_users_equal_the_model(town, runner, numbers, shape):
    """Contract 4, 8: `stats.roles` counts accounts, `count` and `accountStatus` count rows."""
    with reaching(shape.reach):
        runner.run(compare_numbers(town, resolve(town, numbers, Shape(False, 20, None, False, 3, 1)), shape))


async def compare_numbers(town, filters, shape):
    found = listed(inside(town, shape), filters)
    users = f"{town.world.v2(directory(town, shape))}/users"
    count = await town.world.http.get(f"{users}/count", params=filters)
    assert count.json() == {"count": len(found)}
    stats = (await town.world.http.get(f"{users}/stats", params=filters)).json()
    holders = Counter(role for _, role in {(item.id, role) for item in found for _, role in item.roles})
    assert stats["roles"] == [
        {"roleId": role, "count": holders[role]} for role in sorted(role.id for role in BUILT_IN)
    ]
    statuses = Counter(item.account_status for item in found)
    assert stats["accountStatus"] == [
        {"status": status, "count": statuses[status]} for status in ("active", "inactive", "closed")
    ]


@pytest.mark.parametrize("size", [1, 5, 16])
@pytest.mark.parametrize("sort", [None, "name"])
async def test_walking_among_writers_shows_each_user_once(world, size, sort):
    """Contract 1.4: what was there throughout, and was not renamed, exactly once, forward and back."""
    chance = random.Random(size)
    stayed = {(await world.user(name=f"N{chance.random()}")).id for _ in range(40)}
    path = f"{world.v2()}/users/search"
    body = {"limit": size, "searchTerm": "n"} | ({"sortBy": {"field": sort}} if sort else {})
    page = await world.http.post(path, json=body)
    for direction in ("next", "prev"):
        seen = [row["accountId"] for row in data(page)]
        while token := links(page)[direction]:
            new = await world.user(name=f"N{chance.random()}", account_id=f"{chance.getrandbits(40):x}")
            gone = chance.choice([*sorted(stayed), new.id])
            changes = UserChanges(name="gone", email=f"{gone}@example.org", directories=())
            await world.write(put_user, world.caller, gone, changes)
            stayed.discard(gone)
            page = await world.http.post(path, json={"cursor": token})
            seen += [row["accountId"] for row in data(page)]
        assert len(set(seen)) == len(seen)
        assert stayed <= set(seen)


async def ask(town, shape, filters=None, **cursor):
    query = cursor or {**filters, "limit": shape.size}
    path = f"{town.world.v2(directory(town, shape))}/users"
    if not shape.search:
        return await town.world.http.get(path, params=query)
    if shape.sort and not cursor:
        query["sortBy"] = {"field": shape.sort, "direction": "desc" if shape.descending else "asc"}
    return await town.world.http.post(f"{path}/search", json=query)


def directory(town, shape):
    return [*town.directories, "-"][shape.directory]


def inside(town, shape):
    """The rows of the directory in the path."""
    chosen = directory(town, shape)
    return [item for item in town.items if chosen in ("-", item.directory)]


def links(page):
    return page.json()["links"]


def place(item):
    """All that tells one row from another; the wire names no directory."""
    return item.id, item.name, item.email, item.status, item.account_status, item.membership_status


def place_of(row):
    names = ("accountId", "name", "email", "status", "accountStatus", "membershipStatus")
    return tuple(row[name] for name in names)
