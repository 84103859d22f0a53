"""Whether the server lives, whether it can work, and what it measures of itself (contract 1.1, 8)."""

import asyncio
import contextlib
import os
from collections.abc import Sequence
from typing import Any

import msgspec
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector

from guildhall.http.errors import Wire
from guildhall.http.monitoring.metrics import KEYS_EXPIRING, SEATS_LIMITED, SEATS_USED
from guildhall.http.request import Request
from guildhall.http.response import Response, json_response
from guildhall.http.routing import Route
from guildhall.model.errors import Unavailable
from guildhall.operations.key_expiry import list_expiring_keys
from guildhall.store.database import Database, Transaction
from guildhall.store.resources import SELECT_SEAT_TOTALS

_MEASURE_SECONDS = 3.0
"""Who gathers metrics waits for no more than some seconds, and wants them in an outage above all."""


class HealthBody(msgspec.Struct, frozen=True):
    """Whether the server can do its work, and if not, why."""

    status: str
    detail: str | None = None


def metrics_registry() -> CollectorRegistry:
    """Return what `/metrics` shows: of this process, or of all workers of the machine together."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry


async def measure_database(database: Database) -> None:
    """Bring the gauges of seats and keys up to date."""
    used, limited, expiring = await database.read(_select_measures)
    SEATS_USED.set(used)
    SEATS_LIMITED.set(limited)
    KEYS_EXPIRING.set(expiring)


async def _select_measures(tx: Transaction) -> tuple[int, int, int]:
    totals = await tx.one(SELECT_SEAT_TOTALS)
    used, limited = (totals.used, totals.limited) if totals else (0, 0)
    return used, limited, len(await list_expiring_keys(tx))


class Health:
    """The operations that need no key."""

    def __init__(self, database: Database, wire: Wire) -> None:
        self._database = database
        self._wire = wire

    async def healthz(self, _tx: Any, _request: Request) -> Response:
        """Say that the process answers."""
        return json_response(HealthBody("alive"))

    async def readyz(self, _tx: Any, _request: Request) -> Response:
        """Say whether the database takes writes; without its replica the server still does its work."""
        trouble = await self._database.check()
        if trouble is not None:
            return json_response(HealthBody("not ready", trouble), 503)
        replica = self._database.replica
        if replica is not None and replica.trouble is not None:
            return json_response(HealthBody("ready", f"The read database {replica.trouble}"))
        return json_response(HealthBody("ready"))

    async def metrics(self, _tx: Any, _request: Request) -> Response:
        """Show the metrics in Prometheus' text format; of the database what could be read last."""
        with contextlib.suppress(Unavailable, TimeoutError):
            async with asyncio.timeout(_MEASURE_SECONDS):
                await measure_database(self._database)
        return Response(200, generate_latest(metrics_registry()), media_type=CONTENT_TYPE_LATEST)

    def routes(self, *, with_metrics: bool = True) -> Sequence[Route]:
        """Return the routes of these operations; `/metrics` may have an address of its own."""
        routes = [
            self._route("/healthz", "getHealth", "Whether the process answers", self.healthz),
            self._route("/readyz", "getReadiness", "Whether the server can do its work", self.readyz),
        ]
        if with_metrics:
            routes.append(self.metrics_route())
        return routes

    def metrics_route(self) -> Route:
        """Return the route of `/metrics`."""
        return self._route("/metrics", "getMetrics", "Metrics for Prometheus", self.metrics)

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
            answer=None if path == "/metrics" else HealthBody,
            other_answers=((503, HealthBody),) if path == "/readyz" else (),
            contract="8",
        )
