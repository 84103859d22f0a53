"""Lists of workspaces: a tree of conditions compiled to SQL, of which only the shape is text (design 2.1)."""

import string
from functools import lru_cache
from typing import Any

from guildhall.model.paging import Window
from guildhall.model.resources import Resource
from guildhall.model.workspaces import WorkspaceField, WorkspaceFilter, WorkspaceView
from guildhall.store.database import Transaction
from guildhall.store.listings import page_sql
from guildhall.store.resources import RESOURCE_COLUMNS, RESOURCE_PARTS
from guildhall.store.statement import Statement

_WORKSPACES = f"""
    SELECT {RESOURCE_COLUMNS} FROM resources AS r {RESOURCE_PARTS} AND instr(r.id, '::org/') = 0
"""
"""The resources of an organization but itself."""

_ORDER = ("r.name_key", "r.id")
_COLUMNS = {
    WorkspaceField.ID: "r.id",
    WorkspaceField.NAME: "r.name_key",
    WorkspaceField.TYPE_KEY: "r.owner",
    WorkspaceField.TYPE: "r.type",
    WorkspaceField.OWNER: "r.owner",
    WorkspaceField.STATUS: "r.status",
}


async def select_workspaces(
    tx: Transaction, org_key: int, view: WorkspaceView, window: Window
) -> list[Resource]:
    """Return up to `limit + 1` workspaces of the window, by name and then by id, in its own direction."""
    values: dict[str, Any] = {}
    condition = _condition(view.filter, values)
    values |= zip(("start_name_key", "start_id"), window.start or (), strict=False)
    backward = window.backward is not view.descending
    sign = "" if window.start is None else "<" if backward else ">"
    if sign and window.inclusive:
        sign += "="
    statement = _statement(condition, sign, backward=backward)
    return await tx.all(statement, org_key=org_key, **values, most=window.limit + 1)


@lru_cache(256)
def _statement(condition: str, sign: str, *, backward: bool) -> Statement[Resource]:
    return Statement(page_sql(f"{_WORKSPACES} {condition}", _ORDER, sign, backward=backward), Resource)


def _condition(chosen: WorkspaceFilter, values: dict[str, Any]) -> str:
    """Return conditions to follow others, each with its AND; what they compare with is put into `values`."""
    parts = []
    if chosen.field is not None:
        name = _bind(chosen.field.values, values)
        parts.append(f"{_COLUMNS[chosen.field.field]} IN (:{name}...)")
    if chosen.search is not None:
        parts.append(f"instr(r.name_key, :{_bind(chosen.search, values)}) > 0")
    parts += [_whole(part, values) for part in chosen.every]
    if chosen.some:
        parts.append(f"({' OR '.join(_whole(part, values) for part in chosen.some)})")
    parts += [f"NOT {_whole(part, values)}" for part in chosen.none]
    return " ".join(f"AND {part}" for part in parts)


def _whole(chosen: WorkspaceFilter, values: dict[str, Any]) -> str:
    return f"(1 = 1 {_condition(chosen, values)})"


def _bind(value: Any, values: dict[str, Any]) -> str:
    """Put a value in under a name of its own, in letters: `given_a`, then `given_b`."""
    name, number = "", len(values)
    while number or not name:
        number, digit = divmod(number, 26)
        name = string.ascii_lowercase[digit] + name
    values[f"given_{name}"] = value
    return f"given_{name}"
