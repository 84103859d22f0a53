"""Workspaces: resources as people open them, and how they are searched (contract 4, 8)."""

import enum

import msgspec

from guildhall.model.names import fold


class WorkspaceField(enum.StrEnum):
    """What workspaces can be narrowed by."""

    ID = "id"
    NAME = "attributes.name"
    TYPE_KEY = "attributes.typeKey"
    TYPE = "attributes.type"
    OWNER = "attributes.owner"
    STATUS = "attributes.status"


class FieldCondition(msgspec.Struct, frozen=True, array_like=True):
    """A field that has one of some values."""

    field: WorkspaceField
    values: tuple[str, ...]


class WorkspaceFilter(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """A tree of conditions. What is given holds together: each of `every`, one of `some`, none of `none`.

    `search` is a folded substring of the name.
    """

    field: FieldCondition | None = None
    search: str | None = None
    every: tuple["WorkspaceFilter", ...] = ()
    some: tuple["WorkspaceFilter", ...] = ()
    none: tuple["WorkspaceFilter", ...] = ()


def field_condition(field: WorkspaceField, values: tuple[str, ...]) -> FieldCondition:
    """Return a condition; the values of a name are folded."""
    return FieldCondition(field, tuple(map(fold, values)) if field is WorkspaceField.NAME else values)


class WorkspaceView(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """A filtered list of workspaces in one direction of its order: by name, then by id."""

    filter: WorkspaceFilter
    descending: bool = False
