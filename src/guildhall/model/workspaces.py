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
    """Conditions that all hold; `searches` are folded substrings of the name."""

    fields: tuple[FieldCondition, ...] = ()
    searches: tuple[str, ...] = ()

    def matches(self, resource: Resource) -> bool:
        """Whether a resource is a workspace that meets every condition."""
        return (
            "::org/" not in resource.id
            and all(condition.field.of(resource) in condition.values for condition in self.fields)
            and all(search in resource.name_key for search in self.searches)
        )


def field_condition(field: WorkspaceField, values: tuple[str, ...]) -> FieldCondition:
    """Return a condition; the values of a name are folded."""
    return FieldCondition(field, tuple(map(fold, values)) if field is WorkspaceField.NAME else values)


class WorkspaceView(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """A filtered list of workspaces in one direction of its order: by name, then by id."""

    filter: WorkspaceFilter
    descending: bool = False
