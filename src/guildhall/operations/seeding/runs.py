"""One seed on its way: the organization, and what the file's references stand for."""

import difflib
from collections.abc import Iterable
from itertools import islice
from typing import Any

from msgspec import UNSET

from guildhall.model.directories import Directory
from guildhall.model.names import fold, trim
from guildhall.model.permissions import Caller
from guildhall.model.resources import Resource
from guildhall.model.roles import Role
from guildhall.model.seeds import Place, SeedOptions
from guildhall.operations.seeding.locations import misplaced
from guildhall.operations.seeding.reports import Report
from guildhall.store import resources, roles
from guildhall.store.database import Transaction
from guildhall.store.maintenance import exports, seeds

_EVERY = 1_000_000
_MOST_COMPARED = 1_000
"""Names that are compared with one that is not there; comparing takes long, and there can be many."""

_MOST_COMPARED_CHARACTERS = 255
_MOST_KNOWN_RESOURCES = 100_000
_FIRST_REFRESH = 500
_REFRESH_FACTOR = 4


class Run:
    """A seed of one organization, in one transaction."""

    def __init__(self, tx: Transaction, caller: Caller, options: SeedOptions) -> None:
        self.tx = tx
        self.caller = caller
        self.options = options
        self.report = Report()
        self.roles: dict[str, Role] = {}
        self.directories: dict[str, Directory] = {}
        self.over_limit: set[int] = set()
        """Resources that may have more users than their limit."""
        self.limits_at: dict[int, Place] = {}
        """Where in the file a resource stands."""
        self.members: set[str] = set()
        """Account ids that the file names as members of groups, where it prunes."""
        self._resources: dict[str, Resource] = {}
        self._written: dict[str, tuple[int, int]] = {}

    async def wrote(self, what: str, rows: int) -> None:
        """Note that rows were stored, which the store's planner should know of; see `seeds.REFRESH`."""
        written, refresh_at = self._written.get(what, (0, _FIRST_REFRESH))
        written += rows
        if written >= refresh_at:
            refresh_at = written * _REFRESH_FACTOR
            await self.tx.values(seeds.REFRESH[what])
        self._written[what] = written, refresh_at

    @property
    def org(self) -> dict[str, int]:
        """What every statement asks for first."""
        return {"org_key": self.caller.org_key}

    async def load_roles(self) -> None:
        """Learn the catalogue anew."""
        self.roles = {role.id: role for role in await self.tx.all(roles.SELECT_ROLES, **self.org)}

    async def load_directories(self) -> None:
        """Learn the directories anew."""
        rows = await self.tx.all(exports.SELECT_DIRECTORIES_AFTER, **self.org, start=0, most=_EVERY)
        self.directories = {row.id: row for row in rows}

    def default_directory(self) -> Directory | None:
        """Return the organization's default directory, if it has one."""
        return next((found for found in self.directories.values() if found.is_default), None)

    def directory(self, place: Place, field: str, reference: str) -> Directory:
        """Return the directory of an id or a name; raises InvalidInput."""
        found = self.directories.get(reference.lower())
        if found is not None:
            return found
        named = self.directories_named(reference)
        if len(named) == 1:
            return named[0]
        if named:
            raise misplaced(place, field, f"{len(named)} directories have that name; give the id of one.")
        known = [row.name for row in self.directories.values()]
        raise misplaced(place, field, f"there is no directory {_meant(reference, known)}.")

    def directories_named(self, name: str) -> list[Directory]:
        """Return the directories of a name."""
        name_key = fold(trim(name))
        return [row for row in self.directories.values() if row.name_key == name_key]

    def role(self, place: Place, field: str, reference: str) -> Role:
        """Return the role of an id, or of its part behind the slash; raises InvalidInput."""
        found = self.roles.get(reference)
        if found is not None:
            return found
        named = [role for role in self.roles.values() if role.short_name == reference]
        if len(named) == 1:
            return named[0]
        raise misplaced(place, field, f"there is no role {_meant(reference, self.roles)}.")

    async def resource(self, place: Place, field: str, reference: str) -> Resource:
        """Return the resource of an id or a name; its counts may be old. Raises InvalidInput."""
        found = self._resources.get(reference)
        if found is None:
            found = await self._find_resource(place, field, reference)
            if len(self._resources) >= _MOST_KNOWN_RESOURCES:
                self._resources.clear()
            self._resources[reference] = found
        return found

    async def held_resource(self, resource_id: str) -> Resource:
        """Return a resource that somebody holds a role on, so that it exists."""
        found = await self.tx.one(resources.SELECT_RESOURCE, **self.org, resource_id=resource_id)
        if found is None:
            raise LookupError(f"the resource {resource_id} has gone within a transaction")
        return found

    async def _find_resource(self, place: Place, field: str, reference: str) -> Resource:
        found = await self.tx.one(resources.SELECT_RESOURCE, **self.org, resource_id=reference)
        if found is not None:
            return found
        name_key = fold(trim(reference))
        named = await self.tx.all(seeds.SELECT_RESOURCES_BY_NAME, **self.org, name_key=name_key)
        if len(named) == 1:
            return named[0]
        if named:
            raise misplaced(place, field, "several resources have that name; give the id of one.")
        raise misplaced(place, field, f"there is no resource {reference[:200]}.")


def _meant(reference: str, known: Iterable[str]) -> str:
    short = reference if len(reference) <= _MOST_COMPARED_CHARACTERS else ""
    near = difflib.get_close_matches(short, islice(known, _MOST_COMPARED), 1)
    return f"{reference[:200]}; did you mean {near[0]}?" if near else reference[:200]


def given(values: dict[str, Any]) -> dict[str, Any]:
    """Return only what a file says: msgspec's UNSET is nothing said."""
    return {name: value for name, value in values.items() if value is not UNSET}
