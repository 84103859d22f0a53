"""User limits within a seed: they hold at its end, whatever the order of the file (contract 5)."""

from guildhall.model.errors import UserLimitExceeded
from guildhall.operations.seeding.runs import Run
from guildhall.store.maintenance import seeds


async def select_seats_used(run: Run) -> dict[int, int]:
    """Return the seats in use of every resource, to compare with at the end."""
    rows = await run.tx.all(seeds.SELECT_SEATS_USED, **run.org)
    return {row.resource_key: row.seats_used for row in rows}


async def require_seats(run: Run, before: dict[int, int]) -> None:
    """Raise UserLimitExceeded when the seed takes a resource over its limit, or further over it.

    A limit below what was in use already is no error: it only stops further seats. A resource that
    says `overLimit: true` is left alone: that is how an export tells of such a limit.
    """
    for resource in await run.tx.all(seeds.SELECT_RESOURCES_OVER_LIMIT, **run.org):
        more = resource.seats_used - before.get(resource.resource_key, 0)
        if more <= 0 or resource.resource_key in run.over_limit:
            continue
        place = run.limits_at.get(resource.resource_key)
        where = f"{place.where('userLimit')}: " if place else ""
        raise UserLimitExceeded(
            f"{where}the user limit of {resource.id} would be exceeded: {resource.seats_used} seats would be"
            f" in use, {resource.user_limit} there are. Raise userLimit, or take the role from someone."
        )
