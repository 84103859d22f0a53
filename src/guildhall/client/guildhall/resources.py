"""Furnishing resources (contract 6a)."""

from typing import TypedDict, Unpack

from guildhall.client.answers import data, nothing, page
from guildhall.client.calls import FURNISHING, Call, changes, fields
from guildhall.client.guildhall.listings import Listing
from guildhall.client.paging import Page
from guildhall.client.records import ItemLinks, Record
from guildhall.client.subjects import S, Subject, operation, walking


class Resource(Record, frozen=True):
    """A resource: `user_limit` None is no limit, `seats_used` what counts against it."""

    resource_id: str
    owner: str | None = None
    name: str | None = None
    type: str | None = None
    status: str | None = None
    user_limit: int | None = None
    seats_used: int | None = None
    host_url: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    links: ItemLinks | None = None


class ResourceFields(TypedDict, total=False):
    """What a resource is given beside its name; what is left out stays as it is.

    A `user_limit` of None is no limit; one below the seats in use only stops further seats.
    """

    status: str
    user_limit: int | None
    type: str
    host_url: str | None


class Resources(Subject[S]):
    """Resources, created and changed by their ARI."""

    def _list(self, **query: Unpack[Listing]) -> Call[Page[Resource]]:
        """Get a page of resources."""
        given = fields(Listing, query)
        return Call(method="GET", path=(*FURNISHING, "resources"), query=given, decode=page(Resource))

    list = operation(_list)
    list_all = walking(_list)

    @operation
    def get(self, resource_id: str) -> Call[Resource]:
        """Get one resource."""
        return Call(method="GET", path=(*FURNISHING, "resources", resource_id), decode=data(Resource))

    @operation
    def put(self, resource_id: str, name: str, **given: Unpack[ResourceFields]) -> Call[Resource]:
        """Create a resource, or change it."""
        body = {"name": name, **changes(ResourceFields, given)}
        return Call(
            method="PUT", path=(*FURNISHING, "resources", resource_id), body=body, decode=data(Resource)
        )

    @operation
    def delete(self, resource_id: str) -> Call[None]:
        """Remove a resource that nobody holds a role on."""
        path = (*FURNISHING, "resources", resource_id)
        return Call(method="DELETE", path=path, decode=nothing, settled_by=frozenset({"ADMIN-UAM-404-1"}))
