"""Recomputing whatever is stored twice, and saying what is off; nothing is changed."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any

import msgspec

from guildhall.model.orgs import Org
from guildhall.operations.maintenance.folds import KINDS, Kind, changes_in_slice
from guildhall.store.database import Database, Transaction
from guildhall.store.maintenance import checks
from guildhall.store.maintenance.checks import Discrepancy
from guildhall.store.maintenance.derivations import GUARDED_ROLES
from guildhall.store.maintenance.trigram_checks import SEARCHES, compare_trigrams
from guildhall.store.orgs import SELECT_ORGS
from guildhall.store.statement import Statement

MOST_FINDINGS = 1_000
"""Findings after which a check ends: then something is wrong as a whole."""

_SLICE = 20_000

Report = Callable[[str, int], None]
"""Is told what is being checked, and how many more of it are done."""


class Finding(msgspec.Struct, frozen=True, rename="camel"):
    """A stored value that is off; null means that there is no row, or that there should be none."""

    org_id: str | None
    """None for the database as a whole."""
    check: str
    subject: str
    stored: str | None
    expected: str | None


_OF_GROUPS = {
    "members of the group": checks.COMPARE_GROUP_USERS,
    "resources of the group": checks.COMPARE_GROUP_RESOURCES,
    "default group": checks.COMPARE_IS_DEFAULT,
    "grants admin access": checks.COMPARE_GRANTS_ADMIN,
    "members outside of the directory": checks.COMPARE_MEMBERS,
}
_OF_USERS = {"account id in the directory": checks.COMPARE_ACCOUNT_IDS}
_OF_RESOURCES = {"seats": checks.COMPARE_SEATS, "seats in use": checks.COMPARE_SEATS_USED}
_OF_ROLES = {
    "holders of the role": checks.COMPARE_ROLE_HOLDERS,
    "holders in the directory": checks.COMPARE_ROLE_TOTALS,
}
_OF_ORG = {
    "default directories": checks.COMPARE_DIRECTORIES,
    "groups in the directory": checks.COMPARE_GROUP_TOTALS,
    "users in the directory": checks.COMPARE_USER_TOTALS,
}
_OF_DATABASE = {"structure": checks.COMPARE_FILE, "references": checks.COMPARE_REFERENCES}


async def check_database(database: Database, report: Report) -> list[Finding]:
    """Compare everything that is stored with what it comes from, at most `MOST_FINDINGS`.

    Each comparison reads one snapshot, so that changes made meanwhile are no findings.
    """
    findings: list[Finding] = []
    async for found in _findings(database, report):
        findings += found
        if len(findings) >= MOST_FINDINGS:
            break
    return findings[:MOST_FINDINGS]


async def _findings(database: Database, report: Report) -> AsyncIterator[list[Finding]]:
    for name, statement in _OF_DATABASE.items():
        report(f"Checking the {name}", 0)
        off = await database.read(_select, statement)
        yield _as_findings(None, name, off)
        if off and statement is checks.COMPARE_FILE:
            # What is read from a damaged file says nothing about the rest.
            return
    for search in SEARCHES if database.engine == "sqlite" else ():
        report(f"Checking the search for {search.name}", 0)
        off = await database.read(compare_trigrams, search, MOST_FINDINGS)
        yield _as_findings(None, f"search for {search.name}", off)
    for org in await database.read(_select_orgs):
        async for found in _findings_of(_Sight(database, org, report)):
            yield found


async def _findings_of(sight: "_Sight") -> AsyncIterator[list[Finding]]:
    yield await sight.compare(_OF_ORG)
    for parts in (sight.groups(), sight.users(), sight.resources(), sight.roles()):
        async for found in parts:
            yield found
    for kind in KINDS:
        async for found in sight.folds(kind):
            yield found


async def _select_orgs(tx: Transaction) -> list[Org]:
    return await tx.all(SELECT_ORGS)


async def _select(
    tx: Transaction, /, statement: Statement[Discrepancy], **parameters: Any
) -> list[Discrepancy]:
    return await tx.all(statement, **parameters, most=MOST_FINDINGS)


async def _value(tx: Transaction, /, statement: Statement[Any], **parameters: Any) -> int | None:
    value: int | None = await tx.value(statement, **parameters)
    return value


def _as_findings(org: Org | None, check: str, off: Iterable[Discrepancy]) -> list[Finding]:
    org_id = org.id if org else None
    return [Finding(org_id, check, d.subject, d.stored, d.expected) for d in off]


class _Sight:
    """One organization, part by part."""

    def __init__(self, database: Database, org: Org, report: Report) -> None:
        self._database = database
        self._org = org
        self._report = report

    async def compare(
        self, comparisons: dict[str, Statement[Discrepancy]], **parameters: Any
    ) -> list[Finding]:
        """Make some comparisons, each on a snapshot of its own."""
        findings = []
        for check, statement in comparisons.items():
            used = {name: value for name, value in parameters.items() if name in statement.parameters}
            off = await self._database.read(_select, statement, org_key=self._org.org_key, **used)
            findings += _as_findings(self._org, check, off)
        return findings

    def groups(self) -> AsyncIterator[list[Finding]]:
        """Compare what is stored of each group."""

        async def work(start: int, last: int) -> list[Finding]:
            return await self.compare(_OF_GROUPS, start=start, last=last, **GUARDED_ROLES)

        return self._slices("Checking groups", checks.SELECT_SLICE_OF_GROUPS, work, _SLICE)

    def users(self) -> AsyncIterator[list[Finding]]:
        """Compare what is stored of each user."""

        async def work(start: int, last: int) -> list[Finding]:
            return await self.compare(_OF_USERS, start=start, last=last)

        return self._slices("Checking users", checks.SELECT_SLICE_OF_USERS, work, _SLICE)

    def resources(self) -> AsyncIterator[list[Finding]]:
        """Compare the seats of each resource."""

        async def work(_: int, last: int) -> list[Finding]:
            return await self.compare(_OF_RESOURCES, resource_key=last)

        return self._slices("Checking seats", checks.SELECT_NEXT_RESOURCE, work)

    def roles(self) -> AsyncIterator[list[Finding]]:
        """Compare the holders of each role."""

        async def work(_: int, last: int) -> list[Finding]:
            return await self.compare(_OF_ROLES, role_key=last)

        return self._slices("Checking holders of roles", checks.SELECT_NEXT_ROLE, work)

    async def _slices(
        self,
        label: str,
        select_last: Statement[Any],
        work: Callable[[int, int], Awaitable[list[Finding]]],
        most: int | None = None,
    ) -> AsyncIterator[list[Finding]]:
        start = 0
        size = {"most": most} if most else {}
        while True:
            last = await self._database.read(
                _value, select_last, org_key=self._org.org_key, start=start, **size
            )
            if last is None:
                return
            yield await work(start, last)
            self._report(label, most or 1)
            start = last

    async def folds(self, kind: Kind) -> AsyncIterator[list[Finding]]:
        """Compare the folds of names with the names."""
        last: int | None = 0
        while last is not None:
            changes, last = await self._database.read(changes_in_slice, self._org.org_key, kind, last)
            self._report(f"Checking names of {kind.name}", 0)
            yield [
                Finding(
                    self._org.id, f"{column} of {kind.name}", change.row.id, stored, change.expected[column]
                )
                for change in changes
                for column, stored in change.stored.items()
                if stored != change.expected[column]
            ]
