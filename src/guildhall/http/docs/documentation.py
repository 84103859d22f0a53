"""The operations that describe all operations: `/openapi.json` and `/docs`."""

from collections.abc import Sequence
from functools import cached_property
from html import escape
from typing import Any

from guildhall.http.docs.openapi import Document, build_document
from guildhall.http.docs.pages import BASE_URL, render_pages
from guildhall.http.errors import Wire
from guildhall.http.request import Request
from guildhall.http.response import Response, json_response
from guildhall.http.routing import Route

_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


class Documentation:
    """Describes operations, itself included; nothing is made before someone asks."""

    def __init__(self, routes: Sequence[Route], wire: Wire) -> None:
        self._wire = wire
        self._described = (*routes, *self.routes())

    @cached_property
    def document(self) -> Document:
        """The OpenAPI document."""
        return build_document(self._described)

    @cached_property
    def _pages(self) -> str:
        return render_pages(self.document)

    async def openapi(self, _tx: Any, _request: Request) -> Response:
        """Return the OpenAPI document."""
        return json_response(self.document)

    async def docs(self, _tx: Any, request: Request) -> Response:
        """Return the readable pages, with examples that call this server as the reader does."""
        page = self._pages.replace(BASE_URL, escape(request.base_url))
        headers = [("content-security-policy", _POLICY), ("referrer-policy", "no-referrer")]
        return Response(200, page.encode(), headers, "text/html; charset=utf-8")

    def routes(self) -> Sequence[Route]:
        """Return the routes of these operations."""
        return (
            self._route("/openapi.json", "getOpenAPI", "Describe all operations (OpenAPI 3.1)", self.openapi),
            self._route("/docs", "getDocs", "Read about all operations", self.docs),
        )

    def _route(self, path: str, operation: str, summary: str, handler: Any) -> Route:
        return Route(
            method="GET",
            path=path,
            operation=operation,
            summary=summary,
            wire=self._wire,
            permission=None,
            handler=handler,
            mount="",
            without_database=True,
            contract="1.1",
        )
