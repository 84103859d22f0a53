"""The statements that filters compile to: what a list or a number reads is written down, not read."""

import asyncio
import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from guildhall.model.filters import GroupFilter, GroupView
from guildhall.model.paging import Window
from guildhall.model.user_lists import UserFilter, UserSort, UserView
from guildhall.model.workspaces import FieldCondition, WorkspaceField, WorkspaceFilter, WorkspaceView
from guildhall.store import workspaces
from guildhall.store.lists import group_filters as filters
from guildhall.store.lists import group_pages, user_counts, user_pages
from guildhall.store.lists.plans import Place
from guildhall.store.name_samples import NameSample, SampledName
from guildhall.store.name_stamps import Beginnings, Stretch
from guildhall.store.statement import Statement

GIVEN = {
    "directories": ((1,), (1, 2)),
    "users": ((1, 2),),
    "groups": ((1, 2),),
    "owners": (("jira",),),
    "resources": ((1, 2),),
    "roles": ((1, 2),),
    "standings": ((0, 2), (9,)),
    "claims": ((0, 1),),
    "mfa": (1,),
    "domains": (("example.com",),),
    "search": ("abc",),
    "directory_id": ("00000000-0000-4000-8000-000000000000",),
}
"""Values of each filter that lead to statements of their own."""

ALONE = "directory_id"
"""A filter that never comes with others."""

FAR, NEAR = 1_000_000, 1


class Question(NamedTuple):
    """Something that a list or a number is asked for."""

    origin: str
    by_key: bool
    """Whether the filter names what is listed: then it drives, and nothing is probed."""
    counts: bool
    ask: Callable[[Any], Any]


class Compiled(NamedTuple):
    """A statement, what asked for it, and whether it gathers rows and sorts them, or counts."""

    origin: str
    statement: Statement[Any]
    gathers: bool
    counts: bool


class Recorder:
    """A transaction that only writes down; the probe number `driving` finds little, the others much.

    With `walks`, a sample of names makes a walk look best; then it may be known where pages begin, too.
    """

    now = 0

    def __init__(self, engine: str, driving: int, *, walks: bool, knows_beginnings: bool = False) -> None:
        self.engine = engine
        self._knows_beginnings = knows_beginnings
        self._walks = walks
        self.probes: list[Statement[Any]] = []
        self.read: list[Statement[Any]] = []
        self._driving = driving

    def _probed(self, statement: Statement[Any]) -> int:
        self.probes.append(statement)
        return NEAR if len(self.probes) == self._driving else FAR

    async def one(self, statement: Statement[Any], **parameters: Any) -> Any:
        if statement.row is Place:
            self.read.append(statement)
            return Place("z", "z")
        size = self._probed(statement)
        return statement.row(size, size)

    async def all(self, statement: Statement[Any], **parameters: Any) -> list[Any]:
        self.read.append(statement)
        return []

    async def value(self, statement: Statement[Any], **parameters: Any) -> int:
        if "AS probed" in statement.sql:
            return self._probed(statement)
        self.read.append(statement)
        return 0

    async def name_sample(self, org_key: int) -> NameSample | None:
        """On PostgreSQL, with `walks`, names that make a walk look best, else none: then it gathers."""
        if self.engine == "sqlite":
            return None
        names = ["abc"] if not self._walks else [*["abc"] * 20, *map(str, range(20))]
        sample = NameSample([SampledName(name, "a", 1, len(names) * 1_000) for name in names])
        if self._knows_beginnings:
            sample.beginnings = KnownBeginnings(0)
        return sample

    async def values(self, statement: Statement[Any], **parameters: Any) -> list[Any]:
        return ["abc"] if "term" in statement.sql else [1, 2]


class KnownBeginnings(Beginnings):
    """Where pages begin: of each it is known."""

    def find(self, place: Any) -> Stretch:
        return Stretch(("a", "b"), ("c", "d"), 3)


def compiled(engine: str) -> Iterator[Compiled]:
    """Return every statement that lists and numbers of groups, users and workspaces compile to."""
    seen = set()
    for question in itertools.chain(_about_groups(), _about_users(), _about_members(), _about_workspaces()):
        for number in itertools.count(-2):
            recorder = Recorder(engine, max(0, number), walks=number < 0, knows_beginnings=number == -1)
            asyncio.run(question.ask(recorder))
            for statement in (*recorder.probes, *recorder.read):
                if statement.sql not in seen:
                    seen.add(statement.sql)
                    gathers = "AS found" in statement.sql or question.by_key
                    counts = question.counts or statement in recorder.probes
                    yield Compiled(question.origin, statement, gathers, counts)
            if number >= len(recorder.probes):
                break


def _about_groups() -> Iterator[Question]:
    for chosen in combinations(GroupFilter):
        asked, by_key = _asked(chosen), chosen.groups is not None
        for descending, window in itertools.product((False, True), windows(("a", "b"))):
            ask = functools.partial(
                group_pages.select_groups, org_key=1, view=GroupView(chosen, descending), window=window
            )
            yield Question(f"groups {asked}", by_key, False, ask)
        ask = functools.partial(filters.count_groups, org_key=1, chosen=chosen)
        yield Question(f"number of groups {asked}", by_key, True, ask)


def _about_users() -> Iterator[Question]:
    for chosen in combinations(UserFilter):
        asked, by_key = _asked(chosen), chosen.users is not None
        for sort in (UserSort.ACCOUNT_ID, UserSort.NAME, UserSort.NICKNAME):
            for window in windows(("a", 1) if sort is UserSort.ACCOUNT_ID else ("a", "b", 1)):
                ask = functools.partial(
                    user_pages.select_users, org_key=1, view=UserView(chosen, sort), window=window
                )
                yield Question(f"users {asked} by {sort.name}", by_key, False, ask)
        for count in (user_counts.count_users, user_counts.count_standings, user_counts.count_roles):
            ask = functools.partial(count, org_key=1, chosen=chosen)
            yield Question(f"{count.__name__} {asked}", by_key, True, ask)


def _about_members() -> Iterator[Question]:
    for directories in (None, *GIVEN["directories"]):
        chosen = UserFilter(directories=directories, groups=(1,))
        for window in windows((1, 1)):
            view = UserView(chosen, UserSort.KEY)
            ask = functools.partial(user_pages.select_users, org_key=1, view=view, window=window)
            yield Question(f"members in {directories}", False, False, ask)


def _about_workspaces() -> Iterator[Question]:
    named = WorkspaceFilter(field=FieldCondition(WorkspaceField.NAME, ("a",)), search="b")
    nested = WorkspaceFilter(every=(named, named), some=(named, WorkspaceFilter(none=(named,))))
    for chosen in (WorkspaceFilter(), named, nested):
        for descending, window in itertools.product((False, True), windows(("a", "b"))):
            view = WorkspaceView(chosen, descending)
            ask = functools.partial(workspaces.select_workspaces, org_key=1, view=view, window=window)
            yield Question(f"workspaces {chosen}", False, False, ask)


def combinations(filter_type: type[msgspec.Struct]) -> Iterator[Any]:
    """Return filters with none, one, two and all of their fields set."""
    fields = filter_type.__struct_fields__
    for size in (0, 1, 2, len(set(fields) - {ALONE})):
        for names in itertools.combinations(fields, size):
            if size > 1 and ALONE in names:
                continue
            for values in itertools.product(*(GIVEN[name] for name in names)):
                yield filter_type(**dict(zip(names, values, strict=True)))


def windows(start: Sequence[Any]) -> list[Window]:
    """Return a first page, one behind a position, and one before it."""
    return [Window(20), Window(20, tuple(start)), Window(20, tuple(start), backward=True, inclusive=True)]


def _asked(chosen: msgspec.Struct) -> str:
    given = {name: value for name, value in msgspec.structs.asdict(chosen).items() if value is not None}
    return ", ".join(f"{name} {value}" for name, value in given.items()) or "all"
