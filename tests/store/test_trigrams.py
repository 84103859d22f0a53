"""What a long term is looked up by on PostgreSQL."""

import pytest

from guildhall.store.lists.search import search_users


@pytest.fixture
def database_url(postgres_database_url: str) -> str:
    """These ways are PostgreSQL's."""
    return postgres_database_url


async def test_long_term_is_looked_up_by_what_few_hold(world):
    for _ in range(12):
        await world.user()
    await world.user(name="Zoë Quick", email="quick@example.com")
    search = await world.read(search_users, world.caller.org_key, "quick@example.com")
    assert len(search.match) == 6
    assert not {f"{world.caller.org_key}:{gram}" for gram in ("exa", "amp", "ple", "com")} & {*search.match}
    users = (await world.http.get(f"{world.v2('-')}/users?searchTerm=quick@example.com")).json()["data"]
    assert [user["email"] for user in users] == ["quick@example.com"]
