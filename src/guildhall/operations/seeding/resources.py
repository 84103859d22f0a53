"""Resources of a seed file, with their user limits."""

from typing import Any

from msgspec import UNSET

from guildhall.model.resources import Resource, ResourceStatus
from guildhall.model.seeds import Located, ResourceSeed, Section, SeedDocument
from guildhall.model.times import to_text
from guildhall.operations.resources import ResourceChanges, get_resource, put_resource
from guildhall.operations.seeding.locations import located, misplaced, read_time
from guildhall.operations.seeding.reports import differences, values_of
from guildhall.operations.seeding.runs import Run
from guildhall.store import resources
from guildhall.store.maintenance import seeds

_KIND = "resources"
_FIELDS = ("name", "type", "status", "user_limit", "host_url", "created_at")


async def seed_resources(run: Run, document: SeedDocument) -> None:
    """Create and change resources; whether all have seats for their users is looked at in the end."""
    for item in document.items(Section.RESOURCES):
        before = await run.tx.one(resources.SELECT_RESOURCE, **run.org, resource_id=item.value.id)
        with located(item.place):
            after = await _put(run, item, before)
        if after.resource_key in run.limits_at:
            raise misplaced(item.place, "id", "the file has this resource already.")
        run.limits_at[after.resource_key] = item.place
        if item.value.over_limit:
            run.over_limit.add(after.resource_key)
        if before is None:
            run.report.created(_KIND, after.id, after.name)
        else:
            changed = differences(before, after, _FIELDS) or differences(before, after, ("updated_at",))
            values = values_of(before, after, (*_FIELDS, "updated_at"))
            run.report.updated(_KIND, after.id, after.name, changed, values)


async def _put(run: Run, item: Located[ResourceSeed], before: Resource | None) -> Resource:
    seed = item.value
    name = seed.name if seed.name is not UNSET else before.name if before else None
    if name is None:
        raise misplaced(item.place, "name", "is required for a new resource.")
    changes = ResourceChanges(
        name=name,
        status=UNSET if seed.status is UNSET else ResourceStatus(seed.status),
        user_limit=seed.user_limit,
        type=seed.type,
        host_url=seed.host_url,
    )
    times = _times(item)
    after, _ = await put_resource(run.tx, run.caller, seed.id, changes)
    if any(getattr(after, field) != time for field, time in times.items()):
        kept = {"created_at": after.created_at, "updated_at": after.updated_at}
        key = {**run.org, "resource_key": after.resource_key}
        await run.tx.run(seeds.UPDATE_RESOURCE_TIMES, **key, **{**kept, **times})
        after = await get_resource(run.tx, run.caller, seed.id)
    return after


def _times(item: Located[ResourceSeed]) -> dict[str, str]:
    named: dict[str, Any] = {"created_at": item.value.created_at, "updated_at": item.value.updated_at}
    words = {"created_at": "createdAt", "updated_at": "updatedAt"}
    return {
        field: to_text(read_time(item.place, words[field], text))
        for field, text in named.items()
        if text is not UNSET
    }
