"""Raw sockets against a started server: what an HTTP client would never send, and when it would not."""

import contextlib
import json
import socket
import ssl
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests import live

SHORT = 0.3
"""Seconds: the limit that a test waits for."""
PATIENCE = 15.0
"""Seconds after which a test gives up; never waited for when all is well."""


class Raw(NamedTuple):
    """An answer as it came."""

    status: int
    headers: dict[str, str]
    body: bytes
    rest: bytes

    def error(self) -> dict[str, Any]:
        """The one error of the envelope, which has all that contract 1.6 promises."""
        assert self.headers["content-type"] == "application/json"
        (error,) = json.loads(self.body)["errors"]
        assert error["id"] == self.headers["x-request-id"]
        assert error["status"] == str(self.status)
        assert error["message"] == error["detail"]
        return dict(error)


def port_of(server: live.Live) -> int:
    return int(server.url.rpartition(":")[2])


@contextlib.contextmanager
def connected(server: live.Live) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port_of(server)), timeout=PATIENCE) as plain:
        if server.url.startswith("http://"):
            yield plain
            return
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with context.wrap_socket(plain) as secured:
            yield secured


def read_to_end(connection: socket.socket) -> bytes:
    """Everything until the server closes; an answer cut off by a reset is an error."""
    parts = []
    while part := connection.recv(65_536):
        parts.append(part)
    return b"".join(parts)


def read_answer(connection: socket.socket, *, buffered: bytes = b"") -> Raw:
    """One answer, by its Content-Length."""
    received = buffered
    while b"\r\n\r\n" not in received:
        part = connection.recv(65_536)
        assert part, f"closed before an answer, behind {received!r}"
        received += part
    raw = parse(received)
    while len(raw.body) < int(raw.headers.get("content-length", "0")):
        part = connection.recv(65_536)
        assert part, f"closed within an answer, behind {received!r}"
        received += part
        raw = parse(received)
    return raw


def parse(received: bytes) -> Raw:
    head, _, rest = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = int(headers.get("content-length", "0"))
    return Raw(int(first.split()[1]), headers, rest[:length], rest[length:])


def ask(server: live.Live, request: str | bytes) -> Raw:
    """Send a request as it stands; the server closes behind the answer."""
    with connected(server) as connection:
        connection.sendall(request.encode() if isinstance(request, str) else request)
        return parse(read_to_end(connection))


def head(server: live.Live, method: str, path: str, *lines: str, key: bool = True) -> str:
    """The head of a request with a key."""
    given = [f"Authorization: Bearer {server.key}"] if key else []
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: x", *given, *lines, "", ""])


def seconds_until_closed(connection: socket.socket) -> tuple[float, bytes]:
    """How long the server kept a connection, and what it sent meanwhile."""
    begun, received = time.monotonic(), b""
    with contextlib.suppress(ConnectionResetError):
        received = read_to_end(connection)
    return time.monotonic() - begun, received
