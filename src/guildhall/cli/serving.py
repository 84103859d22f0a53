"""The server's processes: one that supervises, and workers that answer (Granian)."""

import asyncio
import contextlib
import ctypes
import http.client
import json
import logging.config
import socket
import ssl
import threading
import time
from pathlib import Path

import click
import msgspec
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.mp import MPServer
from prometheus_client import start_http_server

from guildhall.app import Server, open_with_replica
from guildhall.cli.demo import Furnished, demo_lines, furnish_demo
from guildhall.cli.seeding import apply, read_file
from guildhall.http.health import metrics_registry
from guildhall.http.logs import log_configuration
from guildhall.http.origin import is_loopback
from guildhall.settings import Settings, read_address
from guildhall.store.database import StartRefused
from guildhall.store.orgs import SELECT_ORGS

_BACKLOG = 1_024
_SECONDS_TO_DRAIN = 10
_SECONDS_TO_START = 30.0
_M_ARENA_MAX = -8
"""Of glibc's malloc.h."""

_HOW_TO_INIT = (
    "The database has no organization yet, so every request is answered 401. `guildhall init` makes one;"
    " `guildhall serve --demo` shows a furnished one."
)


class Start(msgspec.Struct, frozen=True):
    """What a start does beside serving."""

    seed: str | None
    demo: bool
    as_json: bool


def serve(settings: Settings, start: Start) -> None:
    """Serve until a signal ends it; raises StartRefused for what cannot be run with."""
    with _reserved(settings) as reservation:
        bound = msgspec.structs.replace(settings, port=reservation.getsockname()[1])
        furnished = asyncio.run(_prepare(bound, start))
        _share_memory_among_threads()
        threading.Thread(target=_announce, args=(bound, start, furnished), daemon=True).start()
        server = _granian(bound)
        server.serve(target_loader=lambda _target: Server(bound))


def _share_memory_among_threads() -> None:
    """Let the threads of each worker take memory from one place, where the C library has more (glibc).

    What a long read leaves in its thread's own place, no other thread uses: 40 MB on the largest dataset.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


def _granian(settings: Settings) -> MPServer:
    return MPServer(
        "guildhall",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=settings.workers,
        websockets=False,
        backlog=_BACKLOG,
        respawn_failed_workers=True,
        workers_kill_timeout=_SECONDS_TO_DRAIN,
        log_level=LogLevels.warning,
        log_dictconfig=log_configuration(settings.log_level),
        ssl_cert=Path(settings.tls_certificate) if settings.tls_certificate else None,
        ssl_key=Path(settings.tls_key) if settings.tls_key else None,
    )


def _reserved(settings: Settings) -> socket.socket:
    """Take the address before the workers do: a free port keeps its number, a taken one is an error."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind) as probe:
            # Without SO_REUSEPORT: beside another server the address must not be shared in silence.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
        reservation = socket.socket(family, kind)
        reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        reservation.bind(address)
    except OSError as error:
        raise StartRefused(
            f"Cannot listen on {settings.host} port {settings.port}: {error}."
            " Choose another with --host and --port."
        ) from error
    return reservation


async def _prepare(settings: Settings, start: Start) -> Furnished | None:
    """Migrate and furnish the database before any worker opens it, so that a refusal is said once."""
    logging.config.dictConfig(log_configuration(settings.log_level))
    documents = read_file(Path(start.seed)) if start.seed else ()
    database = await open_with_replica(settings, limited=False)
    try:
        if documents:
            await apply(database, documents)
        if start.demo:
            return await furnish_demo(database, well_known_key=is_loopback(settings.host))
        if not await database.read(lambda tx: tx.all(SELECT_ORGS)):
            click.echo(_HOW_TO_INIT, err=True)
        return None
    finally:
        await database.close()


def _announce(settings: Settings, start: Start, furnished: Furnished | None) -> None:
    """Say by which address the server answers, once it does."""
    if not _wait_until_ready(settings):
        click.echo(f"Guildhall has not answered at {base_url(settings)} yet; its log may say why.", err=True)
        return
    if settings.metrics_address:
        host, port = read_address(settings.metrics_address)
        start_http_server(port, host, metrics_registry())
    url = base_url(settings)
    if start.as_json:
        click.echo(json.dumps({"url": url, **(furnished.identity() if furnished else {})}))
    elif furnished:
        click.echo(demo_lines(url, furnished))
    else:
        click.echo(f"Guildhall answers at {url}/admin", err=True)


def base_url(settings: Settings) -> str:
    """Return scheme, host and port by which the server is reached from this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 -- compared
    scheme = "https" if settings.tls_certificate else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{settings.port}"


def _wait_until_ready(settings: Settings) -> bool:
    end = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < end:
        try:
            connection = _connection(settings)
            connection.request("GET", "/healthz")
            if connection.getresponse().status == http.HTTPStatus.OK:
                return True
        except OSError:
            threading.Event().wait(0.01)
        finally:
            connection.close()
    return False


def _connection(settings: Settings) -> http.client.HTTPConnection:
    host = base_url(settings).partition("//")[2].rpartition(":")[0].strip("[]")
    if not settings.tls_certificate:
        return http.client.HTTPConnection(host, settings.port, timeout=5)
    # It asks itself whether it answers; a self-signed certificate is as good as any for that.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(host, settings.port, timeout=5, context=context)
