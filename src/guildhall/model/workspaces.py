"""Workspaces: resources as people open them, and how they are searched (contract 4, 8)."""

import enum

import msgspec

from guildhall.model.names import fold
from guildhall.model.resources import Resource


class WorkspaceField(enum.StrEnum):
    """What workspaces can be narrowed by."""

    ID = "id"
    NAME = "attributes.name"
    TYPE_KEY = "attributes.typeKey"
    TYPE = "attributes.type"
    OWNER = "attributes.owner"
    STATUS = "attributes.status"

    def of(self, resource: Resource) -> str:
        """Return a resource's value of the field; names are compared by their folds."""
        values = {
            WorkspaceField.ID: resource.id,
            WorkspaceField.NAME: resource.name_key,
            WorkspaceField.TYPE_KEY: resource.owner,
            WorkspaceField.TYPE: resource.type,
            WorkspaceField.OWNER: resource.owner,
            WorkspaceField.STATUS: resource.status,
        }
        return values[self]


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

    def matches(self, resource: Resource) -> bool:
        """Whether a resource meets the conditions."""
        return (
            (self.field is None or self.field.field.of(resource) in self.field.values)
            and (self.search is None or self.search in resource.name_key)
            and all(part.matches(resource) for part in self.every)
            and (not self.some or any(part.matches(resource) for part in self.some))
            and not any(part.matches(resource) for part in self.none)
        )


def field_condition(field: WorkspaceField, values: tuple[str, ...]) -> FieldCondition:
    """Return a condition; the values of a name are folded."""
    return FieldCondition(field, tuple(map(fold, values)) if field is WorkspaceField.NAME else values)


class WorkspaceView(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """A filtered list of workspaces in one direction of its order: by name, then by id."""

    filter: WorkspaceFilter
    descending: bool = False

    def shows(self, resource: Resource) -> bool:
        """Whether a resource is a workspace, as the organization itself is not, and meets the conditions."""
        return "::org/" not in resource.id and self.filter.matches(resource)
