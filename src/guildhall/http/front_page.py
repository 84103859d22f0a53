"""The addresses that people try first: `/` and `/docs/`."""

from typing import Any

import msgspec

from guildhall import __version__
from guildhall.http.errors import Wire
from guildhall.http.request import Request
from guildhall.http.response import Response, empty_response, json_response
from guildhall.http.routing import Route

_DOCS = "/docs"
_HTML = "text/html"


class FrontPageBody(msgspec.Struct, frozen=True, rename="camel"):
    """Where things are, as absolute URLs."""

    name: str
    version: str
    api: str
    documentation: str
    openapi: str
    health: str


async def front_page(_tx: Any, request: Request) -> Response:
    """Lead a browser to the documentation, and tell a program where things are."""
    if _HTML in (request.header(b"accept") or ""):
        return empty_response(303, [("location", _DOCS), ("vary", "accept")])
    base = request.base_url
    body = FrontPageBody(
        name="Guildhall",
        version=__version__,
        api=f"{base}/admin",
        documentation=f"{base}{_DOCS}",
        openapi=f"{base}/openapi.json",
        health=f"{base}/healthz",
    )
    return json_response(body, headers=[("vary", "accept")])


async def docs_with_slash(_tx: Any, _request: Request) -> Response:
    """Lead to the documentation whoever typed a slash behind its address."""
    return empty_response(308, [("location", _DOCS)])


def front_page_route(wire: Wire) -> Route:
    """Return the route of the front page."""
    return Route(
        method="GET",
        path="/",
        operation="getFrontPage",
        summary="Find the API and its documentation",
        wire=wire,
        permission=None,
        handler=front_page,
        mount="",
        without_database=True,
        answer=FrontPageBody,
        other_answers=((303, None),),
        contract="1.1",
    )


def docs_redirect_route(wire: Wire) -> Route:
    """Return the route of `/docs/`; the documentation does not list it."""
    return Route(
        method="GET",
        path="/docs/",
        operation="redirectToDocs",
        summary="Go to the documentation",
        wire=wire,
        permission=None,
        handler=docs_with_slash,
        mount="",
        without_database=True,
        status=308,
        contract="1.1",
    )
