"""The composition root: settings become a database and an ASGI application; nothing else builds things."""

import asyncio
import contextlib
import importlib
import logging
import math
from collections.abc import Callable, Sequence

import msgspec

from guildhall.api.guildhall import default_roles as our_default_roles
from guildhall.api.guildhall import directories as our_directories
from guildhall.api.guildhall import keys as our_keys
from guildhall.api.guildhall import resources as our_resources
from guildhall.api.guildhall import seed as our_seed
from guildhall.api.guildhall import users as our_users
from guildhall.api.guildhall.errors import GUILDHALL
from guildhall.api.v1 import events as v1_events
from guildhall.api.v1 import groups as v1_groups
from guildhall.api.v1 import memberships as v1_memberships
from guildhall.api.v1 import orgs as v1_orgs
from guildhall.api.v1 import role_assignments as v1_role_assignments
from guildhall.api.v1.errors import V1
from guildhall.api.v1.unserved import UNSERVED as V1_UNSERVED
from guildhall.api.v2 import directories as v2_directories
from guildhall.api.v2 import events as v2_events
from guildhall.api.v2 import groups as v2_groups
from guildhall.api.v2 import memberships as v2_memberships
from guildhall.api.v2 import role_assignments as v2_role_assignments
from guildhall.api.v2 import suspensions as v2_suspensions
from guildhall.api.v2 import users as v2_users
from guildhall.api.v2 import workspaces as v2_workspaces
from guildhall.api.v2.errors import V2
from guildhall.api.v2.unserved import UNSERVED as V2_UNSERVED
from guildhall.http.access.authentication import Authenticator
from guildhall.http.access.origin import Origin, is_loopback
from guildhall.http.application import Application, RequestOptions
from guildhall.http.docs.documentation import Documentation
from guildhall.http.exchange import Receive, Scope, Send
from guildhall.http.front_page import docs_redirect_route, front_page_route
from guildhall.http.monitoring.health import Health, measure_database
from guildhall.http.request_counts import RequestCounts
from guildhall.http.routing import Route, Router
from guildhall.http.unserved import Unserved
from guildhall.operations.events import prune_expired_events
from guildhall.operations.key_expiry import ExpiryWatch
from guildhall.settings import Settings
from guildhall.store.clock import random_id, wall_clock
from guildhall.store.database import Database, StartRefused
from guildhall.store.database_urls import sqlite_path
from guildhall.store.sqlite.database import SQLiteDatabase
from guildhall.store.sqlite.migrate import migrate_sqlite

ROUTES = (
    *v1_events.ROUTES,
    *v1_groups.ROUTES,
    *v1_memberships.ROUTES,
    *v1_orgs.ROUTES,
    *v1_role_assignments.ROUTES,
    *v2_directories.ROUTES,
    *v2_events.ROUTES,
    *v2_groups.ROUTES,
    *v2_memberships.ROUTES,
    *v2_role_assignments.ROUTES,
    *v2_suspensions.ROUTES,
    *v2_users.ROUTES,
    *v2_workspaces.ROUTES,
    *our_default_roles.ROUTES,
    *our_directories.ROUTES,
    *our_keys.ROUTES,
    *our_resources.ROUTES,
    *our_seed.ROUTES,
    *our_users.ROUTES,
)
"""Every operation of every wire."""

UNSERVED = (*V1_UNSERVED, *V2_UNSERVED)
"""What the vendor documents and the server answers with 501."""

_WIRES = {"": V2, "/admin/v1": V1, "/admin/v2": V2, "/guildhall/v1": GUILDHALL}
_HOUSEKEEPING_SECONDS = 60.0
_LOG = logging.getLogger("guildhall")


async def open_database(
    url: str,
    *,
    create: bool = True,
    settings: Settings | None = None,
    clock: Callable[[], int] = wall_clock,
    new_id: Callable[[], str] = random_id,
) -> Database:
    """Open the database at `url`, migrated where needed; raises StartRefused.

    A SQLite file that is not there is made, or refused without `create`. What a server's settings limit,
    a command may do for as long as it takes.
    """
    path = sqlite_path(url)
    if path is not None:
        if not create and not path.exists():
            raise StartRefused(f"There is no database at {path}: `guildhall init` makes one.")
        migrate_sqlite(path)
        patience = math.inf if settings is None else settings.lock_timeout
        return SQLiteDatabase(path, patience=patience, clock=clock, new_id=new_id)
    # Imported only when it is used: the driver takes a tenth of a second, SQLite needs none of it.
    postgres = importlib.import_module("guildhall.store.postgres.database")
    database: Database = await postgres.open_postgres(url, settings, clock=clock, new_id=new_id)
    return database


async def open_with_replica(
    settings: Settings,
    *,
    limited: bool = True,
    clock: Callable[[], int] = wall_clock,
    new_id: Callable[[], str] = random_id,
) -> Database:
    """Open the database of the settings, and the replica that takes reads, if any; raises StartRefused.

    Unless `limited`, the database may take its time, as for a command.
    """
    url, replica_url = settings.database, settings.read_database
    if replica_url is not None and sqlite_path(url) is not None:
        raise StartRefused(
            "A SQLite database has no replica to read from: leave --read-database out, or name a PostgreSQL"
            " database with --database."
        )
    if replica_url is not None and sqlite_path(replica_url) is not None:
        raise StartRefused("--read-database: name a streaming replica of the database, postgresql://….")
    limits = settings
    if replica_url is not None:
        # A connection of each worker asks for positions.
        pooled = settings.postgres_connections - settings.workers
        limits = msgspec.structs.replace(settings, postgres_connections=pooled)
    database = await open_database(url, settings=limits if limited else None, clock=clock, new_id=new_id)
    if replica_url is not None:
        replicas = importlib.import_module("guildhall.store.postgres.replicas")
        try:
            database.replica = await replicas.open_replica(database, settings)
        except BaseException:
            await database.close()
            raise
    return database


class Server:
    """The ASGI application: opens the database, does the housekeeping, closes it.

    One worker of several `warns` in the log of what all of them see. They share `counts` of requests.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        warns: bool = True,
        counts: RequestCounts | None = None,
        clock: Callable[[], int] = wall_clock,
        new_id: Callable[[], str] = random_id,
    ) -> None:
        self._settings = settings
        self._warns = warns
        self._counts = counts or RequestCounts()
        self._clock = clock
        self._new_id = new_id
        self.database: Database
        self.authenticator: Authenticator
        self._application: Application
        self._measuring: Application
        self._expiry_watch: ExpiryWatch
        self._housekeeping: asyncio.Task[None]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        await self._application(scope, receive, send)

    async def answer_metrics(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request at the address that serves `/metrics` and nothing else."""
        await self._measuring(scope, receive, send)

    async def start(self) -> None:
        """Open the database and take requests; raises StartRefused."""
        settings = self._settings
        self.database = await open_with_replica(settings, clock=self._clock, new_id=self._new_id)
        self.authenticator = Authenticator(self.database, self._clock, self._counts)
        self._expiry_watch = ExpiryWatch(self.database, self._clock)
        health = Health(self.database, V2)
        own_address = settings.metrics_address is not None
        described = (*ROUTES, *health.routes(with_metrics=not own_address), front_page_route(V2))
        documentation = (*Documentation(described, V2).routes(), docs_redirect_route(V2))
        self._application = self._build((*described, *documentation), UNSERVED)
        self._measuring = self._build((health.metrics_route(),))
        await self._watch_keys()
        self._housekeeping = asyncio.create_task(self._keep_house())

    def _build(self, routes: Sequence[Route], unserved: Sequence[Unserved] = ()) -> Application:
        return Application(
            Router(routes, unserved),
            _WIRES,
            self.database,
            self.authenticator,
            origin_of(self._settings),
            RequestOptions(self._settings.strict, self._settings.export_timeout, self._settings.log_requests),
        )

    async def _watch_keys(self) -> None:
        if self._warns:
            await self._expiry_watch.look()

    async def _keep_house(self) -> None:
        while True:
            await asyncio.sleep(_HOUSEKEEPING_SECONDS)
            try:
                await self.authenticator.save_last_used()
                await measure_database(self.database)
                await self._watch_keys()
                await prune_expired_events(self.database, self._settings.events_days)
            except Exception:  # noqa: BLE001 -- a store in trouble says so at /readyz; the server stays
                _LOG.exception("housekeeping failed; it is tried again in a minute")

    async def stop(self) -> None:
        """Finish what was begun and close the database."""
        self._housekeeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._housekeeping
        with contextlib.suppress(Exception):
            await self.authenticator.save_last_used()
        await self.database.close()


def origin_of(settings: Settings) -> Origin:
    """Return by which address clients reach the server, and whom it believes."""
    scheme = "https" if settings.tls_certificate else "http"
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return Origin(
        f"{scheme}://{host}:{settings.port}",
        settings.public_url,
        is_loopback(settings.host),
        settings.trusted_proxies,
        settings.cors_origins,
    )
