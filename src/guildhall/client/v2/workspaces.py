"""Workspaces: the resources of an organization as the vendor shows them (contract 4 and 8)."""

from collections.abc import Mapping, Sequence
from typing import Any

from guildhall.client.answers import page
from guildhall.client.calls import V2, Call
from guildhall.client.paging import Page
from guildhall.client.records import ItemLinks, Record
from guildhall.client.subjects import S, Subject, operation, walking


class WorkspaceAttributes(Record, frozen=True):
    """`usage` is the number of seats in use, `capacity` the user limit."""

    name: str | None = None
    type_key: str | None = None
    type: str | None = None
    owner: str | None = None
    status: str | None = None
    usage: int | None = None
    capacity: int | None = None
    created_at: str | None = None
    updated_at: str | None = None
    host_url: str | None = None


class Workspace(Record, frozen=True):
    """A workspace; its id is the resource's ARI."""

    id: str
    type: str | None = None
    attributes: WorkspaceAttributes = WorkspaceAttributes()
    links: ItemLinks | None = None


Query = Mapping[str, Any]


def field(name: str, *values: str) -> Query:
    """Ask for workspaces with one of the values in a field, e.g. `attributes.owner`."""
    return {"field": {"name": name, "values": list(values)}}


def matching(term: str) -> Query:
    """Ask for workspaces with the term in their name."""
    return {"search": term}


def every(*queries: Query) -> Query:
    """Ask for workspaces that satisfy all of the given ones."""
    return {"and": list(queries)}


def any_of(*queries: Query) -> Query:
    """Ask for workspaces that satisfy one of the given ones."""
    return {"or": list(queries)}


def none_of(*queries: Query) -> Query:
    """Ask for workspaces that satisfy none of the given ones."""
    return {"nor": list(queries)}


class Workspaces(Subject[S]):
    """Workspaces of version 2."""

    def _search(
        self,
        query: Query | None = None,
        *,
        sort: Sequence[Mapping[str, str]] | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> Call[Page[Workspace]]:
        """Get a page of workspaces; `query` is made by the functions above."""
        given = {"query": query, "sort": sort, "limit": limit}
        body = (
            {"cursor": cursor}
            if cursor
            else {name: value for name, value in given.items() if value is not None}
        )
        path = (*V2, "workspaces")
        return Call(method="POST", path=path, body=body, decode=page(Workspace), cursor_alone=True)

    search = operation(_search)
    search_all = walking(_search)
