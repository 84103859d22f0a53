"""Lists of groups against a model in plain Python: filters, page sizes, directions, writers in between."""

import asyncio
import contextlib
import dataclasses
import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import make
from tests.contract.answers import data, done, group_id
from tests.contract.group_model import OWNERS, ROLES, UNKNOWN, Item, furnish, listed
from tests.contract.reading import REACHES, reaching

PAGE_SIZES = (1, 5, 16, 53, 100)
MOST_GROUPS = 150
NUMBERS = itertools.count()
TERMS = ("jira", "USERS", "strass", "ß", "É", "t\u00e9", "i\u0307", "%", "_", " ", "1", "a j", "zzz", "s 1")

# Numbers stand for what the town has; the last one of each stands for nothing that is there.
FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "directoryIds": st.lists(st.integers(0, 3), min_size=1, max_size=3, unique=True),
        "accountIds": st.lists(st.integers(0, 5), min_size=1, max_size=3, unique=True),
        "groupIds": st.lists(st.integers(0, 130), min_size=1, max_size=10, unique=True),
        "resourceOwners": st.lists(st.sampled_from([*OWNERS, "none"]), min_size=1, max_size=2, unique=True),
        "resourceIds": st.lists(st.integers(0, 5), min_size=1, max_size=4, unique=True),
        "roleIds": st.lists(st.sampled_from(ROLES), min_size=1, max_size=2, unique=True),
        "searchTerm": st.sampled_from(TERMS) | st.text("jJiuUsSßéE %_1", min_size=1, max_size=4),
    },
)


@dataclasses.dataclass(frozen=True)
class Shape:
    """How a list is asked for, and after how many rows the store looks for another way."""

    search: bool
    size: int
    descending: bool
    directory: int
    reach: int


SHAPES = st.builds(
    Shape,
    st.booleans(),
    st.sampled_from(PAGE_SIZES),
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


def resolve(town, numbers):
    """Put ids in the place of the numbers of a filter."""
    ids = {
        "directoryIds": [*town.directories, UNKNOWN],
        "accountIds": [*town.users, "nobody"],
        "groupIds": [*list(town.items)[:130], UNKNOWN],
        "resourceIds": [*town.resources, "ari:cloud:jira::site/none"],
    }
    return {
        name: [ids[name][number] for number in chosen] if name in ids else chosen
        for name, chosen in numbers.items()
    }


@dataclasses.dataclass
class Listing:
    """One list of groups, asked for in one of the ways that there are."""

    world: make.World
    path: str
    query: dict

    @classmethod
    def of(cls, town, shape, filters, directory="-"):
        path = f"{town.world.v2(directory)}/groups"
        query = {**filters, "limit": shape.size}
        if shape.descending:
            query["sortBy"] = {"field": "name", "direction": "desc"} if shape.search else "-name"
        return cls(town.world, path + ("/search" if shape.search else ""), query)

    async def page(self, **query):
        if not self.path.endswith("/search"):
            return await self.world.http.get(self.path, params=query)
        return await self.world.http.post(self.path, json=query)

    async def first(self):
        return await self.page(**self.query)

    async def at(self, token):
        return await self.page(cursor=token)

    async def walk(self):
        """Every page from the first to the last, forward."""
        pages = [await self.first()]
        while token := pages[-1].json()["links"]["next"]:
            pages.append(await self.at(token))
        return pages

    async def walk_back(self, last):
        """Every page before `last`, in the order of the list."""
        pages = []
        token = last.json()["links"]["prev"]
        while token:
            pages.insert(0, await self.at(token))
            token = pages[0].json()["links"]["prev"]
        return pages


def ids_of(*pages):
    return [item["id"] for page in pages for item in data(page)]


@given(filters=FILTERS, shape=SHAPES)
@settings(max_examples=150)
def test_list_groups_equals_the_model(town, runner, filters, shape):
    """Contract 1.4, 2.2, 2.3, 2.7: all filters, alone and together, walked forward and back."""
    with reaching(shape.reach):
        runner.run(compare(town, resolve(town, filters), shape))


async def compare(town, filters, shape):
    directory = [*town.directories, "-"][shape.directory]
    listing = Listing.of(town, shape, filters, directory)
    inside = {key: item for key, item in town.items.items() if directory in ("-", item.directory)}
    expected = listed(inside, filters, descending=shape.descending)
    pages = await listing.walk()
    assert ids_of(*pages) == expected
    assert [len(data(page)) for page in pages[:-1]] == [shape.size] * (len(pages) - 1)
    assert (len(pages) - 1) * shape.size <= max(len(expected) - 1, 0)
    back = await listing.walk_back(pages[-1])
    assert [ids_of(page) for page in back] == [ids_of(page) for page in pages[:-1]]
    count = await town.world.http.get(f"{town.world.v2(directory)}/groups/count", params=filters)
    assert count.json() == {"count": len(expected)}


@given(
    chosen=st.lists(st.integers(0, 129), max_size=6),
    by_id=st.lists(st.integers(0, 130), max_size=9),
    part=st.none() | st.sampled_from(TERMS),
    size=st.sampled_from(PAGE_SIZES),
)
@settings(max_examples=30)
def test_search_groups_of_version_1_equals_the_model(town, runner, chosen, by_id, part, size):
    """Contract 3, 8: `eq`, `contains` and `groupIds` are joined by AND."""
    everything = list(town.items.values())
    filters = {"groupNames": [everything[number].name.swapcase() for number in chosen] or None}
    filters |= resolve(town, {"groupIds": by_id}) if by_id else {}
    filters |= {"searchTerm": part} if part else {}
    given_filters = {name: value for name, value in filters.items() if value}
    body = {
        "groupIds": filters.get("groupIds"),
        "groupNames": {"eq": filters["groupNames"], "contains": part},
        "limit": size,
    }
    pages = runner.run(Listing(town.world, f"{town.world.v1()}/groups/search", body).walk())
    assert ids_of(*pages) == listed(town.items, given_filters)


class Writers:
    """Create, rename and delete groups of a town, and know what was there throughout."""

    def __init__(self, town, seed):
        self.town = town
        self.chance = random.Random(seed)
        self.now = dict(town.items)
        self.throughout = set(town.items)
        self.renamed = set()

    async def write(self):
        """Do one thing, a few of them to the same group."""
        for _ in range(self.chance.randint(0, 3)):
            too_many = len(self.now) > MOST_GROUPS
            await self.chance.choice([self.delete if too_many else self.create, self.rename, self.delete])()

    def new_name(self):
        """A name that no example has used, anywhere in the order."""
        return f"{self.chance.choice(TERMS)} {self.chance.random()} {next(NUMBERS)}".strip()

    async def create(self):
        directory = self.chance.choice(self.town.directories)
        name = self.new_name()
        path = f"{self.town.world.v2(directory)}/groups"
        created = group_id(await self.town.world.http.post(path, json={"name": name}))
        self.now[created] = Item(created, name, directory)

    async def rename(self):
        item = self.chance.choice(list(self.now.values()))
        name = self.new_name()
        done(await self.town.world.http.patch(self.path(item), json={"name": name}))
        self.now[item.id] = item._replace(name=name)
        self.renamed.add(item.id)
        self.throughout.discard(item.id)

    async def delete(self):
        made = [item for item in self.now.values() if not item.roles]
        if made:
            item = self.chance.choice(made)
            done(await self.town.world.http.delete(self.path(item)))
            del self.now[item.id]
            self.throughout.discard(item.id)

    def path(self, item):
        return f"{self.town.world.v2(item.directory)}/groups/{item.id}"

    def finish(self):
        """Let the town be what the writers left."""
        self.town.items.clear()
        self.town.items.update(self.now)


@given(seed=st.integers(0, 2**32), filters=FILTERS, shape=SHAPES)
@settings(max_examples=25)
def test_walking_among_writers_shows_each_group_once(town, runner, seed, filters, shape):
    """Contract 1.4: what was there throughout, and was not renamed, exactly once, forward and back."""
    filters.pop("groupIds", None)
    writers = Writers(town, seed)
    try:
        with reaching(shape.reach):
            runner.run(walk_among_writers(town, writers, resolve(town, filters), shape))
    finally:
        writers.finish()


async def walk_among_writers(town, writers, filters, shape):
    listing = Listing.of(town, shape, filters)
    expected = listed(town.items, filters, descending=shape.descending)
    pages = [await listing.first()]
    while token := pages[-1].json()["links"]["next"]:
        await writers.write()
        pages.append(await listing.at(token))
        assert set(ids_of(pages[-1])) <= set(listed(writers.now, filters))
    require_each_once(ids_of(*pages), expected, writers)
    back = [pages[-1]]
    while token := back[0].json()["links"]["prev"]:
        await writers.write()
        back.insert(0, await listing.at(token))
    require_each_once(ids_of(*back), expected, writers)


def require_each_once(seen, expected, writers):
    """Nothing twice but what was renamed, and all that stayed, in the order of the list."""
    in_place = [key for key in seen if key not in writers.renamed]
    assert len(set(in_place)) == len(in_place)
    stayed = writers.throughout
    assert [key for key in seen if key in stayed] == [key for key in expected if key in stayed]
