"""Organizations, version 1: a key sees its own (contract 4)."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from guildhall.api.v1.errors import V1
from guildhall.http.request import Request
from guildhall.http.response import Response, json_response
from guildhall.http.routing import Route
from guildhall.model.orgs import Org
from guildhall.model.paging import Window
from guildhall.model.permissions import Permission
from guildhall.operations.orgs import get_org
from guildhall.store.database import Transaction

_ORGS = "/v1/orgs"


class Relationships(msgspec.Struct, frozen=True):
    """What belongs to an organization: empty while version 1 serves neither domains nor users."""


class OrgAttributes(msgspec.Struct, frozen=True):
    """What is said of an organization."""

    name: str


class SelfLink(msgspec.Struct, frozen=True, rename={"this": "self"}):
    """The URL of an organization, or of the only page of them: a link that is not there is absent."""

    this: str


class OrgBody(msgspec.Struct, frozen=True):
    """An organization."""

    id: str
    type: Literal["orgs"]
    attributes: OrgAttributes
    relationships: Relationships
    links: SelfLink


class OrgDataBody(msgspec.Struct, frozen=True):
    """One organization."""

    data: OrgBody


class OrgListBody(msgspec.Struct, frozen=True):
    """The organizations of a key: one."""

    data: list[OrgBody]
    links: SelfLink
    meta: None = None


class OrgListQuery(msgspec.Struct, frozen=True):
    """The parameters of the list of organizations."""

    cursor: Annotated[str, Meta(min_length=1, description="A token of a link of this list.")] | None = None


class OrgsToken(msgspec.Struct, frozen=True, array_like=True):
    """What a cursor of the list of organizations carries."""

    window: Window


async def get_orgs(tx: Transaction, request: Request) -> Response:
    """Get organizations."""
    if request.query.cursor is not None:
        request.read_page_token(request.query.cursor, OrgsToken)
    token = request.page_token(OrgsToken(Window(1)))
    links = SelfLink(request.url(f"{_ORGS}?cursor={token}"))
    org = await get_org(tx, request.caller)
    return json_response(OrgListBody([_body(request, org)], links))


async def get_org_by_id(tx: Transaction, request: Request) -> Response:
    """Get an organization by its id."""
    return json_response(OrgDataBody(_body(request, await get_org(tx, request.caller))))


def _body(request: Request, org: Org) -> OrgBody:
    links = SelfLink(request.url(f"{_ORGS}/{org.id}"))
    return OrgBody(org.id, "orgs", OrgAttributes(org.name), Relationships(), links)


ROUTES = (
    Route(
        method="GET",
        path=_ORGS,
        operation="getOrgs",
        wire=V1,
        contract="4",
        summary="Get organizations",
        permission=Permission.READ_ORGS,
        handler=get_orgs,
        query=OrgListQuery,
        answer=OrgListBody,
    ),
    Route(
        method="GET",
        path=f"{_ORGS}/{{orgId}}",
        operation="getOrgById",
        wire=V1,
        contract="4",
        summary="Get an organization by its id",
        permission=Permission.READ_ORGS,
        handler=get_org_by_id,
        answer=OrgDataBody,
    ),
)
