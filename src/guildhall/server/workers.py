"""What a worker process does: it listens, answers until it is told to stop, and ends what it has begun."""

import asyncio
import gc
import os
import signal
import socket
import ssl
from collections.abc import Callable
from typing import NamedTuple, Protocol

from guildhall.server.connections import Application
from guildhall.server.limits import Limits
from guildhall.server.listener import Listener
from guildhall.server.registry import ConnectionRegistry

try:
    import uvloop
except ImportError:  # PyPy has none.
    _NEW_LOOP: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
else:
    _NEW_LOOP = uvloop.new_event_loop

_ABANDONED = 1


class Address(NamedTuple):
    """A socket that listens, and what answers there."""

    listening: socket.socket
    application: Application
    tls: ssl.SSLContext | None = None


class Serving(Protocol):
    """What is served, with a beginning and an end."""

    async def start(self) -> None:
        """Be ready to answer."""

    async def stop(self) -> None:
        """Finish what was begun."""


class Lines(NamedTuple):
    """What connects a worker with its supervisor."""

    ready: int
    """Where a byte is written once it answers."""
    lifeline: int
    """Where nothing ever comes: it ends with the supervisor."""


def run_worker(served: Serving, addresses: list[Address], limits: Limits, lines: Lines | None = None) -> None:
    """Serve until SIGTERM or SIGINT; raises what `start` does."""
    with asyncio.Runner(loop_factory=_NEW_LOOP) as runner:
        runner.run(_serve(served, addresses, limits, lines))


async def _serve(served: Serving, addresses: list[Address], limits: Limits, lines: Lines | None) -> None:
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    if lines is not None:
        loop.add_reader(lines.lifeline, _end_at_once)
    await served.start()
    try:
        _freeze_what_stays()
        await _listen(addresses, limits, told, lines)
    finally:
        await served.stop()


async def _listen(addresses: list[Address], limits: Limits, told: asyncio.Event, lines: Lines | None) -> None:
    registry = ConnectionRegistry(limits)
    sweeping = asyncio.create_task(registry.sweep())
    listeners = [Listener(one.listening, one.application, registry, one.tls) for one in addresses]
    await asyncio.sleep(0)  # The first sweep makes the header that every answer has.
    for listener in listeners:
        listener.start()
    if lines is not None:
        os.write(lines.ready, b"\n")
    await told.wait()
    for listener in listeners:
        listener.stop()
    await registry.drain()
    sweeping.cancel()


def _end_at_once() -> None:
    """End as by a cut of the power, which the database stands: the supervisor is gone, and may be back."""
    os._exit(_ABANDONED)


def _freeze_what_stays() -> None:
    """Keep what there is now out of the collections to come: it stays, and going through it takes 25 ms."""
    gc.collect()
    gc.freeze()
