"""Furnishing resources (contract 6a)."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from guildhall.api.guildhall.errors import GUILDHALL
from guildhall.api.guildhall.paging import WindowToken, requested_window
from guildhall.api.guildhall.schemas import ORGANIZATION, URL, ListQuery, Name
from guildhall.http.docs.examples import NEW_RESOURCE, OLD_RESOURCE, Example
from guildhall.http.paging import DataBody, ItemLinks, PageBody, page_response
from guildhall.http.request import Request
from guildhall.http.response import Response, empty_response, json_response
from guildhall.http.routing import Route
from guildhall.model.permissions import Permission
from guildhall.model.resources import Resource, ResourceStatus
from guildhall.operations import resources as rules
from guildhall.store.database import Transaction

_RESOURCES = ORGANIZATION + "/resources"
_RESOURCE = _RESOURCES + "/{resourceId}"

UserLimit = Annotated[
    int, Meta(ge=0, le=1_000_000_000, description="A number from 0 to 1000000000, or null for no limit.")
]
ResourceType = Annotated[str, Meta(min_length=1, max_length=128, description="1 to 128 characters.")]


class PutResourceBody(msgspec.Struct, frozen=True, rename="camel"):
    """What a resource is to be; what is left out stays as it is.

    A limit of null is no limit; one below the seats in use only stops further seats.
    """

    name: Name
    status: Literal["online", "offline", "deprecated"] | UnsetType = UNSET
    user_limit: UserLimit | UnsetType | None = UNSET
    type: ResourceType | UnsetType = UNSET
    host_url: URL | UnsetType | None = UNSET


class ResourceBody(msgspec.Struct, frozen=True, rename="camel"):
    """A resource, with the seats in use of its user limit."""

    resource_id: str
    owner: str
    name: str
    type: str
    status: Literal["online", "offline", "deprecated"]
    user_limit: int | None
    seats_used: int
    host_url: str | None
    created_at: str
    updated_at: str
    links: ItemLinks


def _body(request: Request, resource: Resource) -> ResourceBody:
    return ResourceBody(
        resource.id,
        resource.owner,
        resource.name,
        resource.type,
        resource.status,  # type: ignore[arg-type]
        resource.user_limit,
        resource.seats_used,
        resource.host_url,
        resource.created_at,
        resource.updated_at,
        ItemLinks(request.item_token("resource", resource.id)),
    )


async def list_resources(tx: Transaction, request: Request) -> Response:
    """List the resources by name."""
    page = await rules.list_resources(tx, request.caller, requested_window(request))
    return page_response(request, page, WindowToken, lambda resource: _body(request, resource))


async def get_resource(tx: Transaction, request: Request) -> Response:
    """Get a resource."""
    found = await rules.get_resource(tx, request.caller, request.parameters["resourceId"])
    return json_response(DataBody(_body(request, found)))


async def put_resource(tx: Transaction, request: Request) -> Response:
    """Create a resource or change it."""
    body: PutResourceBody = request.body
    changes = rules.ResourceChanges(
        name=body.name,
        status=UNSET if body.status is UNSET else ResourceStatus(body.status),
        user_limit=body.user_limit,
        type=body.type,
        host_url=body.host_url,
    )
    found, created = await rules.put_resource(tx, request.caller, request.parameters["resourceId"], changes)
    return json_response(DataBody(_body(request, found)), 201 if created else 200)


async def delete_resource(tx: Transaction, request: Request) -> Response:
    """Delete a resource that nobody holds a role on."""
    await rules.delete_resource(tx, request.caller, request.parameters["resourceId"])
    return empty_response(204)


ROUTES = (
    Route(
        method="GET",
        path=_RESOURCES,
        operation="listResources",
        mount="",
        wire=GUILDHALL,
        contract="6a",
        summary="List resources",
        permission=Permission.FULL_ACCESS,
        handler=list_resources,
        query=ListQuery,
        answer=PageBody[ResourceBody],
    ),
    Route(
        method="GET",
        path=_RESOURCE,
        operation="getResource",
        mount="",
        wire=GUILDHALL,
        contract="6a",
        summary="Get a resource",
        permission=Permission.FULL_ACCESS,
        handler=get_resource,
        answer=DataBody[ResourceBody],
    ),
    Route(
        method="PUT",
        path=_RESOURCE,
        operation="furnishResource",
        mount="",
        wire=GUILDHALL,
        contract="6a",
        summary="Create or change a resource",
        permission=Permission.FULL_ACCESS,
        handler=put_resource,
        writes=True,
        body=PutResourceBody,
        answer=DataBody[ResourceBody],
        other_answers=((201, DataBody[ResourceBody]),),
        example=Example(path={"resourceId": NEW_RESOURCE}, body={"name": "Sandbox", "userLimit": 25}),
    ),
    Route(
        method="DELETE",
        path=_RESOURCE,
        operation="deleteResource",
        mount="",
        wire=GUILDHALL,
        contract="6a",
        summary="Delete a resource",
        permission=Permission.FULL_ACCESS,
        handler=delete_resource,
        writes=True,
        status=204,
        example=Example(path={"resourceId": OLD_RESOURCE}),
    ),
)
