"""Seeding: an organization becomes what a file says of it, as a whole or not at all (contract 6a).

What the file does not name stays, unless it is to be pruned (`operations.seeding.pruning`). Of what it
names, a field that it does not give stays. Lists that it does give (members and roles of a group,
directories and roles of a user) are whole: what is not in them goes. Seeding the same file again changes
nothing. One event tells of it all.
"""

import difflib
from collections.abc import Sequence

import msgspec
from msgspec import UNSET

from guildhall.model.errors import Conflict, InvalidInput, Misplaced
from guildhall.model.events import EventAction, Subject
from guildhall.model.ids import parse_uuid
from guildhall.model.names import fold, trim
from guildhall.model.orgs import Org
from guildhall.model.permissions import Caller
from guildhall.model.seeds import Difference, Located, OrganizationSeed, SeedDocument, SeedOptions, SeedReport
from guildhall.model.times import to_text
from guildhall.operations.events import record_event
from guildhall.operations.orgs import create_org, find_orgs, listed, require_org_name, system_caller
from guildhall.operations.seeding.directories import seed_directories
from guildhall.operations.seeding.groups import seed_groups
from guildhall.operations.seeding.keys import seed_keys
from guildhall.operations.seeding.limits import require_seats, select_seats_used
from guildhall.operations.seeding.locations import located, misplaced, read_time
from guildhall.operations.seeding.moved_names import free_group_names
from guildhall.operations.seeding.pruning import prune_groups, prune_kept_groups, prune_users
from guildhall.operations.seeding.reports import require_removals
from guildhall.operations.seeding.resources import seed_resources
from guildhall.operations.seeding.roles import seed_roles
from guildhall.operations.seeding.runs import Run
from guildhall.operations.seeding.users import seed_users
from guildhall.store import orgs
from guildhall.store.database import Transaction
from guildhall.store.maintenance import seeds

_KIND = "organizations"
_CAREFUL = SeedOptions()


class DryRun(Exception):
    """Ends the transaction of a seed that is only to tell what it would change: nothing of it stays."""

    def __init__(self, reports: Sequence[SeedReport]) -> None:
        super().__init__("a dry run changes nothing")
        self.reports = reports


async def seed_organizations(
    tx: Transaction, documents: Sequence[SeedDocument], options: SeedOptions = _CAREFUL
) -> Sequence[SeedReport]:
    """Apply a whole file as the system, creating the first organizations, and others where that is asked for.

    Raises InvalidInput, Conflict and UserLimitExceeded that say where in the file their cause stands,
    TooManyRemovals, and DryRun at the end of one.
    """
    known = await tx.all(orgs.SELECT_ORGS)
    meant = [_find_org(known, document, options) for document in documents]
    reports = []
    for document, org in zip(documents, meant, strict=True):
        reports.append(await _seed_one(tx, document, org, options))
    return _end(reports, options)


async def seed_organization(
    tx: Transaction, caller: Caller, document: SeedDocument, options: SeedOptions = _CAREFUL
) -> SeedReport:
    """Apply a document to the caller's organization; return what changed. Raises the same errors."""
    return _end([await _seed_known(tx, caller, document, options)], options)[0]


def _end(reports: Sequence[SeedReport], options: SeedOptions) -> Sequence[SeedReport]:
    if options.dry_run:
        raise DryRun(reports)
    require_removals(reports, options.most_removals)
    return reports


async def _seed_one(
    tx: Transaction, document: SeedDocument, org: Org | None, options: SeedOptions
) -> SeedReport:
    if org is not None:
        return await _seed_known(tx, system_caller(org), document, options)
    item = document.organization
    if item is None or not isinstance(item.value.name, str):
        where = item.place.where("name") if item else document.place.where("organization")
        raise InvalidInput(f"{where}: is required for a new organization.".lstrip(": "))
    with located(item.place):
        org_id = item.value.id if isinstance(item.value.id, str) else None
        caller = await create_org(tx, item.value.name, org_id)
    run = Run(tx, _seeding(caller), options)
    run.report.created(_KIND, caller.org_id, item.value.name)
    return await _apply(run, caller, document)


def _find_org(known: Sequence[Org], document: SeedDocument, options: SeedOptions) -> Org | None:
    """Return the organization that a document means, by its id, else its name, else the only one.

    None is a new one: the first ones of a database, or another where that is asked for. Else a name with a
    slip of the pen would make a second organization.
    """
    found = _named(known, document.organization, options)
    if len(found) > 1:
        raise _several(found, document)
    if found or not known or options.create_organization:
        return found[0] if found else None
    raise _unknown(known, document, options)


def _named(
    known: Sequence[Org], item: Located[OrganizationSeed] | None, options: SeedOptions
) -> Sequence[Org]:
    if item is not None and isinstance(item.value.id, str):
        org_id = _require_id(item)
        return [org for org in known if org.id == org_id]
    chosen = known if options.org is None else find_orgs(known, options.org)
    if item is not None and isinstance(item.value.name, str):
        name_key = fold(trim(item.value.name))
        return [org for org in chosen if fold(org.name) == name_key]
    return chosen


def _several(found: Sequence[Org], document: SeedDocument) -> Conflict:
    """Say what to set where several organizations could be meant."""
    item = document.organization
    if item is not None and isinstance(item.value.name, str):
        where, what = item.place.where("id"), "several organizations have this name; set organization.id"
    else:
        where = document.place.where("organization")
        what = "the database has several organizations; set organization.name or organization.id"
    return Conflict(f"{where}: {what} in the file, or choose one by --org: {listed(found)}.".lstrip(": "))


def _unknown(known: Sequence[Org], document: SeedDocument, options: SeedOptions) -> Misplaced:
    item = document.organization
    if item is None:
        place, field, said = document.place, "organization", options.org or ""
    elif isinstance(item.value.id, str):
        place, field, said = item.place, "id", item.value.id
    else:
        place, field, said = item.place, "name", str(item.value.name)
    near = difflib.get_close_matches(said[:200], [org.name for org in known], 1)
    hint = f"; did you mean {near[0]}?" if near else "."
    return misplaced(
        place,
        field,
        f"there is no organization {said[:200]}{hint} There is: {listed(known)}."
        " To create another one: guildhall seed --create-organization.",
    )


def _require_id(item: Located[OrganizationSeed]) -> str:
    org_id = parse_uuid(str(item.value.id))
    if org_id is None:
        raise misplaced(item.place, "id", "must be a UUID, or left out.")
    return org_id


async def _seed_known(
    tx: Transaction, caller: Caller, document: SeedDocument, options: SeedOptions
) -> SeedReport:
    item = document.organization
    if item is not None and isinstance(item.value.id, str) and _require_id(item) != caller.org_id:
        raise misplaced(
            item.place, "id", f"must be that of the organization which is seeded: {caller.org_id}."
        )
    return await _apply(Run(tx, _seeding(caller), options), caller, document)


def _seeding(caller: Caller) -> Caller:
    return msgspec.structs.replace(caller, within_seed=True)


async def _apply(run: Run, caller: Caller, document: SeedDocument) -> SeedReport:
    org = await run.tx.one(orgs.SELECT_ORG_TO_FURNISH, org_key=caller.org_key)
    if org is None:
        raise LookupError("the organization has gone within a transaction")
    seats = await select_seats_used(run)
    name = await _change_org(run, org, document)
    await seed_roles(run, document)
    listed = await seed_directories(run, document)
    await seed_resources(run, document)
    named = await seed_users(run, document)
    await free_group_names(run, document)
    kept = await prune_groups(run, document, listed)
    await seed_groups(run, document)
    await prune_kept_groups(run, kept)
    await prune_users(run, document, listed, named)
    await seed_keys(run, document)
    await require_seats(run, seats)
    await _record(run, caller, name)
    report = run.report
    return SeedReport(
        caller.org_id,
        name,
        dict(report.totals),
        report.changes,
        report.removals,
        report.left_out,
        report.kept,
    )


async def _change_org(run: Run, org: Org, document: SeedDocument) -> str:
    """Change the organization itself; return its name."""
    item = document.organization
    if item is None:
        return org.name
    name, created_at = org.name, org.created_at
    if isinstance(item.value.name, str):
        with located(item.place):
            name = require_org_name(item.value.name)
    if item.value.created_at is not UNSET:
        created_at = to_text(read_time(item.place, "createdAt", item.value.created_at))
    changes = {"name": name != org.name, "createdAt": created_at != org.created_at}
    if any(changes.values()):
        await run.tx.run(
            seeds.UPDATE_ORG, org_key=org.org_key, org_id=org.id, name=name, created_at=created_at
        )
        if not run.report.changes:
            changed = [field for field, differs in changes.items() if differs]
            values = {"name": (org.name, name), "createdAt": (org.created_at, created_at)}
            shown = [Difference(field, *values[field]) for field in changed]
            run.report.updated(_KIND, org.id, name, changed, shown)
    return name


async def _record(run: Run, caller: Caller, name: str) -> None:
    """Write the one event of a seed that changed something; on the command line the caller is the system."""
    totals = run.report.totals
    if not totals:
        return
    counted = ", ".join(f"{what}: {count}" for what, count in totals.items())
    subject = Subject(caller.org_id, _KIND, {"name": name, "totals": dict(totals)})
    message = f"Seeded organization {name}: {counted}"
    await record_event(run.tx, caller, EventAction.ORGANIZATION_SEEDED, message, [subject])
