"""What SQLite itself makes bits of, and how it finds whoever has a term."""

import random

import pytest

from guildhall.model.user_lists import UserFilter
from guildhall.store import trigrams, user_ranges
from guildhall.store.user_ranges import Range, find_ranges, read_dense
from guildhall.store.user_sets import read_set
from tests import make
from tests.store.user_town import Town

_ROLE = 1


@pytest.fixture
async def world(tmp_path):
    async with make.open_world(f"sqlite:///{tmp_path}/guildhall.db") as opened:
        yield opened


def chosen(least, most, one_in, seed=1):
    chance = random.Random(seed)
    return [key for key in range(least, most) if chance.randrange(one_in) == 0]


DENSE = {
    "all of some blocks": range(1, 641),
    "one block": [70, 71, 75],
    "the signs": [key for key in range(3_000) if key % 64 in {0, 31, 63, *range(40, 52)}],
    "half": chosen(1, 5_000, 2),
    "a quarter, from far on": chosen(300_000, 340_000, 4),
    "first dense, then a gap": [*range(1, 12_000), 500_000],
    "one": [129],
}
SPARSE = {"far from each other": [3, 900, 70_000], "one in thirty": chosen(1, 90_000, 30)}


async def holding(world, keys):
    """Let users hold a role of whom nothing else is known, and others in another organization."""

    async def write(tx):
        rows = [(world.caller.org_key, _ROLE, key, 1) for key in keys]
        rows += [(world.caller.org_key + 1, _ROLE, key + 1, 1) for key in keys]
        tx._connection.executemany("INSERT INTO role_holders VALUES (?, ?, ?, ?)", rows)

    await world.write(write)
    return sum(1 << key for key in keys)


@pytest.mark.parametrize("name", DENSE)
async def test_dense_range_is_read_in_blocks(world, name):
    expected = await holding(world, DENSE[name])
    (wanted,) = await world.read(find_ranges, world.caller.org_key, UserFilter(roles=(_ROLE,)))
    assert await world.read(read_dense, wanted) == expected
    assert await world.read(read_set, world.caller.org_key, UserFilter(roles=(_ROLE,))) == expected


@pytest.mark.parametrize("name", SPARSE)
async def test_range_of_few_is_read_key_by_key(world, name):
    expected = await holding(world, SPARSE[name])
    (wanted,) = await world.read(find_ranges, world.caller.org_key, UserFilter(roles=(_ROLE,)))
    assert await world.read(read_dense, wanted) is None
    assert await world.read(read_set, world.caller.org_key, UserFilter(roles=(_ROLE,))) == expected


async def test_nobody(world):
    wanted = Range("role_holders AS i WHERE i.org_key = :org_key", {"org_key": world.caller.org_key})
    assert await world.read(read_dense, wanted) == 0


@pytest.mark.parametrize("most", [1, 16])
@pytest.mark.parametrize("many", [0, 70])
async def test_ranges_and_terms_say_what_each_row_says(world, monkeypatch, most, many):
    """Read as several ranges and as one query, through the index of trigrams and by going through all."""
    town = await Town(world, random.Random(11)).furnish()
    monkeypatch.setattr(user_ranges, "_MOST_RANGES", most)
    monkeypatch.setattr(trigrams, "_MANY", many)
    org_key, connection = world.caller.org_key, world.database._reader
    places = "SELECT DISTINCT user_key FROM directory_users WHERE"
    terms = [
        "a",
        "an",
        "ann",
        "anna",
        "o",
        "qu",
        "zz",
        "one.e",
        "two.example",
        "n 1",
        "\x03",
        "e\x03",
        "le\x03",
    ]
    asked = {
        UserFilter(directories=(1, 3)): f"{places} directory_key IN (1, 3)",
        UserFilter(standings=(0, 1)): f"{places} status = 0",
        UserFilter(
            directories=(2,), standings=(2, 3, 4, 5)
        ): f"{places} directory_key = 2 AND status IN (1, 2)",
        UserFilter(claims=(0, 1)): "SELECT user_key FROM users",
        UserFilter(
            domains=("one.example",)
        ): "SELECT user_key FROM users WHERE email_key LIKE '%@one.example'",
        UserFilter(groups=(1, 2, 3)): "SELECT DISTINCT user_key FROM memberships WHERE group_key < 4",
    } | {
        UserFilter(search=term): "SELECT user_key FROM users"
        f" WHERE instr(name_key, '{term}') OR instr(email_key, '{term}')"
        for term in terms
    }
    for _ in range(3):
        for part, sql in asked.items():
            expected = sum(1 << row[0] for row in connection.execute(sql).fetchall())
            assert await world.read(read_set, org_key, part) == expected, part
        for _ in range(5):
            await town.write()


async def test_term_is_not_looked_for_in_other_organizations(world):
    other = await world.organization()
    for each in (world, other):
        await each.user(name="Quentin", email="q@example.com")
    for term in ("que", "qu", "q"):
        found = [
            await each.read(read_set, each.caller.org_key, UserFilter(search=term)) for each in (world, other)
        ]
        assert [bits.bit_count() for bits in found] == [1, 1]
        assert found[0] != found[1]


async def test_characters_that_the_index_takes_for_others_find_their_own(world):
    for end in ("\ufffd", "\ufffe", "\uffff", "\U0010ffff\U0010ffff", ""):
        await world.user(name=f"ann{end}")
    terms = [
        "\ufffd",
        "\ufffe",
        "\uffff",
        "n\ufffe",
        "nn\uffff",
        "\U0010ffff",
        "n\U0010ffff",
        "n",
        "nn",
        "ann",
    ]
    connection = world.database._reader
    for term in terms:
        holding = connection.execute(
            "SELECT user_key FROM users WHERE instr(name_key, ?)", (term,)
        ).fetchall()
        found = await world.read(read_set, world.caller.org_key, UserFilter(search=term))
        assert found == sum(1 << row[0] for row in holding), term
