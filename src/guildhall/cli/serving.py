"""The processes of `guildhall serve`: one that supervises, and workers that answer."""

import asyncio
import contextlib
import json
import logging.config
import socket
import ssl
import sys
from functools import partial
from pathlib import Path
from typing import NamedTuple

import click
import msgspec

from guildhall.app import Server, open_with_replica, origin_of
from guildhall.cli.demo import Furnished, demo_lines, furnish_demo
from guildhall.cli.seeding import apply, read_file
from guildhall.http.access.origin import is_loopback
from guildhall.http.monitoring.logs import log_configuration
from guildhall.http.request_counts import RequestCounts
from guildhall.server.limits import Limits
from guildhall.server.listener import allow_many_files
from guildhall.server.supervisor import Supervisor, WorkerFailed
from guildhall.server.workers import Address, Lines, run_worker
from guildhall.settings import Settings, read_address
from guildhall.store.database import StartRefused
from guildhall.store.orgs import SELECT_ORGS

_BACKLOG = 1_024
_KEPT_FILES = 512
"""Files of a worker that are no client's connection: the database, the log, metrics."""
_FEWEST_CONNECTIONS = 64

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
    tls = _tls(settings)
    with contextlib.ExitStack() as sockets:
        main = sockets.enter_context(
            _listening(settings.host, settings.port, "Choose another with --host and --port.")
        )
        metrics = None
        if settings.metrics_address is not None:
            host, port = read_address(settings.metrics_address)
            metrics = sockets.enter_context(_listening(host, port, "Set another GUILDHALL_METRICS_ADDRESS."))
        bound = msgspec.structs.replace(settings, port=main.getsockname()[1])
        furnished = asyncio.run(_prepare(bound, start))
        work = partial(_work, bound, _Shared(tls, main, metrics, RequestCounts()))
        try:
            supervisor = Supervisor(work, settings.workers)
            supervisor.run(partial(_announce, bound, start, furnished), on_stop=sockets.close)
        except WorkerFailed as error:
            raise StartRefused(str(error)) from error


class _Shared(NamedTuple):
    """What workers inherit and share."""

    tls: ssl.SSLContext | None
    main: socket.socket
    metrics: socket.socket | None
    counts: RequestCounts


def _work(settings: Settings, shared: _Shared, number: int, lines: Lines) -> None:
    server = Server(settings, warns=number == 0, counts=shared.counts)
    addresses = [Address(shared.main, server, shared.tls)]
    if shared.metrics is not None:
        addresses.append(Address(shared.metrics, server.answer_metrics))
    run_worker(server, addresses, _limits(settings), lines)


def _limits(settings: Settings) -> Limits:
    return Limits(
        handshake=settings.handshake_seconds,
        first_byte=settings.first_byte_seconds,
        head=settings.head_seconds,
        body_stalled=settings.body_stalled_seconds,
        body=settings.body_seconds,
        idle=settings.idle_seconds,
        connections=max(_FEWEST_CONNECTIONS, allow_many_files() - _KEPT_FILES),
        connections_per_address=settings.connections_per_address,
        is_exempt=origin_of(settings).trusts,
    )


def _tls(settings: Settings) -> ssl.SSLContext | None:
    """Return what HTTPS is served with, None for HTTP; raises StartRefused."""
    if settings.tls_certificate is None or settings.tls_key is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.set_alpn_protocols(["http/1.1"])
    for name in (settings.tls_certificate, settings.tls_key):
        try:
            Path(name).read_bytes()
        except OSError as error:
            raise StartRefused(f"HTTPS needs {name}, which cannot be read: {error.strerror}.") from error
    try:
        context.load_cert_chain(settings.tls_certificate, settings.tls_key, password=_no_password)
    except (ssl.SSLError, ValueError) as error:
        raise StartRefused(
            f"The certificate {settings.tls_certificate} and the key {settings.tls_key} cannot be used:"
            f" {error}. Both must be PEM files, the key that of the certificate, and without a password."
        ) from error
    return context


def _no_password() -> str:
    raise ValueError("the key has a password")


def _listening(host: str, port: int, advice: str) -> socket.socket:
    """Return a socket that listens, which every worker inherits: a taken address is an error."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with contextlib.ExitStack() as stack:
            listening = stack.enter_context(socket.socket(family, kind))
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen(_BACKLOG)
            stack.pop_all()
    except OSError as error:
        raise StartRefused(f"Cannot listen on {host} port {port}: {error}. {advice}") from error
    return listening


async def _prepare(settings: Settings, start: Start) -> Furnished | None:
    """Migrate and furnish the database before any worker opens it, so that a refusal is said once."""
    logging.config.dictConfig(log_configuration(settings.log_level, as_text=sys.stderr.isatty()))
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
