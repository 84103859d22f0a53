"""SQL texts with named parameters, written once for both engines (design 2.1)."""

import re
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter, itemgetter
from typing import Any, Generic, TypeVar, overload

import msgspec

Row = TypeVar("Row")

_PARAMETER = re.compile(r"(?<![:\w]):([a-z_]+)(\.\.\.)?")
_WRITE = re.compile(r"\s*(?:INSERT INTO|UPDATE|DELETE FROM) ([a-z_]+)")
_IN_LIST = re.compile(r"\bIN \(:([a-z_]+)\.\.\.\)")

REGISTRY: "list[Statement[Any]]" = []
"""Every statement of the program but those compiled from filters; the tests prepare each of them."""


class Statement(Generic[Row]):
    """One SQL text for both engines, and the struct that its rows become.

    Parameters are written `:name`; `IN (:names...)` takes one of `lists`, a sequence of any length. `lock`
    is added on PostgreSQL only: SQLite's single writer needs none. `instr` becomes `strpos` there. `postgres`
    is another text with the same parameters and columns, for the few that cannot be shared.
    `writes` says whether it is a write, `table` what it writes to, `inserts` whether rows come, and
    `alters_names` whether names of groups come or go.
    Of a statement that finds one row, `several` finds those of many keys, of which it takes lists in the same
    order; it takes the same for the other parameters, which are `shared`. `key` tells the key of parameters,
    and `key_of` that of a row, by its fields `found_by`.
    """

    __slots__ = (
        "alters_names",
        "inserts",
        "key",
        "key_of",
        "lists",
        "lock",
        "parameters",
        "postgres",
        "row",
        "several",
        "shared",
        "sql",
        "sqlite",
        "table",
        "writes",
    )

    def __init__(
        self,
        sql: str,
        row: type[Row] | None = None,
        *,
        lock: str = "",
        postgres: str | None = None,
        several: "Statement[Row] | None" = None,
        found_by: Sequence[str] = ("id",),
    ) -> None:
        self.sql = sql
        self.row = row
        self.lock = lock
        written = _WRITE.match(sql)
        self.writes = written is not None
        self.table = written[1] if written else ""
        self.inserts = written is not None and "INSERT" in written[0]
        deletes = written is not None and "DELETE" in written[0]
        self.alters_names = self.table == "groups" and (deletes or "name_key" in sql)
        found = _PARAMETER.findall(sql)
        self.parameters: tuple[str, ...] = tuple(dict.fromkeys(name for name, _ in found))
        self.lists: tuple[str, ...] = tuple(dict.fromkeys(name for name, dots in found if dots))
        self.several = several
        taken = several.parameters if several else self.parameters
        self.shared = tuple(name for name in self.parameters if name in taken)
        keys = [name for name in self.parameters if name not in taken]
        self.key: Callable[[Mapping[str, Any]], Any] | None = itemgetter(*keys) if keys else None
        self.key_of = attrgetter(*found_by)
        self.sqlite = self._numbered(_IN_LIST.sub(r"IN (SELECT value FROM json_each(:\1))", sql), "?")
        shared = f"{postgres or sql.replace('instr(', 'strpos(')} {lock}".rstrip()
        self.postgres = self._numbered(_IN_LIST.sub(r"= ANY(:\1)", shared), "$")

    def _numbered(self, sql: str, mark: str) -> str:
        return _PARAMETER.sub(lambda match: f"{mark}{self.parameters.index(match[1]) + 1}", sql)

    def bind(self, values: Mapping[str, Any]) -> Sequence[Any]:
        """Put the values in the order of the parameters, as PostgreSQL takes them.

        Raises KeyError for a parameter without a value.
        """
        return [values[name] for name in self.parameters]

    def bind_sqlite(self, values: Mapping[str, Any]) -> Sequence[Any]:
        """Put the values in the order of the parameters, lists as JSON texts."""
        if not self.lists:
            return [values[name] for name in self.parameters]
        return [
            msgspec.json.encode(values[name]).decode() if name in self.lists else values[name]
            for name in self.parameters
        ]


@overload
def register(
    sql: str, row: None = None, *, lock: str = "", postgres: str | None = None
) -> Statement[Any]: ...


@overload
def register(
    sql: str,
    row: type[Row],
    *,
    lock: str = "",
    postgres: str | None = None,
    several: Statement[Row] | None = None,
    found_by: Sequence[str] = ("id",),
) -> Statement[Row]: ...


def register(
    sql: str,
    row: type[Row] | None = None,
    *,
    lock: str = "",
    postgres: str | None = None,
    several: Statement[Row] | None = None,
    found_by: Sequence[str] = ("id",),
) -> Statement[Row]:
    """Make a statement that stands in the registry: how every module of the store declares its SQL."""
    statement = Statement(sql, row, lock=lock, postgres=postgres, several=several, found_by=found_by)
    REGISTRY.append(statement)
    return statement
