"""What names of a sample say of a term, and that an old sample changes no answer (ADR 21)."""

import pytest

from guildhall.model.filters import GroupFilter, GroupView
from guildhall.model.groups import Group
from guildhall.model.paging import Window
from guildhall.store.lists import group_pages
from guildhall.store.name_samples import KEPT_MS, NameSample, Outlook, SampledName
from tests import make
from tests.postgres import execute

WORDS = ("alpha", "reliability", "payroll", "zebra")
PLACES = ("oslo", "paris", "quito", "rome", "sofia")
GROUPS = 100_000
NAMES = [f"{word}-{place}-{number}" for word in WORDS for place in PLACES for number in range(10)] + ["zulu"]


def sample(names: list[str], groups: int = GROUPS) -> NameSample:
    return NameSample(
        [SampledName(name, f"id {name}", number % 2, groups) for number, name in enumerate(names)]
    )


def outlook(term: str, **given: object) -> Outlook:
    names = sample(NAMES)
    asked = {"wanted": 21, "directory": None, "start": None, "descending": False} | given
    return names.outlook(names.find(term), **asked)


def test_long_term_is_looked_up_by_runs_that_few_names_hold_together():
    found = sample(NAMES).find("reliability-paris-7")
    assert found.hits == found.candidates
    assert len(found.hits) == 1
    assert any(run in "-paris-7" for run in found.runs)
    assert any(run in "reliability" for run in found.runs)


def test_word_is_looked_up_by_one_of_its_runs():
    assert len(sample(NAMES).find("reliability").runs) == 1


@pytest.mark.parametrize("term", ["é", "xy", "xyz", "no name holds this"])
def test_what_no_name_holds_is_looked_up(term):
    found, expected = sample(NAMES).find(term), outlook(term)
    assert found.share == 0
    assert found.runs
    assert all(run in term for run in found.runs)
    assert expected.gathered < expected.walked == expected.walked_to_end


@pytest.mark.parametrize(
    ("term", "given", "walks"),
    [
        ("oslo", {}, True),
        ("zulu", {}, False),
        ("zulu", {"descending": True}, True),
        ("zulu", {"start": ("zebra-sofia", "")}, True),
        ("oslo", {"directory": 1}, True),
        ("zulu", {"directory": 2}, True),
    ],
)
def test_what_stands_near_is_walked_to(term, given, walks):
    """In a directory of which the sample has no names there is nothing to walk past."""
    expected = outlook(term, **given)
    assert (expected.walked < expected.gathered) is walks


def test_walk_is_given_up_where_names_were_told_to_be_before():
    expected = outlook("quito")
    assert expected.edge is not None
    assert expected.walked < GROUPS * NAMES.index(expected.edge[0]) / len(NAMES) < expected.walked_to_end
    assert outlook("rome", start=("zebra", "")).edge is None


@pytest.fixture
def database_url(postgres_database_url: str) -> str:
    """These ways are PostgreSQL's."""
    return postgres_database_url


async def names_with(world: make.World, term: str, most: int = 100) -> list[str]:
    """The first names, one more than fit on a page."""
    view = GroupView(GroupFilter(search=term))
    rows = await world.read(group_pages.select_groups, world.caller.org_key, view, Window(most))
    return [row.name for row in rows]


async def test_old_sample_hides_nothing(world):
    """Of no groups, of groups that were renamed, and of those that there are."""
    assert await names_with(world, "oslo") == []
    for name in ("b oslo", "a oslo", "paris"):
        group = await world.group(name)
    assert await names_with(world, "oslo") == ["a oslo", "b oslo"]
    world.clock.now += KEPT_MS
    assert await names_with(world, "oslo") == ["a oslo", "b oslo"]
    path = f"{world.v2()}/groups/{group.id}"
    await world.http.patch(path, json={"name": "c oslo"})
    assert await names_with(world, "oslo") == ["a oslo", "b oslo", "c oslo"]
    assert await names_with(world, "paris") == []


@pytest.mark.parametrize("renamed", [True, False])
async def test_page_is_whole_where_the_walk_is_given_up(world, renamed):
    """The sample says that the first names hold the term; when they no longer do, others are found."""
    ends = {0, 1, 2, 58, 59}
    names = [f"{number:03} oslo" if number in ends else f"{number:03}" for number in range(60)]
    groups = [await world.group(name) for name in names]
    assert len(await names_with(world, "oslo")) == 5
    if renamed:
        for group in groups[:3]:
            await world.http.patch(f"{world.v2()}/groups/{group.id}", json={"name": group.name[:3]})
    page = (await world.http.get(f"{world.v2('-')}/groups?searchTerm=oslo&limit=2")).json()
    names = [item["name"] for item in page["data"]]
    assert names == (["058 oslo", "059 oslo"] if renamed else ["000 oslo", "001 oslo"])


async def create(world: make.World, group: Group) -> None:
    await world.group("a oslo")


async def rename(world: make.World, group: Group) -> None:
    path = f"{world.v2()}/groups/{group.id}"
    assert (await world.http.patch(path, json={"name": "a oslo"})).status_code == 204


async def seed(world: make.World, group: Group) -> None:
    content = {"groups": [{"id": group.id, "name": "a oslo"}]}
    assert (await world.http.put(f"{world.ours()}/seed", json=content)).status_code == 200


@pytest.mark.parametrize("change", [create, rename, seed])
async def test_what_comes_before_the_beginning_of_a_page_is_found(world, change):
    group = await world.group("quito")
    for name in ("m oslo", "n oslo", "o oslo"):
        await world.group(name)
    for most in (1, 1, 2, 1, 100, 1):
        assert await names_with(world, "oslo", most) == ["m oslo", "n oslo", "o oslo"][: most + 1]
    await change(world, group)
    for most in (1, 2, 1):
        assert await names_with(world, "oslo", most) == ["a oslo", "m oslo", "n oslo"][: most + 1]


async def test_what_goes_at_the_beginning_of_a_page_comes_again(world, database_url):
    """As where a deletion is lost in a failover: then the stamp is that of before as well."""
    groups = [await world.group(name) for name in ("a oslo", "m oslo", "n oslo")]
    assert await names_with(world, "oslo", 1) == ["a oslo", "m oslo"]
    await execute(database_url, "CREATE TABLE kept AS TABLE name_stamps")
    await world.http.delete(f"{world.v2()}/groups/{groups[0].id}")
    for _ in range(2):
        assert await names_with(world, "oslo", 1) == ["m oslo", "n oslo"]
    await world.group("a oslo")
    await execute(
        database_url, "DELETE FROM name_stamps; INSERT INTO name_stamps TABLE kept; DROP TABLE kept"
    )
    assert await names_with(world, "oslo", 1) == ["a oslo", "m oslo"]


async def test_page_begins_where_it_began(world, database_url):
    """A name that is changed behind the program's back, without the stamp, stands before the page."""
    group = await world.group("quito")
    for name in ("m oslo", "n oslo"):
        await world.group(name)
    assert await names_with(world, "oslo", 1) == ["m oslo", "n oslo"]
    await execute(database_url, f"UPDATE groups SET name_key = 'a oslo' WHERE id = '{group.id}'")
    assert await names_with(world, "oslo", 1) == ["m oslo", "n oslo"]
    await world.group("paris")
    assert await names_with(world, "oslo", 1) == ["quito", "m oslo"]


async def test_directory_without_a_term_that_others_have(world):
    other = await world.directory("Other")
    await world.group("m oslo")
    for _ in range(3):
        page = await world.http.get(f"{world.v2(other.id)}/groups?searchTerm=oslo")
        assert page.json()["data"] == []
    await world.group("n oslo", directory=other)
    page = await world.http.get(f"{world.v2(other.id)}/groups?searchTerm=oslo")
    assert [item["name"] for item in page.json()["data"]] == ["n oslo"]
