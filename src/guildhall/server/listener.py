"""Accepts connections, with room made before anything else is done for them."""

import asyncio
import errno
import logging
import resource
import socket
import ssl
from typing import Any

from guildhall.server.connections import Application, Connection
from guildhall.server.registry import AddressConnections, ConnectionRegistry

_OUT_OF_RESOURCES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_RETRY_SECONDS = 0.1
_SHUTDOWN_SECONDS = 5.0
"""How long a client may take to answer the end of a TLS connection."""
_ENOUGH_FILES = 65_536
_LOG = logging.getLogger("guildhall.server")


class Listener:
    """An address that is listened on, and the application that answers there."""

    def __init__(
        self,
        listening: socket.socket,
        application: Application,
        registry: ConnectionRegistry,
        tls: ssl.SSLContext | None,
    ) -> None:
        self._socket = listening
        self._application = application
        self._registry = registry
        self._tls = tls
        self._loop = asyncio.get_running_loop()
        self._opening: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Accept connections."""
        self._socket.setblocking(False)  # noqa: FBT003 -- the library's
        self._loop.add_reader(self._socket.fileno(), self._accept)

    def stop(self) -> None:
        """Accept no more."""
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()

    def _accept(self) -> None:
        """Accept one connection; workers that share the socket thereby share the connections."""
        try:
            client, address = self._socket.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError as error:
            if error.errno not in _OUT_OF_RESOURCES:
                raise
            self._pause(error)
            return
        same_address = self._registry.make_room(address[0])
        if same_address is None:
            client.close()
            return
        client.setblocking(False)  # noqa: FBT003 -- the library's
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._open(client, address, same_address)

    def _pause(self, error: OSError) -> None:
        """Let the next connection wait until a file is free, which the one that waits longest gives."""
        _LOG.warning("no connection can be accepted: %s", error)
        self._registry.evict_one()
        self._loop.remove_reader(self._socket.fileno())
        self._loop.call_later(_RETRY_SECONDS, self._resume)

    def _resume(self) -> None:
        if self._socket.fileno() >= 0:
            self.start()

    def _open(self, client: socket.socket, address: Any, same_address: AddressConnections) -> None:
        connection = Connection(self._application, self._registry, same_address, (address[0], address[1]))
        task = self._loop.create_task(self._connect(client, connection))
        connection.opening = task
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _connect(self, client: socket.socket, connection: Connection) -> None:
        limits: dict[str, Any] = {}
        if self._tls is not None:
            handshake = self._registry.limits.handshake
            limits = {"ssl_handshake_timeout": handshake, "ssl_shutdown_timeout": _SHUTDOWN_SECONDS}
        try:
            await self._loop.connect_accepted_socket(lambda: connection, client, ssl=self._tls, **limits)
        except (OSError, asyncio.CancelledError):
            # A handshake that failed or took too long, or a connection that made room for another.
            client.close()
        finally:
            if connection.transport is None:
                self._registry.leave(connection)


def allow_many_files() -> int:
    """Raise the limit of open files as far as that is allowed; return it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _ENOUGH_FILES if hard == resource.RLIM_INFINITY else min(hard, _ENOUGH_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return _ENOUGH_FILES if soft == resource.RLIM_INFINITY else soft
