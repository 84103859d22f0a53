"""Forms of ids (contract 1.3)."""

import pytest

from tests.contract.answers import refused
from tests.make import World


@pytest.mark.parametrize("field", ["groupIds", "accountIds", "resourceIds", "directoryIds", "resourceOwners"])
async def test_id_with_a_line_end_behind_it_is_refused(world: World, field: str) -> None:
    """Contract 1.3: an id of the wrong form in a query is 400; `$` in a pattern would let it through."""
    right = {
        "accountIds": "557058:x",
        "resourceIds": "ari:cloud:jira::site/1",
        "resourceOwners": "jira",
    }.get(field, world.default.id)
    groups = f"{world.v2()}/groups"
    assert (await world.http.get(groups, params={field: right})).status_code == 200
    refused(await world.http.get(groups, params={field: f"{right}\n"}), 400, "ADMIN-UAM-400-1", field)
